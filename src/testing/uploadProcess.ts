import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('./uploadServer.ts', import.meta.url))

export type UploadProcess = { url: string; pid: number; kill: (signal: 'SIGKILL' | 'SIGTERM') => Promise<void> }

/** Starts the upload door in a process of its own; `prefix` runs it inside another program, such as `unshare`. */
export async function startUploadProcess(databaseUrl: string, root: string, prefix: string[] = []): Promise<UploadProcess> {
  const [command = process.execPath, ...args] = [...prefix, process.execPath, program]
  const child = spawn(command, args, {
    env: { ...process.env, DATABASE_URL: databaseUrl, UPLOAD_ROOT: root, LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const port = await portOf(child)
  const kill = async (signal: 'SIGKILL' | 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
  return { url: `http://127.0.0.1:${port}`, pid: child.pid as number, kill }
}

async function portOf(child: ChildProcess): Promise<number> {
  if (!child.stdout) throw new Error('the upload process has no output')
  const exited = once(child, 'exit').then(() => undefined)
  const lines = createInterface({ input: child.stdout })
  const ready = (async () => {
    for await (const line of lines) {
      if (line.startsWith('{"port":')) return (JSON.parse(line) as { port: number }).port
    }
    return undefined
  })()
  const port = await Promise.race([ready, exited])
  if (port === undefined) throw new Error('the upload process ended before it listened')
  return port
}
