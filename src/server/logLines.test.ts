/** What web and worker write, ship and trace: one shape, one correlation id, and no secret through any door. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Collector, eventually, type LogLine } from '#src/testing/collector.ts'
import { useDatabase } from '#src/testing/database.ts'
import { caller } from '#src/testing/factories.ts'
import { makeReadyDataset } from '#src/testing/rows.ts'
import { startWeb, type TestWeb } from '#src/testing/web.ts'

const keys = [
  'id',
  'timestamp',
  'level',
  'system',
  'component',
  'message',
  'data',
  'correlationId',
  'userId',
  'sessionId',
  'error',
  'duration',
  'statusCode',
]
const database = useDatabase()
const dataDir = mkdtempSync(join(tmpdir(), 'neuroweaver-log-'))
const settingSecret = 'a-secret-of-the-settings'
let collector: Collector
let web: TestWeb

beforeAll(async () => {
  collector = await new Collector().start()
  const env = {
    LOG_LEVEL: 'debug',
    LOG_SINK_URL: `${collector.url}/logs`,
    LOG_SINK_TOKEN: settingSecret,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  }
  web = await startWeb({ databaseUrl: database.url, dataDir, worker: true, env })
})
afterAll(async () => {
  await web?.stop()
  collector?.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

const linesOf = (name: 'web' | 'worker') =>
  web.written[name]()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LogLine)
const lineOf = (name: 'web' | 'worker', correlationId: string, message?: string) =>
  eventually(() => linesOf(name).find((line) => line.correlationId === correlationId && (!message || line.message === message)))
const spanOf = (correlationId: string) =>
  eventually(() => collector.spans.find(({ attributes }) => attributes.some(({ value }) => value.stringValue === correlationId)))
const ask = (path: string, init: RequestInit & { headers?: Record<string, string> } = {}) =>
  fetch(`${web.url}${path}`, { ...init, headers: { authorization: `Bearer ${web.adminKey}`, ...init.headers } })

describe('a request', () => {
  it('is one line: its door, its status, how long it took, who and which', async () => {
    const me = (await (await ask('/api/v1/me')).json()) as { user_id: string }
    await ask('/api/v1/models?skip=0', { headers: { 'x-correlation-id': 'one-request' } })
    const line = await lineOf('web', 'one-request')
    expect(line).toMatchObject({
      component: 'rest',
      level: 'info',
      message: 'GET /api/v1/models',
      statusCode: 200,
      userId: me.user_id,
      error: null,
    })
    expect(line.duration).toBeGreaterThan(0)
    expect(linesOf('web').filter(({ correlationId }) => correlationId === 'one-request')).toHaveLength(1)
  })

  it('for health or figures is told only to those who look for trouble', async () => {
    await ask('/health', { headers: { 'x-correlation-id': 'a-probe' } })
    expect(await lineOf('web', 'a-probe')).toMatchObject({ level: 'debug' })
  })
})

describe('what a request causes', () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  it('goes on under its correlation id and in its trace, in the worker too', async () => {
    const headers = { 'x-correlation-id': 'an-upload', traceparent: `00-${traceId}-b7ad6b7169203331-01`, 'tus-resumable': '1.0.0' }
    const metadata = `filename ${Buffer.from('a.csv').toString('base64')}`
    const bytes = 'a,b\n1,2\n'
    const created = await ask('/uploads', {
      method: 'POST',
      headers: { ...headers, 'upload-length': String(bytes.length), 'upload-metadata': metadata },
    })
    const type = { 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' }
    await ask(new URL(created.headers.get('location') as string, web.url).pathname, {
      method: 'PATCH',
      headers: { ...headers, ...type },
      body: bytes,
    })
    expect(await lineOf('worker', 'an-upload', 'verify-upload is done')).toMatchObject({ component: 'queues', error: null })
    const span = await eventually(() => collector.spans.find(({ name, ...found }) => name === 'verify-upload' && found.traceId === traceId))
    const request = await eventually(() => collector.spans.find(({ spanId }) => spanId === span.parentSpanId))
    expect([request.name.split(' ')[0], request.parentSpanId]).toEqual(['PATCH', 'b7ad6b7169203331'])
  })

  it('is carried to whoever trains, and found again in what comes back', async () => {
    const dataset = await makeReadyDataset(await caller(web.adminKey), 'training-data')
    const parent = 'c7ad6b7169203331'
    const created = await ask('/api/v1/training/jobs', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-correlation-id': 'a-training', traceparent: `00-${traceId}-${parent}-01` },
      body: JSON.stringify({ recipe: 'tabular-classification', dataset, columns: { target: 'left' }, model_name: 'trained' }),
    })
    expect(created.status).toBe(201)
    const bootId = crypto.randomUUID()
    const runtime = (path: string, bearer: string, body: object) =>
      ask(`/api/runtime/v1${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json', 'x-correlation-id': 'a-training' },
        body: JSON.stringify(body),
      })
    const enrolment = { kind: 'training', name: 'one', version: '0.1.0', protocol: 1, boot_id: bootId, devices: [], capacity: 1, url: null }
    const { credential } = (await (await runtime('/enrol', web.runtimeToken, enrolment)).json()) as { credential: string }
    const claimed = await runtime('/training/claim', credential, { boot_id: bootId, devices: ['cpu'], wait_ms: 5_000 })
    const claim = (await claimed.json()) as { job_id: string; correlation_id: string; traceparent: string }
    expect(claim.correlation_id).toBe('a-training')
    expect(claim.traceparent).toMatch(new RegExp(`^00-${traceId}-(?!${parent})[0-9a-f]{16}-01$`))
    await runtime(`/training/jobs/${claim.job_id}/events`, credential, { attempt: 1, events: [] })
    await lineOf('web', 'a-training', `POST /api/runtime/v1/training/jobs/${claim.job_id}/events`)
  })

  it('is a span by its route, without the ids in it', async () => {
    await ask('/api/v1/models/some-model', { headers: { 'x-correlation-id': 'a-route' } })
    const span = await spanOf('a-route')
    expect(span.name).toBe('GET /api/v1/models/{model}')
    expect(span.attributes.find(({ key }) => key === 'http.response.status_code')?.value).toEqual({ intValue: 404 })
  })
})

describe('secrets', () => {
  const secrets = {
    key: `nwk_${'A1b2'.repeat(10)}`,
    credential: `nwr_${'C3d4'.repeat(10)}`,
    token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlLW9mLWl0',
    password: 'correct-horse-battery-staple',
    opaque: 'Zm9yLW5vYm9keS1lbHNl',
  }
  const address = `postgres://someone:${secrets.password}@db.example/x`

  it('through any header, query, body or address are in no line', async () => {
    const query = `?token=${secrets.opaque}&api_key=${secrets.key}`
    const json = { 'content-type': 'application/json' }
    const body = JSON.stringify({ name: address, password: secrets.password, key: secrets.key, credential: secrets.credential })
    const paths = [
      `/api/v1/models/${secrets.key}${query}`,
      `/api/v1/nothing/${secrets.token}`,
      `/api/trpc/models.get${query}&input=${encodeURIComponent(JSON.stringify({ model: secrets.key }))}`,
      `/uploads/${secrets.key}${query}`,
      `/api/runtime/v1/heartbeat${query}`,
      `/v2/models/${secrets.credential}${query}`,
      `/health${query}`,
      `/anything/${secrets.token}${query}`,
    ]
    for (const bearer of [secrets.key, secrets.credential, secrets.token, `${web.adminKey}`]) {
      const headers = { authorization: `Bearer ${bearer}`, cookie: `next-auth.session-token=${secrets.token}`, 'x-api-key': secrets.opaque }
      for (const path of paths) await ask(path, { headers })
      for (const path of ['/api/v1/models/register', '/api/trpc/auth.signIn', '/api/runtime/v1/enrol', '/api/runtime/v1/training/claim'])
        await ask(`${path}${query}`, { method: 'POST', headers: { ...headers, ...json }, body })
    }
    await ask('/api/v1/me', { headers: { 'x-correlation-id': 'the-last' } })
    await lineOf('web', 'the-last')
    await spanOf('the-last')
    const all = web.written.web() + web.written.worker() + JSON.stringify(collector.lines) + JSON.stringify(collector.spans)
    for (const secret of [...Object.values(secrets), web.adminKey, web.runtimeToken, settingSecret]) expect(all).not.toContain(secret)
  })
})

describe('the lines', () => {
  it('all have the same keys, on standard output and at the sink', async () => {
    await ask('/api/v1/me', { headers: { 'x-correlation-id': 'shipped' } })
    await eventually(() => collector.lines.find(({ correlationId }) => correlationId === 'shipped'))
    for (const line of [...linesOf('web'), ...linesOf('worker'), ...collector.lines]) expect(Object.keys(line)).toEqual(keys)
    expect([...collector.authorizations]).toEqual([`Bearer ${settingSecret}`])
    const printed = new Set([...linesOf('web'), ...linesOf('worker')].map(({ id }) => id))
    expect(collector.lines.filter(({ id }) => !printed.has(id))).toEqual([])
  })
})
