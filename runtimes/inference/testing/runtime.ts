import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DesiredDeployment, ReplicaReport } from '#src/contracts/runtime.ts'
import { type RunningRuntime, startRuntime } from '../app.ts'
import type { RuntimeEnv } from '../env.ts'
import { ControlPlaneStandIn } from './control-plane.ts'

/** Waits until a condition gives something, and fails loudly when it never does. */
export async function until<T>(
  what: string,
  condition: () => T | undefined | false | null | Promise<T | undefined | false | null>,
  timeoutMs = 20_000,
): Promise<T> {
  const end = Date.now() + timeoutMs
  for (;;) {
    const value = await condition()
    if (value) return value
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`)
    await sleep(20)
  }
}

/** A whole runtime in this process, with real replicas, beside a stand-in for web. */
export class RuntimeHarness {
  readonly control = new ControlPlaneStandIn()
  stateDir = ''
  runtime: RunningRuntime | undefined
  readonly token = 'key-of-a-caller'
  readonly #change: Partial<RuntimeEnv>

  constructor(change: Partial<RuntimeEnv> = {}) {
    this.#change = change
  }

  async start(): Promise<this> {
    await this.startControl()
    await this.startRuntime()
    return this
  }

  /** The folder for its state and the stand-in for web, without the runtime. */
  async startControl(): Promise<this> {
    this.stateDir = await mkdtemp(join(tmpdir(), 'nw-inference-'))
    await this.control.start()
    this.control.allow(this.token)
    return this
  }

  async startRuntime(): Promise<void> {
    this.runtime = await startRuntime({
      host: '127.0.0.1',
      port: 0,
      controlUrl: this.control.url,
      runtimeToken: this.control.enrolToken,
      stateDir: this.stateDir,
      artifactDir: undefined,
      inferenceUrl: undefined,
      name: 'test',
      ...this.#change,
    })
  }

  async stop(): Promise<void> {
    await this.runtime?.stop()
    await this.control.stop()
    await rm(this.stateDir, { recursive: true, force: true })
  }

  /** The process that holds the server, and with it the replicas. */
  get replicaParent(): number {
    return process.pid
  }

  get url(): string {
    return this.runtime?.url ?? ''
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, { ...init, headers: { authorization: `Bearer ${this.token}`, ...init.headers } })
  }

  infer(name: string, body: unknown, init: RequestInit = {}): Promise<Response> {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return this.fetch(`/v2/models/${name}/infer`, {
      method: 'POST',
      body: text,
      ...init,
      headers: { 'content-type': 'application/json', ...init.headers },
    })
  }

  report(deployment: DesiredDeployment, index = 0): ReplicaReport | undefined {
    return this.control.reports.get(deployment.targets[index]?.version_id ?? '')
  }

  /** Deploys and waits until every target of every deployment is in that state on all its replicas. */
  async deploy(...deployments: DesiredDeployment[]): Promise<void> {
    this.control.desire(...deployments)
    for (const deployment of deployments) await this.untilReady(deployment)
  }

  async untilReady(deployment: DesiredDeployment): Promise<void> {
    for (const [index] of deployment.targets.entries()) {
      await until(`${deployment.name} to be ready`, () => {
        const report = this.report(deployment, index)
        if (report?.state === 'failed') throw new Error(`failed: ${report.reason}`)
        return report?.state === 'ready' && report.ready_replicas === deployment.replicas
      })
    }
  }

  untilFailed(deployment: DesiredDeployment, index = 0): Promise<ReplicaReport> {
    return until(`${deployment.name} to fail`, () => {
      const report = this.report(deployment, index)
      return report?.state === 'failed' && report
    })
  }
}

/** Process ids of the replicas that a server process has started. */
export async function replicaPids(parent: number): Promise<number[]> {
  const children = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8')
  const pids = children.split(' ').filter(Boolean).map(Number)
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return pids.filter((_, index) => commands[index]?.includes('replica.'))
}
