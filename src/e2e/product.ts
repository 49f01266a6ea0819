/** The product as people start it: the launcher with all four processes, a data folder of its own and free ports. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient } from '#src/client/index.ts'
import { freePort } from '#src/testing/ports.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
export const admin = { email: 'ada@example.org', password: 'correct-horse-battery', name: 'Ada' }

export type Product = {
  url: string
  inferenceUrl: string
  apiKey: string
  dataDir: string
  client: ReturnType<typeof createClient>
  /** The process ids of what runs now, Postgres among them. */
  pids: () => Record<string, number>
  stop: () => Promise<void>
}

/** Resolves at the line that says that all is ready; what was printed comes with the failure. */
function untilReady(child: ChildProcess, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let printed = ''
    const timer = setTimeout(() => reject(new Error(`not ready after ${timeoutMs / 1000} s:\n${printed.slice(-4000)}`)), timeoutMs)
    const take = (chunk: Buffer) => {
      printed += chunk.toString()
      if (!/^NeuroWeaver is ready: /m.test(printed)) return
      clearTimeout(timer)
      resolve()
    }
    child.stdout?.on('data', take)
    child.stderr?.on('data', take)
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`the launcher ended with ${code}:\n${printed.slice(-4000)}`))
    })
  })
}

function readPids(dataDir: string): Record<string, number> {
  const { processes } = JSON.parse(readFileSync(join(dataDir, 'run/processes.json'), 'utf8')) as {
    processes: { name: string; pid: number }[]
  }
  const postmaster = Number(readFileSync(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0])
  return { ...Object.fromEntries(processes.map(({ name, pid }) => [name, pid])), postgres: postmaster }
}

/** Starts a product whose first admin exists already, unless `isFresh`. */
export async function startProduct(options: { isFresh?: boolean; env?: Record<string, string> } = {}): Promise<Product> {
  const dataDir = mkdtempSync(join(tmpdir(), 'neuroweaver-e2e-'))
  const [port, inferencePort] = [await freePort(), await freePort()]
  const apiKey = `e2e-${crypto.randomUUID()}`
  const own = {
    HOST: '127.0.0.1',
    PORT: String(port),
    INFERENCE_PORT: String(inferencePort),
    NEUROWEAVER_DATA_DIR: dataDir,
    NEUROWEAVER_BOOTSTRAP_API_KEY: apiKey,
  }
  const firstAdmin = options.isFresh ? {} : { NEUROWEAVER_ADMIN_EMAIL: admin.email, NEUROWEAVER_ADMIN_PASSWORD: admin.password }
  const { DATABASE_URL: _database, NEUROWEAVER_URL: _url, ...inherited } = process.env
  const child = spawn(process.execPath, [join(root, 'src/launcher/main.ts'), 'start'], {
    cwd: root,
    env: { ...inherited, ...own, ...firstAdmin, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stop = async () => {
    if (child.exitCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
    }
    rmSync(dataDir, { recursive: true, force: true })
  }
  try {
    await untilReady(child, 240_000)
  } catch (error) {
    await stop()
    throw error
  }
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    inferenceUrl: `http://127.0.0.1:${inferencePort}`,
    apiKey,
    dataDir,
    client: createClient({ url, apiKey }),
    pids: () => readPids(dataDir),
    stop,
  }
}

/** Asks until `isDone`, with a failure that says what was seen last; a call that throws counts as not done yet. */
export async function until<T>(what: string, ask: () => Promise<T>, isDone: (value: T) => boolean, timeoutMs = 60_000): Promise<T> {
  const deadline = Date.now() + timeoutMs
  let last: unknown
  while (Date.now() < deadline) {
    try {
      const value = await ask()
      if (isDone(value)) return value
      last = value
    } catch (error) {
      last = error
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(
    `${what}: not within ${timeoutMs / 1000} s; last seen: ${last instanceof Error ? last.message : JSON.stringify(last)?.slice(0, 1000)}`,
  )
}
