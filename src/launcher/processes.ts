import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Guardian } from '#src/launcher/guardian.ts'
import { isRunning, signal } from '#src/launcher/identity.ts'
import { createLogFile, forTerminal, splitLines } from '#src/launcher/logs.ts'
import { waitFor } from '#src/launcher/tools.ts'

export type ProcessSpec = {
  name: string
  command: string
  args: string[]
  env: Record<string, string>
  cwd: string
  /** Processes with the same number stop together, lower numbers first. */
  stopStage: number
}

export type SupervisorOptions = {
  logDir: string
  guardian?: Guardian
  /** One line for the terminal. */
  report: (line: string) => void
  /** Shows everything that the processes print. */
  isVerbose?: boolean
  /** A process was started or has ended. */
  onChange?: (pids: Record<string, number>) => void
}

/** Waits before the next start of a process that has just died again and again: the first is immediate. */
const backOffMs = [0, 500, 1_000, 2_000, 4_000, 8_000, 10_000]
/** A process that lived this long was healthy: its next death starts the row anew. */
const healthyMs = 30_000
const stopMs = 10_000
/** EX_CONFIG: another start would end the same way, because settings are wrong or web will never take this runtime. */
const configStatus = 78

/** One process that is started again when it dies. */
class Supervised {
  readonly spec: ProcessSpec
  child: ChildProcess | undefined
  /** Deaths in a row, each within half a minute of the start. */
  crashes = 0
  /** Why it is not started again. */
  failure: string | undefined
  startedAt = 0
  private isStopping = false
  private timer: NodeJS.Timeout | undefined
  private readonly options: SupervisorOptions
  private readonly write: (line: string) => void
  private readonly onChange: () => void

  constructor(spec: ProcessSpec, options: SupervisorOptions, onChange: () => void) {
    this.spec = spec
    this.options = options
    this.onChange = onChange
    this.write = createLogFile(join(options.logDir, `${spec.name}.log`))
  }

  start(): void {
    const { command, args, env, cwd } = this.spec
    // A group of its own: Ctrl-C reaches the launcher alone, and what the process started can be killed with it.
    const child = spawn(command, args, { cwd, env: env as NodeJS.ProcessEnv, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    this.child = child
    this.startedAt = Date.now()
    this.follow(child.stdout, false)
    this.follow(child.stderr, true)
    child.once('error', (error) => this.onEnd(child, `could not be started: ${error.message}`, undefined))
    child.once('exit', (code, name) => this.onEnd(child, name ? `was ended by ${name}` : `ended with status ${code}`, code ?? undefined))
    if (child.pid !== undefined) this.options.guardian?.add(child.pid)
    this.onChange()
  }

  private follow(stream: NodeJS.ReadableStream | null, isError: boolean): void {
    const take = splitLines((line) => {
      this.write(line)
      const shown = forTerminal(line, isError, this.options.isVerbose ?? false)
      if (shown !== undefined) this.options.report(`[${this.spec.name}] ${shown}`)
    })
    stream?.on('data', take)
  }

  private onEnd(child: ChildProcess, how: string, status: number | undefined): void {
    if (this.child !== child) return
    this.child = undefined
    if (child.pid !== undefined) {
      // What it had started must not meet its successor.
      signal(-child.pid, 'SIGKILL')
      this.options.guardian?.drop(child.pid)
    }
    this.onChange()
    if (this.isStopping) return
    if (status === configStatus) {
      this.failure = how
      this.options.report(`${this.spec.name} ${how} and is not started again: it would end the same way.`)
      return
    }
    this.restartLater(how)
  }

  private restartLater(how: string): void {
    this.crashes = Date.now() - this.startedAt > healthyMs ? 1 : this.crashes + 1
    const waitMs = backOffMs[Math.min(this.crashes, backOffMs.length) - 1] ?? 0
    this.options.report(`${this.spec.name} ${how}; it starts again ${waitMs ? `in ${waitMs / 1000} s` : 'at once'}.`)
    this.timer = setTimeout(() => this.start(), waitMs)
  }

  /** SIGTERM to the process, so that it can end its own children in order; SIGKILL to its group after ten seconds. */
  async stop(): Promise<void> {
    this.isStopping = true
    clearTimeout(this.timer)
    const pid = this.child?.pid
    if (pid === undefined) return
    signal(pid, 'SIGTERM')
    const isGone = () => (this.child ? undefined : true)
    if (await waitFor(isGone, stopMs, 20)) return
    this.options.report(`${this.spec.name} did not stop within ${stopMs / 1000} s and is killed.`)
    this.kill()
    await waitFor(isGone, 2_000, 20)
  }

  kill(): void {
    this.isStopping = true
    clearTimeout(this.timer)
    if (this.child?.pid !== undefined) signal(-this.child.pid, 'SIGKILL')
  }
}

export type Supervisor = {
  run(spec: ProcessSpec): void
  /** Stops the process of that name and starts it with other settings. */
  replace(spec: ProcessSpec): Promise<void>
  /** What is known of a process; undefined when there is none of that name. */
  state(name: string): { pid: number | undefined; crashes: number; failure: string | undefined; startedAt: number } | undefined
  /** Stops all, stage by stage. */
  stop(): Promise<void>
  /** Kills all at once. */
  kill(): void
}

/** Starts processes, starts those again that die, and stops all of them in order. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const all = new Map<string, Supervised>()
  const pids = () => Object.fromEntries([...all].flatMap(([name, { child }]) => (child?.pid === undefined ? [] : [[name, child.pid]])))
  const onChange = () => options.onChange?.(pids())
  const run = (spec: ProcessSpec) => {
    const supervised = new Supervised(spec, options, onChange)
    all.set(spec.name, supervised)
    supervised.start()
  }
  return {
    run,
    async replace(spec) {
      await all.get(spec.name)?.stop()
      run(spec)
    },
    state(name) {
      const found = all.get(name)
      return found && { pid: found.child?.pid, crashes: found.crashes, failure: found.failure, startedAt: found.startedAt }
    },
    async stop() {
      const stages = [...new Set([...all.values()].map((one) => one.spec.stopStage))].sort((a, b) => a - b)
      for (const stage of stages) {
        await Promise.all([...all.values()].filter((one) => one.spec.stopStage === stage).map((one) => one.stop()))
      }
    },
    kill() {
      for (const one of all.values()) one.kill()
    },
  }
}

/** Waits until none of these processes runs; true when they are gone. */
export async function waitUntilGone(pids: number[], limitMs: number): Promise<boolean> {
  return (await waitFor(() => (pids.some(isRunning) ? undefined : true), limitMs)) ?? false
}
