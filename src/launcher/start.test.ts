/** `npm start` as somebody at a terminal has it, where things are not as they should be. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type Server } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { inRoot } from '#src/launcher/paths.ts'
import { whyNoPython } from '#src/launcher/python.ts'
import { waitFor } from '#src/launcher/tools.ts'
import { useDatabase } from '#src/testing/database.ts'
import { freePort } from '#src/testing/ports.ts'

const database = useDatabase()
const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-start-'))
const started: ChildProcess[] = []
const servers: { close(): unknown }[] = []
let count = 0

type Started = { dataDir: string; said: () => string; ended: Promise<number | null>; stop(): void }

async function start(env: Record<string, string>): Promise<Started> {
  const { PATH = '', HOME = '' } = process.env
  const ports = { PORT: String(await freePort()), INFERENCE_PORT: String(await freePort()) }
  const settings = { HOST: '127.0.0.1', NEUROWEAVER_DATA_DIR: join(folder, `data-${count++}`), NEUROWEAVER_NO_PAGES: '1', ...ports, ...env }
  const own: Record<string, string> = { PATH, HOME, ...settings }
  const child = spawn(process.execPath, [inRoot('src/launcher/main.ts'), 'start'], { env: own as NodeJS.ProcessEnv, stdio: 'pipe' })
  started.push(child)
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk))
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  return { dataDir: settings.NEUROWEAVER_DATA_DIR, said: () => text, ended, stop: () => child.kill('SIGTERM') }
}

async function until(one: Started, what: string, ask: () => unknown): Promise<void> {
  if (!(await waitFor(() => (ask() ? true : undefined), 30_000, 20))) throw new Error(`waited in vain for ${what}:\n${one.said()}`)
}

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGTERM')
  for (const server of servers.splice(0)) server.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a start that can not be', () => {
  it('because the data folder is a file', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    for (const NEUROWEAVER_DATA_DIR of [file, join(file, 'below')]) {
      const { ended, said } = await start({ NEUROWEAVER_DATA_DIR })
      expect(await ended).toBe(1)
      expect(said()).toMatch(
        /^The data folder \S+ can not be written: (it|a part of its path) is a file\. Choose another folder with NEUROWEAVER_DATA_DIR\.\n$/,
      )
    }
  })

  it('because HOST is of another machine', async () => {
    const { ended, said } = await start({ HOST: '192.0.2.1', PORT: '3999' })
    expect(await ended).toBe(1)
    expect(said()).toBe(
      'Port 3999 of 192.0.2.1 can not be listened on: this machine has no such address.\n' +
        'Correct HOST: 127.0.0.1 is for this machine alone, 0.0.0.0 for all of its addresses.\n',
    )
  })

  it('because somebody took the port while it was set up', async () => {
    const port = await freePort()
    const one = await start({ PORT: String(port), NEUROWEAVER_PROCESSES: 'web' })
    // The ports are looked at before the secrets are made, and the database takes a while after that.
    await until(one, 'the set-up', () => existsSync(join(one.dataDir, 'runtime.token')))
    const other = createServer().listen(port, '127.0.0.1')
    servers.push(other)
    await once(other, 'listening')
    expect(await one.ended).toBe(1)
    expect(one.said()).toContain(`Port ${port} of 127.0.0.1 is in use`)
    expect(one.said()).not.toContain('ready')
  }, 60_000)

  it('because a machine that only trains has no Python', async () => {
    const runtimesOnly = { NEUROWEAVER_PROCESSES: 'training', NEUROWEAVER_CONTROL_URL: 'http://127.0.0.1:1', RUNTIME_TOKEN: 'x'.repeat(16) }
    const { ended, said } = await start({ ...runtimesOnly, NEUROWEAVER_PYTHON: '/nowhere/python' })
    expect(await ended).toBe(1)
    expect(said()).toBe(`${whyNoPython('/nowhere/python')}\n`)
  })

  it('because a runtime alone has settings that are wrong', async () => {
    const { ended, said } = await start({ NEUROWEAVER_PROCESSES: 'inference', NEUROWEAVER_CONTROL_URL: 'web', RUNTIME_TOKEN: 'x' })
    expect(await ended).toBe(78)
    expect(said()).toContain('  NEUROWEAVER_CONTROL_URL: must be an address that begins with http:// or https://\n')
    expect(said()).toContain('  RUNTIME_TOKEN: must have at least 16 characters\n')
  })
})

describe('a start without web', () => {
  it('names what runs, and no address where nothing listens', async () => {
    const one = await start({ NEUROWEAVER_PROCESSES: 'worker', DATABASE_URL: database.url })
    await until(one, 'it to be ready', () => one.said().includes('Ready: '))
    expect(one.said()).toContain('Ready: worker. Web does not run here.\n')
    expect(one.said()).not.toContain('NeuroWeaver is ready')
    one.stop()
    expect(await one.ended).toBe(0)
  }, 60_000)

  it('is not ready as long as web refuses its token, and says that once', async () => {
    let asked = 0
    const error = { code: 'unauthorized', message: 'This is not the runtime token of this installation.' }
    const web: Server = createHttpServer((_req, res) => {
      asked++
      res.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error }))
    }).listen(0, '127.0.0.1')
    servers.push(web)
    await once(web, 'listening')
    const NEUROWEAVER_CONTROL_URL = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
    const one = await start({ NEUROWEAVER_PROCESSES: 'inference', NEUROWEAVER_CONTROL_URL, RUNTIME_TOKEN: 'x'.repeat(16) })
    await until(one, 'it to ask again and again', () => asked > 6)
    expect(one.said()).not.toContain('eady')
    // The heartbeat and the watch each tell it.
    expect(one.said().split('This is not the runtime token')).toHaveLength(3)
    one.stop()
    expect(await one.ended).toBe(0)
  }, 60_000)
})
