/** A large body that need not be held, and the processes that it is sent to. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type ClientRequest, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const block = randomBytes(1024 * 1024)

/** SHA-256 of what `sendBody` sends when it sends all of `sizeBytes`. */
export function digestOf(sizeBytes: number): string {
  const hash = createHash('sha256')
  for (let at = 0; at < sizeBytes; at += block.length) hash.update(block.subarray(0, Math.min(block.length, sizeBytes - at)))
  return hash.digest('hex')
}

export type Sent = { status: number; body: string }

/** Sends the bytes from `offset` to `sizeBytes`, always the same at the same place. @throws when the connection breaks. */
export async function sendBody(
  url: string,
  method: string,
  headers: Record<string, string>,
  sizeBytes: number,
  offset = 0,
  onSent: (at: number) => void = () => undefined,
): Promise<Sent> {
  const req = request(url, { method, agent: false, headers: { ...headers, 'content-length': String(sizeBytes - offset) } })
  const broken = new Promise<never>((_resolve, reject) => req.on('error', reject))
  const answered = once(req, 'response')
  answered.catch(() => undefined)
  await Promise.race([pour(req, sizeBytes, offset, onSent), broken])
  const [res] = await Promise.race([answered, broken])
  let body = ''
  for await (const chunk of res) body += chunk
  return { status: res.statusCode, body }
}

async function pour(req: ClientRequest, sizeBytes: number, offset: number, onSent: (at: number) => void): Promise<void> {
  for (let at = offset; at < sizeBytes && !req.destroyed; ) {
    const start = at % block.length
    const part = block.subarray(start, start + Math.min(block.length - start, sizeBytes - at))
    at += part.length
    if (!req.write(part)) await new Promise((resolve) => req.once('drain', resolve))
    onSent(at)
  }
  req.end()
}

export type Process = { pid: number; kill: () => Promise<void> }

/** Starts one of the server's own processes and waits until `isUp`. */
export async function startProcess(name: 'web' | 'worker', env: Record<string, string>, isUp: () => Promise<boolean>): Promise<Process> {
  const entry = fileURLToPath(new URL(`../../server/${name}.ts`, import.meta.url))
  const child = spawn(process.execPath, [entry], {
    env: { ...process.env, LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  for (const deadline = Date.now() + 60_000; !(await isUp()); await pause(50)) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${name} did not start`)
  }
  return { pid: child.pid as number, kill: () => kill(child) }
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** Resident memory of a process, in MiB; 0 for one that has just ended. */
const residentMiB = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

/** Looks at a process's memory while something runs. @returns the largest growth over the start, in MiB. */
export async function watchMemory<T>(pid: number, work: () => Promise<T>): Promise<{ growthMiB: number; result: T }> {
  const before = residentMiB(pid)
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, residentMiB(pid))
  }, 50)
  try {
    const result = await work()
    return { growthMiB: most - before, result }
  } finally {
    clearInterval(timer)
  }
}
