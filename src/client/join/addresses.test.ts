/** Addresses that a person may give by mistake, as the command meets them: each is told what it is, and what to do. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { inRoot } from '#src/launcher/paths.ts'
import { which } from '#src/launcher/tools.ts'

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-addresses-'))
const servers: Server[] = []
const heard: (string | undefined)[] = []

async function listen(server: Server): Promise<number> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const answering = (answer: RequestListener) =>
  listen(
    createServer((req, res) => {
      heard.push(req.headers.authorization)
      answer(req, res)
    }),
  )

async function secure(name: string, days: string): Promise<number> {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)]
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', days]
  await run('openssl', [...made, '-subj', `/CN=${name}`, '-addext', `subjectAltName=${name}`])
  return listen(createSecureServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_req, res) => res.end('{}')))
}

/** The command that web serves, before it is packed. */
async function joining(url: string, more: string[] = [], env: Record<string, string> = {}): Promise<{ status: number; said: string }> {
  const args = ['runtime', 'join', url, '--kind', 'inference', '--name', 'one', '--home', join(folder, 'home'), '--token', 'the-token']
  const { PATH = '' } = process.env
  return run(process.execPath, ['--no-warnings', inRoot('src/client/cli.ts'), ...args, ...more], {
    env: { PATH, NODE_ENV: 'test', ...env },
  }).then(
    ({ stdout, stderr }) => ({ status: 0, said: stdout + stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({ status: error.code, said: error.stdout + error.stderr }),
  )
}

beforeAll(() => {
  heard.length = 0
})
afterAll(() => {
  for (const server of servers) server.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('an address that is not web', () => {
  it('but an inference runtime, or anything else that answers', async () => {
    const port = await answering((_req, res) => res.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"no such route"}'))
    const { status, said } = await joining(`http://127.0.0.1:${port}`)
    expect(status).toBe(77)
    expect(said).toBe(
      `http://127.0.0.1:${port} refused: it answered with 404, which is not NeuroWeaver's way. Is it the address that opens NeuroWeaver in a browser?\n`,
    )
  })

  it('but a page of it, as a browser shows it', async () => {
    const { status, said } = await joining('http://127.0.0.1:3000/settings/runtimes')
    expect(status).toBe(64)
    expect(said).toContain('URL must be an address without a path: http://127.0.0.1:3000\n')
  })

  it('but one that leads elsewhere, where the token does not go', async () => {
    heard.length = 0
    const there = await answering((_req, res) => res.end('{}'))
    const here = await answering((_req, res) => res.writeHead(301, { location: `http://127.0.0.1:${there}/api` }).end())
    const { status, said } = await joining(`http://127.0.0.1:${here}`)
    expect(status).toBe(69)
    expect(said).toBe(`http://127.0.0.1:${here} leads to http://127.0.0.1:${there}. Give that address.\n`)
    expect(heard).toEqual(['Bearer the-token'])
  })

  it('with TLS, where there is none', async () => {
    const port = await answering((_req, res) => res.end('{}'))
    const { status, said } = await joining(`https://127.0.0.1:${port}`)
    expect(status).toBe(69)
    expect(said).toBe(`https://127.0.0.1:${port} cannot be reached: it does not speak TLS. Does its address begin with http://?\n`)
  })
})

describe('a certificate', () => {
  beforeEach((context) => {
    if (!which('openssl')) context.skip('there is no openssl on PATH to make a certificate with')
  })

  it('of an authority that this machine does not know, until that is named', async () => {
    const port = await secure('IP:127.0.0.1', '2')
    const { status, said } = await joining(`https://127.0.0.1:${port}`)
    expect(status).toBe(69)
    expect(said).toContain('its certificate is of an authority that this machine does not know')
    expect(said).toContain('NODE_EXTRA_CA_CERTS')
    const known = await joining(`https://127.0.0.1:${port}`, [], { NODE_EXTRA_CA_CERTS: join(folder, 'IP:127.0.0.1.crt') })
    expect(known).toEqual({ status: 76, said: expect.stringContaining('is not what NeuroWeaver answers') })
  })

  it('of another name', async () => {
    const port = await secure('DNS:elsewhere.test', '2')
    const { said } = await joining(`https://127.0.0.1:${port}`, [], { NODE_EXTRA_CA_CERTS: join(folder, 'DNS:elsewhere.test.crt') })
    expect(said).toContain('its certificate is for another name')
  })
})

it('a GPU that is not there is said before anything is asked', async () => {
  const args = ['--kind', 'training', '--devices', '7']
  const { status, said } = await joining('http://127.0.0.1:1', args)
  expect(status).toBe(64)
  expect(said).toContain('--devices: there is no GPU 7 here. nvidia-smi lists none.')
})
