/** The real web and worker processes, without pages, on ports of their own, for tests that come in by the public door. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '#src/testing/ports.ts'

export type TestWeb = {
  port: number
  url: string
  /** A key of an admin of the installation. */
  adminKey: string
  runtimeToken: string
  /** The process id of web. */
  pid: number
  /** What each process has written, newest last; the oldest is forgotten past a megabyte. */
  written: { web: () => string; worker: () => string }
  /** Ends the worker at once, as a fault would. */
  killWorker: () => Promise<void>
  /** Starts the worker again, with the settings that it had. */
  startWorker: () => Promise<void>
  stop: () => Promise<void>
}
type WebOptions = { databaseUrl: string; dataDir: string; worker?: boolean; env?: Record<string, string> }

/** On a busy machine a process takes its time to load. */
const startMs = 90_000
const entryOf = (name: 'web' | 'worker') => fileURLToPath(new URL(`../server/${name}.ts`, import.meta.url))

type Running = { child: ChildProcess; said: () => string; stop: () => Promise<void> }

function run(name: 'web' | 'worker', env: Record<string, string>): Running {
  const child = spawn(process.execPath, [entryOf(name)], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said = `${said}${chunk}`.slice(-1_000_000)))
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  return { child, said: () => said, stop }
}

async function until(isReady: () => Promise<boolean>, { child, said }: Running): Promise<void> {
  const deadline = Date.now() + startMs
  while (!(await isReady())) {
    if (child.exitCode === null && Date.now() < deadline) await pause(50)
    else throw new Error(`a process did not start:\n${said().slice(-20_000)}`)
  }
}

const isUp = (url: string) =>
  fetch(`${url}/health`).then(
    (response) => response.ok,
    () => false,
  )

/** Starts web, and the worker if it is wanted, on a migrated database. What they log is told only when they do not start. */
export async function startWeb({ databaseUrl, dataDir, worker = false, env = {} }: WebOptions): Promise<TestWeb> {
  const port = await freePort()
  const adminKey = `bootstrap-${randomBytes(24).toString('base64url')}`
  // With a dash at its front, as an installation may have one.
  const runtimeToken = `-${randomBytes(24).toString('base64url')}`
  const settings = {
    DATABASE_URL: databaseUrl,
    HOST: '127.0.0.1',
    PORT: String(port),
    NEUROWEAVER_DATA_DIR: dataDir,
    NEUROWEAVER_NO_PAGES: '1',
    NEUROWEAVER_BOOTSTRAP_API_KEY: adminKey,
    RUNTIME_TOKEN: runtimeToken,
    NEXTAUTH_SECRET: randomBytes(32).toString('base64url'),
    // The worker says at this level that it is ready.
    LOG_LEVEL: 'info',
    ...env,
  }
  const url = `http://127.0.0.1:${port}`
  const web = run('web', settings)
  let helper = worker ? run('worker', settings) : undefined
  const workerIsReady = async (started: Running) => until(async () => started.said().includes('worker is ready'), started)
  const startWorker = async () => {
    helper = run('worker', settings)
    await workerIsReady(helper)
  }
  const stop = async () => void (await Promise.all([web.stop(), helper?.stop()]))
  try {
    await until(() => isUp(url), web)
    if (helper) await workerIsReady(helper)
  } catch (error) {
    await stop()
    throw error
  }
  const written = { web: web.said, worker: () => helper?.said() ?? '' }
  return {
    port,
    url,
    adminKey,
    runtimeToken,
    pid: web.child.pid as number,
    written,
    killWorker: async () => helper?.stop(),
    startWorker,
    stop,
  }
}
