/** The client of large files, against servers of every kind that may stand between it and web. */
import { execFile, execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createSocketServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterEach, expect, it } from 'vitest'
import { type Download, download } from './download.ts'

const content = randomBytes(23 * 1024 * 1024 + 17)
const servers: { close: () => void }[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(server: Server, scheme = 'http'): Promise<string> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/file`
}

const serve = (listener: RequestListener) => listen(createServer(listener))
const announced: RequestListener = (_req, res) => void res.writeHead(200, { 'content-length': content.length }).end(content)
const get = (url: string, headers = {}, signal = new AbortController().signal) => download(url, headers, signal)
const digestOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

/** The digest of all pieces, each read only after the socket had every chance to write over it. */
async function slowDigest({ pieces }: Download): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of pieces) {
    for (let turns = 0; turns < 20; turns++) await turn()
    hash.update(piece)
  }
  return hash.digest('hex')
}

it('gives every byte in its place to a taker that is slower than the network', async () => {
  const answer = await get(await serve(announced))
  expect(answer.status).toBe(200)
  expect(await slowDigest(answer)).toBe(digestOf(content))
})

it('says the path, the query, the host and the headers', async () => {
  const url = await serve((req, res) => res.end(`${req.method} ${req.url} ${req.headers.host} ${req.headers.range}`))
  const { pieces } = await get(`${url}?a=b`, { range: 'bytes=7-' })
  let text = ''
  for await (const piece of pieces) text += piece.toString()
  expect(text).toBe(`GET /file?a=b ${new URL(url).host} bytes=7-`)
})

it('takes an answer in chunks, and one after an announcement', async () => {
  const url = await serve((_req, res) => {
    res.writeEarlyHints({ link: '</other>; rel=preload' })
    res.writeHead(206)
    res.write(content.subarray(0, 1000))
    res.end(content.subarray(1000))
  })
  const answer = await get(url)
  expect(answer.status).toBe(206)
  expect(await slowDigest(answer)).toBe(digestOf(content))
})

it('gives fewer bytes than were announced when the connection ends early', async () => {
  const url = await serve((_req, res) => {
    res.writeHead(200, { 'content-length': content.length })
    res.write(content.subarray(0, 100_000), () => res.socket?.end())
  })
  expect(await slowDigest(await get(url))).toBe(digestOf(content.subarray(0, 100_000)))
})

it('ends at once when it is stopped', async () => {
  const stop = new AbortController()
  const url = await serve((_req, res) => void res.writeHead(200, { 'content-length': 1000 }).write('a'))
  const { pieces } = await get(url, {}, stop.signal)
  const taking = slowDigest({ status: 200, pieces })
  stop.abort()
  await expect(taking).rejects.toThrow('stopped')
})

it('refuses what is no answer', async () => {
  const url = await listen(createSocketServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n\r\n')))
  await expect(get(url)).rejects.toThrow('not HTTP')
  const silent = await listen(createSocketServer((socket) => socket.once('data', () => socket.end())))
  await expect(get(silent)).rejects.toThrow('closed without an answer')
})

it('reads over TLS, and only from whom it trusts', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-tls-'))
  try {
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1']
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', keyFile, '-out', certFile, ...subject]
    execFileSync('openssl', made, { stdio: 'ignore' })
    const url = await listen(createTlsServer({ key: readFileSync(keyFile), cert: readFileSync(certFile) }, announced), 'https')
    await expect(get(url)).rejects.toThrow('self-signed')
    const script = `
      import { createHash } from 'node:crypto'
      import { download } from ${JSON.stringify(join(import.meta.dirname, 'download.ts'))}
      const hash = createHash('sha256')
      const { pieces } = await download(${JSON.stringify(url)}, {}, new AbortController().signal)
      for await (const piece of pieces) hash.update(piece)
      console.log(hash.digest('hex'))`
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: certFile }
    const { stdout: said } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env })
    expect(said.trim()).toBe(digestOf(content))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
