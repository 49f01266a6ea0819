/** Every address of the API, through HTTP, on a real web and worker; each answer is held to its promised shape by `Rest`. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eq } from 'drizzle-orm'
import { afterAll, describe, expect, it } from 'vitest'
import { db } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { alerts, performanceMetrics, projects } from '#src/server/db/schema.ts'
import { makeRuntime } from '#src/testing/factories.ts'
import { onnxFile, tensorValue } from '#src/testing/onnx.ts'
import { useRest } from '#src/testing/rest.ts'
import { uploadBytes } from '#src/testing/upload.ts'
import { emptyHistogram } from '#src/contracts/latency.ts'
import { operationIdOf } from './document.ts'
import { routes } from './routes.ts'

type Model = {
  id: string
  status: string
  latest_version: number
  aliases: Record<string, number>
  tags: Record<string, string>
  created_at: string
}
type Version = { version: number; status: string; files: { path: string; sha256: string }[]; signature: { inputs: { shape: number[] }[] } }
type Deployment = { id: string; status: string; endpoint_url: string; targets: { version: number; weight: number }[] }
type Job = { id: string; status: string; split: object; columns: object; waiting_for: string | null }
type Failure = { error: { code: string; message: string; details?: { path: string }[] } }

const use = useRest({ worker: true, env: { NEUROWEAVER_OUTBOUND_ALLOW: '127.0.0.1' } })
const csv = 'age,city,churned\n41,Oslo,no\n23,Rome,yes\n35,,no\n52,Oslo,yes\n'
const upload = (name: string, bytes: Uint8Array | string) =>
  uploadBytes(use.rest.web.url, use.rest.web.adminKey, name, Buffer.from(bytes as string))
const register = (name: string, uploadId: string, more: object = {}) =>
  use.rest.ask('POST', '/models/register', { body: { name, files: [{ path: 'model.onnx', upload_id: uploadId }], ...more } })

describe('an upload', () => {
  it('tells its digest, its format and that it is ready', async () => {
    const id = await upload('table.csv', csv)
    const done = await use.rest.until<{ status: string; sha256: string; size_bytes: number; upload_id: string }>(
      `/uploads/${id}`,
      ({ status }) => status === 'ready',
    )
    expect(done).toMatchObject({ upload_id: id, sha256: createHash('sha256').update(csv).digest('hex'), size_bytes: csv.length })
    expect((await use.rest.ask('GET', '/uploads')).body).toMatchObject([{ upload_id: id }])
  })

  it('of nobody is not found, whatever it is called', async () => {
    for (const id of [newId(), 'nothing', '%20', '..%2F..']) expect((await use.rest.ask('GET', `/uploads/${id}`)).status).toBe(404)
  })
})

describe('a model', () => {
  it('is registered, gets versions, aliases, tags, and goes', async () => {
    const first = await register('churn', await upload('a.onnx', onnxFile()), {
      tags: { team: 'growth' },
      metadata: { nested: { CamelKey: [1, null] } },
    })
    expect(first).toMatchObject({
      status: 201,
      body: { name: 'churn', latest_version: 1, tags: { team: 'growth' }, metadata: { nested: { CamelKey: [1, null] } } },
    })
    await use.rest.until<Model>('/models/churn', ({ status }) => status === 'ready')
    expect(await register('churn', await upload('b.onnx', onnxFile({ irVersion: 9 })))).toMatchObject({
      status: 201,
      body: { latest_version: 2 },
    })
    const model = await use.rest.until<Model>('/models/churn', ({ status }) => status === 'ready')
    expect((await use.rest.ask('GET', `/models/${model.id}`)).body).toEqual(model)

    const moved = await use.rest.ask('PUT', '/models/churn/aliases/champion', { body: { version: 1, reason: 'first' } })
    expect(moved).toMatchObject({ status: 200, body: { aliases: { champion: 1 } } })
    expect((await use.rest.ask('DELETE', '/models/churn/versions/1')).status).toBe(409)
    expect((await use.rest.ask('PATCH', '/models/churn', { body: { description: 'Who leaves', tags: { a: 'b' } } })).body).toMatchObject({
      description: 'Who leaves',
      tags: { a: 'b' },
    })
    expect((await use.rest.ask('DELETE', '/models/churn/aliases/champion')).status).toBe(204)
    expect((await use.rest.ask('DELETE', '/models/churn/versions/1')).status).toBe(204)
    expect((await use.rest.ask('GET', '/models/churn/versions')).body).toMatchObject([{ version: 2 }])
    expect((await use.rest.ask('DELETE', `/models/${model.id}`)).status).toBe(204)
    expect((await use.rest.ask('GET', '/models/churn')).status).toBe(404)
  })

  it('gives the bytes of a file whole, in part, or not again', async () => {
    const bytes = onnxFile({ irVersion: 7 })
    const digest = createHash('sha256').update(bytes).digest('hex')
    const id = await upload('c.onnx', bytes)
    await use.rest.until<{ status: string }>(`/uploads/${id}`, ({ status }) => status === 'ready')
    await use.rest.ask('POST', '/models/register', {
      body: {
        name: 'files',
        files: [
          { path: 'model.onnx', upload_id: id },
          { path: 'sub/färben %41.onnx', sha256: digest },
        ],
      },
    })
    const version = await use.rest.until<Version>('/models/files/versions/1', ({ status }) => status !== 'pending')
    expect(version.files.map(({ path }) => path).sort()).toEqual(['model.onnx', 'sub/färben %41.onnx'])
    expect(version.signature.inputs[0]?.shape).toEqual([-1, 4])

    const address = `/models/files/versions/1/files/sub/${encodeURIComponent('färben %41.onnx')}`
    const whole = await fetch(`${use.rest.web.url}/api/v1${address}`, { headers: { authorization: `Bearer ${use.rest.web.adminKey}` } })
    expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true)
    expect(whole.headers.get('content-disposition')).toMatch(/^attachment/)
    // Whatever the bytes are, a browser neither guesses at them nor runs them.
    expect([whole.headers.get('content-security-policy'), whole.headers.get('x-content-type-options')]).toEqual([
      "default-src 'none'; sandbox",
      'nosniff',
    ])
    const part = await use.rest.ask('GET', address, { headers: { range: 'bytes=1-3' } })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 1-3/${bytes.length}`])
    const etag = String(whole.headers.get('etag'))
    expect(etag).toBe(`"${digest}"`)
    expect((await use.rest.ask('GET', address, { headers: { 'if-none-match': etag } })).status).toBe(304)
    const past = await fetch(whole.url, { headers: { authorization: `Bearer ${use.rest.web.adminKey}`, range: 'bytes=99999-' } })
    expect([past.status, past.headers.get('content-range')]).toEqual([416, `bytes */${bytes.length}`])
    const head = await use.rest.ask('HEAD', address)
    expect([head.status, head.headers.get('content-length'), head.text]).toEqual([200, String(bytes.length), ''])
    expect((await use.rest.ask('GET', '/models/files/versions/1/files/none')).status).toBe(404)
  })

  it('stands at /models too, for whoever is no browser', async () => {
    const headers = { authorization: `Bearer ${use.rest.web.adminKey}` }
    const listed = await fetch(`${use.rest.web.url}/models?limit=1&skip=0`, { headers })
    expect([listed.status, ((await listed.json()) as unknown[]).length]).toEqual([200, 1])
    expect((await fetch(`${use.rest.web.url}/models`, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401)
  })
})

describe('a deployment', () => {
  it('is made, split between versions, measured and stopped', async () => {
    await register('served', await upload('d.onnx', onnxFile()))
    await register('served', await upload('e.onnx', onnxFile({ irVersion: 9 })))
    const model = await use.rest.until<Model>('/models/served', ({ status, latest_version: latest }) => status === 'ready' && latest === 2)
    await use.rest.until<Version>('/models/served/versions/1', ({ status }) => status === 'ready')
    const made = await use.rest.ask('POST', '/models/served/deploy', { body: { version: 1, replicas: 2 } })
    expect(made).toMatchObject({
      status: 202,
      body: { name: 'served', model_id: model.id, replicas: 2, targets: [{ version: 1, weight: 100 }] },
    })
    const { id, endpoint_url: endpoint } = made.body as Deployment
    expect(endpoint).toBe(`${use.rest.web.url}/v2/models/served`)
    expect((await use.rest.ask('POST', `/models/${model.id}/deploy`)).body).toMatchObject({ id, targets: [{ version: 2, weight: 100 }] })
    const split = await use.rest.ask('PUT', `/deployments/${id}/targets`, {
      body: {
        targets: [
          { version: 1, weight: 10 },
          { model_id: model.id, version: 2, weight: 90 },
        ],
      },
    })
    expect((split.body as Deployment).targets.map(({ version, weight }) => [version, weight])).toEqual([
      [2, 90],
      [1, 10],
    ])
    expect((await use.rest.ask('GET', '/deployments/served')).body).toEqual((await use.rest.ask('GET', `/deployments/${id}`)).body)
    expect((await use.rest.ask('DELETE', '/models/served')).status).toBe(409)
    await recordMinute(id)
    expect((await use.rest.ask('GET', `/deployments/${id}/metrics`)).body).toMatchObject([{ version: 1, requests: 5, errors: 1 }])
    expect((await use.rest.ask('DELETE', '/deployments/served')).status).toBe(204)
    expect((await use.rest.ask('GET', '/deployments?status=stopped')).body).toMatchObject([{ id, status: 'stopped' }])
  })

  it('is refused for another model under its name, for a version that is not ready or not there, and for uneven signatures', async () => {
    await register('one', await upload('f.onnx', onnxFile()))
    await register('two', await upload('g.onnx', onnxFile()))
    await register(
      'one',
      await upload('h.onnx', onnxFile({ outputs: [tensorValue('y', 1, ['batch', 4]), tensorValue('x', 1, ['batch', 4])] })),
    )
    for (const path of ['/models/one/versions/1', '/models/one/versions/2', '/models/two/versions/1'])
      await use.rest.until<Version>(path, ({ status }) => status === 'ready')
    expect((await use.rest.ask('POST', '/models/one/deploy', { body: { name: 'endpoint', version: 1 } })).status).toBe(202)
    expect((await use.rest.ask('POST', '/models/two/deploy', { body: { name: 'endpoint' } })).status).toBe(409)
    expect((await use.rest.ask('POST', '/models/one/deploy', { body: { version: 7 } })).status).toBe(404)
    expect((await use.rest.ask('POST', '/models/one/deploy', { body: { alias: 'champion' } })).status).toBe(404)
    const uneven = await use.rest.ask('PUT', '/deployments/endpoint/targets', {
      body: {
        targets: [
          { version: 1, weight: 50 },
          { version: 2, weight: 50 },
        ],
      },
    })
    expect(uneven.status).toBe(422)
    const text = await upload('notes.txt', 'these are words')
    await register('words', text)
    await use.rest.until<Version>('/models/words/versions/1', ({ status }) => status !== 'pending')
    expect((await use.rest.ask('POST', '/models/words/deploy')).status).toBe(422)
  })
})

async function recordMinute(deploymentId: string): Promise<void> {
  const { id: runtimeId } = await makeRuntime('inference')
  const counts = emptyHistogram()
  counts[3] = 5
  await db()
    .insert(performanceMetrics)
    .values({
      deploymentId,
      minute: new Date(Math.floor(Date.now() / 60_000) * 60_000),
      versionId: newId(),
      version: 1,
      runtimeId,
      bootId: newId(),
      requests: 5,
      errors: 1,
      latencyCounts: counts,
      queueCounts: counts,
    })
}

describe('a data set and its training job', () => {
  it('is read, trained on, watched and cancelled', async () => {
    const id = await upload('customers.csv', csv)
    const made = await use.rest.ask('POST', '/datasets', { body: { name: 'customers', files: [{ path: 'customers.csv', upload_id: id }] } })
    expect(made).toMatchObject({ status: 201, body: { name: 'customers', version: 1 } })
    const ready = await use.rest.until<{ status: string; columns: { name: string; type: string }[]; rows: number }>(
      '/datasets/customers',
      ({ status }) => status !== 'pending',
    )
    expect(ready).toMatchObject({
      status: 'ready',
      rows: 4,
      columns: [
        { name: 'age', type: 'number' },
        { name: 'city', type: 'category' },
        { name: 'churned', type: 'category' },
      ],
    })
    expect((await use.rest.ask('GET', '/datasets/customers/versions/1')).body).toMatchObject({ version: 1 })
    expect((await use.rest.ask('GET', '/datasets?q=custom')).body).toMatchObject([{ name: 'customers' }])

    const wrong = await use.rest.ask('POST', '/training/jobs', {
      body: { recipe: 'tabular-classification', dataset: 'customers', columns: { target: 'nothing' }, model_name: 'm' },
    })
    expect(wrong).toMatchObject({ status: 422, body: { error: { details: [{ path: 'columns.target' }] } } })
    const job = await startJob()
    expect(await use.rest.ask('GET', `/training/jobs/${job.id}`)).toMatchObject({
      status: 200,
      body: { status: 'queued', columns: { target: 'churned' }, split: { test: 0.25, group_by: 'city' } },
    })
    expect((await use.rest.ask('GET', '/training/jobs?status=queued')).body).toMatchObject([{ id: job.id }])
    const follow = followEvents(job.id)
    expect((await use.rest.ask('POST', `/training/jobs/${job.id}/cancel`)).body).toMatchObject({ status: 'cancelled' })
    expect(await follow).toEqual(['queued', 'cancelled'])
    expect((await use.rest.ask('GET', `/training/jobs/${job.id}/events?after=1`)).body).toMatchObject([
      { seq: 2, type: 'state', state: 'cancelled' },
    ])
    expect((await use.rest.ask('GET', `/training/jobs/${job.id}/logs`)).text).toMatch(/STATE queued\n.*STATE cancelled\n$/)
    expect((await use.rest.ask('DELETE', '/datasets/customers')).status).toBe(409)
  })

  it('tells an event source that comes back after the end that there is no more', async () => {
    const job = await startJob()
    await use.rest.ask('POST', `/training/jobs/${job.id}/cancel`)
    const headers = { accept: 'text/event-stream', 'last-event-id': '2' }
    expect((await use.rest.ask('GET', `/training/jobs/${job.id}/events`, { headers })).status).toBe(204)
    const replay = await use.rest.ask('GET', `/training/jobs/${job.id}/events?after=1`, { headers: { accept: 'text/event-stream' } })
    expect(replay.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(replay.text).toMatch(/^id: 2\ndata: \{"seq":2,.*\}\n\n$/)
  })

  it('goes when nothing was made of it', async () => {
    await use.rest.ask('POST', '/datasets', { body: { name: 'unused', files: [{ path: 'a.csv', upload_id: await upload('a.csv', csv) }] } })
    expect((await use.rest.ask('DELETE', '/datasets/unused')).status).toBe(204)
  })

  const startJob = async () => {
    const started = await use.rest.ask('POST', '/training/jobs', {
      body: {
        recipe: 'tabular-classification',
        dataset: 'customers',
        columns: { target: 'churned' },
        model_name: 'churn-model',
        split: { test: 0.25, group_by: 'city' },
      },
    })
    expect(started.status).toBe(201)
    return started.body as Job
  }

  const followEvents = async (id: string) => {
    const { text } = await use.rest.ask('GET', `/training/jobs/${id}/events`, { headers: { accept: 'text/event-stream' } })
    return [...text.matchAll(/^data: (.*)$/gm)].map((match) => (JSON.parse(match[1] as string) as { state: string }).state)
  }
})

describe('the record', () => {
  it('is listed, told of one thing, taken out and checked', async () => {
    const [event] = (await use.rest.ask('GET', '/audit/events?action=model.register&limit=1')).body as { target_id: string }[]
    const history = await use.rest.ask('GET', `/audit/history?target_type=model&target_id=${event?.target_id}`)
    expect(history.body).toContainEqual(expect.objectContaining({ action: 'model.register', target_id: event?.target_id }))
    expect(history.body).toContainEqual(expect.objectContaining({ action: 'version.ready', target_id: event?.target_id, source: 'system' }))
    expect((await use.rest.ask('GET', '/audit/export?format=csv')).text).toContain(',model.register,')
    expect((await use.rest.ask('GET', '/audit/verify')).body).toMatchObject({ intact: true, first_break: null })
  })
})

describe('the installation', () => {
  it('tells who one is, and holds projects and keys', async () => {
    expect((await use.rest.ask('GET', '/me')).body).toMatchObject({
      email: 'bootstrap@localhost',
      project: { name: 'default' },
      permissions: ['read', 'write', 'deploy', 'admin'],
    })
    expect((await use.rest.ask('POST', '/projects', { body: { name: 'growth' } })).status).toBe(201)
    expect((await use.rest.ask('POST', '/projects', { body: { name: 'growth' } })).status).toBe(409)
    expect(((await use.rest.ask('GET', '/projects')).body as { name: string }[]).map(({ name }) => name)).toEqual(['default', 'growth'])
    const made = await use.rest.ask('POST', '/api-keys', { body: { name: 'ci', scope: 'read', project: 'growth', expires_in_days: 1 } })
    const { id, key } = made.body as { id: string; key: string }
    expect((await use.rest.ask('GET', '/me', { key })).body).toMatchObject({ project: { name: 'growth' }, permissions: ['read'] })
    expect((await use.rest.ask('GET', '/api-keys?limit=1')).headers.get('link')).toContain('skip=1')
    expect((await use.rest.ask('DELETE', `/api-keys/${id}`)).status).toBe(204)
    expect((await use.rest.ask('GET', '/me', { key })).status).toBe(401)
  })

  it('changes projects, their members, keys and the accounts of programs', async () => {
    const at = '/projects/passing'
    await use.rest.ask('POST', '/projects', { body: { name: 'passing' } })
    expect((await use.rest.ask('PATCH', at, { body: { description: 'for a while' } })).body).toMatchObject({ description: 'for a while' })
    expect((await use.rest.ask('GET', at)).body).toMatchObject({ name: 'passing', is_private: false })
    const account = (await use.rest.ask('POST', '/service-accounts', { body: { name: 'robot' } })).body as { id: string }
    expect((await use.rest.ask('PUT', `${at}/members/${account.id}`, { body: { role: 'editor' } })).body).toMatchObject({ role: 'editor' })
    expect((await use.rest.ask('GET', `${at}/members`)).body).toHaveLength(2)
    expect((await use.rest.ask('DELETE', `${at}/members/${account.id}`)).status).toBe(204)
    expect((await use.rest.ask('DELETE', at)).status).toBe(204)
    const { id } = (await use.rest.ask('POST', '/api-keys', { body: { name: 'old', scope: 'read', service_account: account.id } }))
      .body as { id: string }
    expect((await use.rest.ask('POST', `/api-keys/${id}/rotate`, { body: {} })).body).toMatchObject({ name: 'old', owner: 'robot' })
    expect((await use.rest.ask('PATCH', `/service-accounts/${account.id}`, { body: { is_disabled: true } })).status).toBe(200)
    expect((await use.rest.ask('GET', '/service-accounts')).body).toMatchObject([{ name: 'robot', is_disabled: true, keys: 2 }])
  })

  it('keeps each project to itself: another is not found', async () => {
    const headers = { 'x-neuroweaver-project': 'growth' }
    expect((await use.rest.ask('GET', '/models', { headers })).body).toEqual([])
    expect((await use.rest.ask('GET', '/models/served', { headers })).status).toBe(404)
    const missing = await use.rest.ask('GET', '/models', { headers: { 'x-neuroweaver-project': 'elsewhere' } })
    expect(missing).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } satisfies Partial<Record<keyof Failure, object>> })
  })

  it('lists its recipes and runtimes, and says how it does', async () => {
    expect((await use.rest.ask('GET', '/training/recipes')).body).toMatchObject([
      { name: 'tabular-classification' },
      { name: 'tabular-regression' },
      { name: 'text-classification' },
    ])
    expect((await use.rest.ask('GET', '/runtimes')).status).toBe(200)
    expect((await use.rest.ask('GET', '/health')).body).toMatchObject({ parts: { database: { status: 'ok' } } })
  })

  it('describes itself', async () => {
    const document = (await use.rest.ask('GET', '/openapi.json')).body as { paths: Record<string, Record<string, { operationId: string }>> }
    const described = Object.values(document.paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId))
    expect(described.sort()).toEqual(routes.map(operationIdOf).sort())
    const page = await use.rest.ask('GET', '/docs')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    for (const { summary } of routes) expect(page.text).toContain(summary.replace(/'/g, '&#39;'))
  })
})

const server = createServer((req, res) => {
  const answer = req.method === 'GET' ? { data: [{ id: 'far' }] } : { choices: [{ message: { content: 'hello' } }] }
  res.end(JSON.stringify(answer))
}).listen(0, '127.0.0.1')
afterAll(() => server.close())

describe('a model that another server answers for', () => {
  it('is registered, deployed and asked', async () => {
    const external = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, model: 'far' }
    expect((await use.rest.ask('POST', '/models/register', { body: { name: 'far', external } })).status).toBe(201)
    await use.rest.ask('POST', '/models/far/deploy')
    await use.rest.until<Deployment>('/deployments/far', ({ status }) => status === 'ready')
    const { body } = await use.rest.ask('POST', '/inference', { body: { model: 'far', prompt: 'hi' } })
    expect(body).toEqual({ response: 'hello', confidence: null, model_version: '1', specialization: null })
  })
})

describe('what watches', () => {
  it('holds models to thresholds, and switches them', async () => {
    const at = '/performance/models/far'
    expect((await use.rest.ask('PUT', `${at}/thresholds`, { body: { min_accuracy: 0.5, auto_switch: false } })).body).toEqual({
      success: true,
    })
    expect((await use.rest.ask('POST', `${at}/metrics`, { body: { accuracy_score: 0.9 } })).body).toEqual({ success: true })
    expect((await use.rest.ask('GET', `${at}/health`)).body).toMatchObject({ status: 'unknown', metrics: { accuracy_score: 0.9 } })
    const external = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, model: 'near' }
    await use.rest.ask('POST', '/models/register', { body: { name: 'near', external } })
    const switched = await use.rest.ask('POST', `${at}/switch`, { body: { target_model: 'near', reason: 'nearer' } })
    expect(switched.body).toMatchObject({ success: true, target_model: 'near', status: 'done' })
  })

  it('rules and alerts', async () => {
    const made = (await use.rest.ask('POST', '/alert-rules', { body: { name: 'slow', figure: 'latency_p95', warning: 10 } })).body as {
      id: string
    }
    expect((await use.rest.ask('GET', '/alert-rules')).body).toMatchObject([{ name: 'slow' }])
    expect((await use.rest.ask('GET', `/alert-rules/${made.id}`)).body).toMatchObject({ warning: 10 })
    expect((await use.rest.ask('POST', '/alert-rules/preview', { body: { figure: 'latency_p95', warning: 10 } })).status).toBe(200)
    expect((await use.rest.ask('PATCH', `/alert-rules/${made.id}`, { body: { critical: 20 } })).body).toMatchObject({ critical: 20 })
    expect((await use.rest.ask('PUT', `/alert-rules/${made.id}/mute`, { body: { minutes: 5 } })).status).toBe(200)
    const deployment = (await use.rest.ask('GET', '/deployments/far')).body as Deployment
    const [project] = await db().select().from(projects).where(eq(projects.name, 'default'))
    const fired = {
      projectId: project?.id ?? '',
      ruleId: made.id,
      deploymentId: deployment.id,
      severity: 'warning' as const,
      status: 'firing' as const,
      threshold: 10,
      message: 'slow',
    }
    const alertId = newId()
    await db()
      .insert(alerts)
      .values({ id: alertId, ...fired })
    expect((await use.rest.ask('GET', '/alerts?status=open')).body).toMatchObject([{ id: alertId }])
    expect((await use.rest.ask('POST', `/alerts/${alertId}/acknowledge`, { body: { note: 'mine' } })).body).toMatchObject({
      status: 'acknowledged',
    })
    expect((await use.rest.ask('POST', `/alerts/${alertId}/resolve`)).body).toMatchObject({ status: 'resolved' })
    expect((await use.rest.ask('GET', `/alerts/${alertId}`)).body).toMatchObject({ note: 'mine' })
    expect((await use.rest.ask('DELETE', `/alert-rules/${made.id}`)).status).toBe(204)
  })

  it('channels and what goes through them', async () => {
    const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
    const made = (await use.rest.ask('POST', '/channels', { body: { name: 'on-call', kind: 'webhook', target } })).body as { id: string }
    const at = `/channels/${made.id}`
    expect((await use.rest.ask('GET', '/channels')).body).toMatchObject([{ name: 'on-call' }])
    expect((await use.rest.ask('GET', at)).body).toMatchObject({ kind: 'webhook' })
    expect((await use.rest.ask('POST', `${at}/test`)).body).toMatchObject({ status: 'delivered' })
    const [sent] = (await use.rest.ask('GET', `${at}/deliveries`)).body as { id: string }[]
    expect((await use.rest.ask('POST', `${at}/deliveries/${sent?.id}/replay`)).status).toBe(202)
    expect((await use.rest.ask('POST', `${at}/rotate`)).status).toBe(200)
    expect((await use.rest.ask('PATCH', at, { body: { enabled: false } })).status).toBe(200)
    expect((await use.rest.ask('DELETE', at)).status).toBe(204)
  })

  it('how many calls are taken', async () => {
    expect((await use.rest.ask('PUT', '/limits', { body: { per_project: 1_000_000 } })).body).toMatchObject({ per_project: 1_000_000 })
    expect((await use.rest.ask('GET', '/limits')).body).toMatchObject({ per_key: null })
  })
})

/** Why a change leaves no entry, by its operation. */
const unrecorded: Record<string, string> = {
  postInference: 'asks a model',
  postAlertRulesPreview: 'computes what would have been',
  postChannelsChannelTest: 'sends a trial, which stands among the deliveries',
  postPerformanceModelsModelMetrics: 'reports figures, many a minute, which are kept themselves',
}

it('wrote down every change', () => {
  const changes = routes.filter(({ method }) => method !== 'GET').map(operationIdOf)
  expect(changes.filter((id) => use.rest.answered.has(id) && !use.rest.recorded.has(id) && !unrecorded[id])).toEqual([])
})

it('was asked for every address there is', () => {
  expect(routes.map(operationIdOf).filter((id) => !use.rest.answered.has(id))).toEqual([])
})
