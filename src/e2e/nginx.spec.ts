/** The product behind nginx with TLS, by the very file that docker/nginx.conf is: only names, ports and the certificate's place are put in. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { type RequestOptions, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { which } from '#src/launcher/tools.ts'
import { findDebianProgram } from '#src/testing/debian.ts'
import { freePort } from '#src/testing/ports.ts'
import { admin, type Product, startProduct, until } from './product.ts'

const root = join(import.meta.dirname, '../..')
const sizeBytes = 200 * 1024 * 1024
/** Stands for nginx's own 60 s: shorter than the pause between two signs of life on a stream, so that only what the file sets keeps it open. */
const defaultTimeout = '2s'

let folder: string
let nginx: ChildProcess | undefined
let product: Product | undefined
let ports: { plain: number; tls: number }
let certificate: Buffer

/** The same name twice: the certificate serves both. */
function makeCertificate(): void {
  const names = 'subjectAltName=DNS:localhost,DNS:inference.localhost'
  const files = ['-keyout', join(folder, 'tls.key'), '-out', join(folder, 'tls.crt')]
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', names, ...files],
    {
      stdio: 'ignore',
    },
  )
  certificate = readFileSync(join(folder, 'tls.crt'))
}

function writeConfiguration(webPort: number, inferencePort: number): string {
  const site = readFileSync(join(root, 'docker/nginx.conf'), 'utf8')
    .replaceAll('neuroweaver.example.org', 'localhost')
    .replaceAll('inference.example.org', 'inference.localhost')
    .replaceAll('/etc/nginx/tls/neuroweaver', join(folder, 'tls'))
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${webPort}`)
    .replaceAll('127.0.0.1:3001', `127.0.0.1:${inferencePort}`)
    .replaceAll('listen 443', `listen 127.0.0.1:${ports.tls}`)
    .replaceAll('listen 80', `listen 127.0.0.1:${ports.plain}`)
  writeFileSync(join(folder, 'site.conf'), site)
  mkdirSync(join(folder, 'temp'))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${join(folder, 'temp', name)};`)
  const main = `daemon off; pid ${join(folder, 'nginx.pid')}; error_log stderr;
    events {}
    http { access_log off; proxy_read_timeout ${defaultTimeout}; ${temporary.join(' ')} include ${join(folder, 'site.conf')}; }`
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, main)
  return file
}

type Answer = { status: number; headers: IncomingMessage['headers']; body: string }

/** One request over TLS to a name of this machine, with the certificate checked. */
const options = (method: string, path: string, headers: Record<string, string>, more: RequestOptions = {}): RequestOptions => ({
  host: '127.0.0.1',
  port: ports.tls,
  servername: 'localhost',
  ca: certificate,
  agent: false,
  method,
  path,
  ...more,
  headers: { host: `localhost:${ports.tls}`, authorization: `Bearer ${product?.apiKey}`, ...headers },
})

function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: Buffer | string,
  more: RequestOptions = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request(options(method, path, headers, more), (res) => {
      let text = ''
      res.setEncoding('utf8')
      res.on('data', (chunk) => (text += chunk))
      res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: text }))
    })
    req.on('error', reject)
    req.end(body)
  })
}

const json = { 'content-type': 'application/json' }
const post = (path: string, body: unknown, more: RequestOptions = {}, headers: Record<string, string> = {}) =>
  ask('POST', path, { ...json, ...headers }, JSON.stringify(body), more)

/** Sends a part of a PATCH and breaks the connection, once that part has left. */
function breakPatch(path: string, body: Buffer, announced: number): Promise<void> {
  return new Promise((resolve) => {
    const headers = { 'tus-resumable': '1.0.0', 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' }
    const req = request(options('PATCH', path, { ...headers, 'content-length': String(announced) }))
    req.on('error', () => resolve())
    req.write(body, () => req.destroy())
    req.on('close', () => resolve())
  })
}

test.describe('behind nginx', () => {
  test.beforeAll(async () => {
    test.setTimeout(300_000)
    const program = await findDebianProgram(['nginx'], 'usr/sbin/nginx')
    test.skip('reason' in program, `nginx: ${'reason' in program ? program.reason : ''}`)
    test.skip(!which('openssl'), 'there is no openssl on PATH to make a certificate with')
    folder = mkdtempSync(join(tmpdir(), 'neuroweaver-nginx-'))
    ports = { plain: await freePort(), tls: await freePort() }
    makeCertificate()
    product = await startProduct({
      env: {
        NEUROWEAVER_PROCESSES: 'web,worker,inference',
        NEUROWEAVER_URL: `https://localhost:${ports.tls}`,
        NEUROWEAVER_INFERENCE_URL: `https://inference.localhost:${ports.tls}`,
        NEUROWEAVER_TRUSTED_PROXIES: '127.0.0.1',
      },
    })
    const file = writeConfiguration(Number(new URL(product.url).port), Number(new URL(product.inferenceUrl).port))
    nginx = spawn('path' in program ? program.path : '', ['-c', file, '-p', folder], { stdio: ['ignore', 'inherit', 'inherit'] })
    await until(
      'nginx',
      () => ask('GET', '/health'),
      ({ status }) => status === 200,
    )
  })
  test.afterAll(async () => {
    nginx?.kill('SIGTERM')
    await product?.stop()
    if (folder) rmSync(folder, { recursive: true, force: true })
  })

  test('an upload of 200 MB breaks, goes on where it was, and arrives byte for byte', async () => {
    const content = randomBytes(sizeBytes)
    const tus = { 'tus-resumable': '1.0.0' }
    const metadata = { 'upload-metadata': `filename ${Buffer.from('weights.bin').toString('base64')}` }
    const made = await ask('POST', '/uploads', { ...tus, ...metadata, 'upload-length': String(sizeBytes) })
    expect(made.status, made.body).toBe(201)
    const path = new URL(String(made.headers.location), 'https://localhost').pathname
    await breakPatch(path, content.subarray(0, sizeBytes / 2), sizeBytes)
    const offsetOf = async () => Number((await ask('HEAD', path, tus)).headers['upload-offset'])
    // Had nginx kept the body until it is whole, nothing would have come through.
    await until('the first half', offsetOf, (offset) => offset > 0)
    const goOn = async () => {
      const offset = await offsetOf()
      expect(offset).toBeLessThan(sizeBytes)
      const rest = { ...tus, 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' }
      return ask('PATCH', path, rest, content.subarray(offset))
    }
    // What was still on its way when the line broke may be counted after it was asked for: a client then asks again (409).
    await until('the rest', goOn, ({ status }) => status === 204)
    const upload = await until(
      'the upload',
      async () => JSON.parse((await ask('GET', `/api/v1${path}`)).body) as { status: string; sha256: string },
      ({ status }) => status === 'ready' || status === 'rejected',
    )
    expect(upload).toMatchObject({ status: 'ready', sha256: createHash('sha256').update(content).digest('hex') })
  })

  test('an event stream stays open past the time-out, and an event arrives at once', async () => {
    const token = readFileSync(join((product as Product).dataDir, 'runtime.token'), 'utf8').trim()
    const runtime = { kind: 'training', name: 'idle', version: '0.1.0', protocol: 1, boot_id: crypto.randomUUID(), capacity: 1 }
    const devices = [{ kind: 'cpu', index: 0, name: 'cpu' }]
    // One that never claims: the job waits until it is cancelled.
    const enrolled = await post('/api/runtime/v1/enrol', { ...runtime, devices }, {}, { authorization: `Bearer ${token}` })
    expect(enrolled.status, enrolled.body).toBe(200)
    const { client } = product as Product
    const sample = await ask('POST', '/uploads', {
      'tus-resumable': '1.0.0',
      'upload-length': '40',
      'upload-metadata': `filename ${Buffer.from('rows.csv').toString('base64')}`,
    })
    const upload = String(sample.headers.location).split('/').at(-1) as string
    const rows = Buffer.from(`a,b\n${'1,x\n2,y\n3,x\n'.repeat(3)}`.slice(0, 40))
    await ask(
      'PATCH',
      `/uploads/${upload}`,
      { 'tus-resumable': '1.0.0', 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
      rows,
    )
    await post('/api/v1/datasets', { name: 'rows', files: [{ path: 'rows.csv', upload_id: upload }] })
    await until(
      'the data set',
      async () => JSON.parse((await ask('GET', '/api/v1/datasets/rows')).body) as { status: string },
      ({ status }) => status === 'ready',
    )
    const made = await post('/api/v1/training/jobs', {
      recipe: 'tabular-classification',
      dataset: 'rows',
      columns: { target: 'b' },
      model_name: 'waits',
    })
    expect(made.status, made.body).toBe(201)
    const { id } = JSON.parse(made.body) as { id: string }
    let seen = ''
    let hasEnded = false
    const stream = request(options('GET', `/api/v1/training/jobs/${id}/events`, { accept: 'text/event-stream' }), (res) => {
      res.on('data', (chunk) => (seen += chunk))
      res.on('close', () => (hasEnded = true))
    })
    stream.on('error', () => (hasEnded = true))
    stream.end()
    try {
      // A sign of life comes every 4 s.
      await until('the sign of life', async () => seen.includes(': keep-alive'), Boolean)
      expect(hasEnded).toBe(false)
      const before = seen.length
      await client.training.cancel.mutate({ id })
      await until(
        'the event',
        async () => seen.slice(before),
        (text) => text.includes('cancelled'),
        3_000,
      )
    } finally {
      stream.destroy()
    }
  })

  test('the record has the address of who asked, whatever they write into X-Forwarded-For', async () => {
    const body = { name: 'from-outside', external: { url: 'https://models.example.org', model: 'x' } }
    const made = await post('/api/v1/models/register', body, { localAddress: '127.0.0.2' }, { 'x-forwarded-for': '203.0.113.9' })
    expect(made.status, made.body).toBe(201)
    const { body: listed } = await ask('GET', '/api/v1/audit/events?target=from-outside')
    expect(JSON.parse(listed)).toContainEqual(expect.objectContaining({ address: '127.0.0.2' }))
  })

  test('a person signs in with a cookie that goes over TLS alone, and plain HTTP leads there', async ({ browser }) => {
    const context = await browser.newContext({ baseURL: `https://localhost:${ports.tls}`, ignoreHTTPSErrors: true })
    const page = await context.newPage()
    await page.goto('/sign-in')
    await page.getByLabel('Email').fill(admin.email)
    await page.getByLabel('Password').fill(admin.password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await expect(page.getByRole('heading', { name: 'Home', level: 1 })).toBeVisible()
    const session = (await context.cookies()).find(({ name }) => name === '__Host-neuroweaver.session')
    expect(session).toMatchObject({ secure: true, httpOnly: true })
    await context.close()
    const plain = await fetch(`http://127.0.0.1:${ports.plain}/models?q=1`, { redirect: 'manual', headers: { host: 'localhost' } })
    expect([plain.status, plain.headers.get('location')]).toEqual([301, 'https://127.0.0.1/models?q=1'])
  })

  test('inference answers under its own name, and takes more than nginx would by itself', async () => {
    const inference = { servername: 'inference.localhost' }
    const host = { host: `inference.localhost:${ports.tls}` }
    expect((await ask('GET', '/v2/health/live', host, undefined, inference)).status).toBe(200)
    const large = JSON.stringify({ inputs: [{ name: 'text', datatype: 'BYTES', shape: [1, 1], data: ['x'.repeat(3_000_000)] }] })
    const answer = await ask('POST', '/v2/models/none/infer', { ...host, ...json }, large, inference)
    expect([answer.status, answer.headers['content-type']?.split(';')[0]]).toEqual([404, 'application/json'])
  })
})
