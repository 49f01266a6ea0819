/** The real web process without its pages, on a port of its own, for tests that come in by the public door. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export type TestWeb = { port: number; url: string; adminKey: string; runtimeToken: string; stop: () => Promise<void> }

const startMs = 20_000
const entry = fileURLToPath(new URL('../server/web.ts', import.meta.url))

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Starts web on a migrated database. `adminKey` is a key of an admin; what the process logs is told only when it does not start. */
export async function startWeb({ databaseUrl, dataDir, env = {} }: { databaseUrl: string; dataDir: string; env?: Record<string, string> }): Promise<TestWeb> {
  const port = await freePort()
  const adminKey = `bootstrap-${randomBytes(24).toString('base64url')}`
  const runtimeToken = randomBytes(24).toString('base64url')
  const child = spawn(process.execPath, [entry], {
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      HOST: '127.0.0.1',
      PORT: String(port),
      NEUROWEAVER_DATA_DIR: dataDir,
      NEUROWEAVER_NO_PAGES: '1',
      NEUROWEAVER_BOOTSTRAP_API_KEY: adminKey,
      RUNTIME_TOKEN: runtimeToken,
      NEXTAUTH_SECRET: randomBytes(32).toString('base64url'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said = `${said}${chunk}`.slice(-20_000)))
  const url = `http://127.0.0.1:${port}`
  const until = Date.now() + startMs
  const stop = async () => {
    if (child.exitCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  while (!(await isUp(url))) {
    if (child.exitCode === null && Date.now() < until) await pause(100)
    else {
      await stop()
      throw new Error(`web did not start:\n${said}`)
    }
  }
  return { port, url, adminKey, runtimeToken, stop }
}

const isUp = (url: string) =>
  fetch(`${url}/health`).then(
    (response) => response.ok,
    () => false,
  )
