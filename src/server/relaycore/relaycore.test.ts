/** RelayCore's contract through the real web and worker processes, against a stand-in that holds every call to the wire form. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bucketCount, bucketOf } from '#src/contracts/latency.ts'
import { db } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import {
  deploymentReplicas,
  deployments,
  deploymentTraffic,
  modelSwitches,
  modelThresholds,
  modelVersions,
  performanceMetrics,
  qualityReports,
  relaycoreLink,
  relaycoreOutbox,
  runtimes,
} from '#src/server/db/schema.ts'
import { useDatabase } from '#src/testing/database.ts'
import { caller, makeKey, makeRuntime, makeUser } from '#src/testing/factories.ts'
import { RelayCoreDouble } from '#src/testing/relaycore.ts'
import { exampleSignature, makeReadyUpload } from '#src/testing/rows.ts'
import { until } from '#src/testing/until.ts'
import { startWeb, type TestWeb } from '#src/testing/web.ts'

const database = useDatabase()
const relay = new RelayCoreDouble('relay-key')
const dataDir = mkdtempSync(join(tmpdir(), 'neuroweaver-relay-'))
let web: TestWeb
let runtimeId: string
let key: string

beforeAll(async () => {
  await relay.up()
  web = await startWeb({
    databaseUrl: database.url,
    dataDir,
    worker: true,
    env: { RELAYCORE_URL: relay.url, RELAYCORE_API_KEY: 'relay-key' },
  })
  runtimeId = (await makeRuntime('inference', { lastHeartbeatAt: new Date(), url: 'http://127.0.0.1:9' })).id
  key = await makeKey(await makeUser('manager'), 'write')
})
afterAll(async () => {
  await web.stop()
  await relay.down()
  rmSync(dataDir, { recursive: true, force: true })
})

type Answer = { status: number; body: Record<string, unknown> }

async function ask(method: string, path: string, body?: unknown, bearer = key, more: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${web.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json', ...more },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text ? JSON.parse(text) : {} }
}

const nameBackups = (model: string, backups: string[]) =>
  fetch(`${web.url}/api/trpc/performance.setBackups`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, backups }),
  })

/** A model with one ready version. */
async function makeModel(name: string, more: Record<string, unknown> = {}): Promise<string> {
  const upload = await makeReadyUpload(await caller(key))
  const made = await ask('POST', '/models/register', { name, ...more, files: [{ path: 'model.onnx', upload_id: upload }] })
  return makeReady(made)
}

async function makeReady({ status, body }: Answer): Promise<string> {
  if (status !== 201) throw new Error(JSON.stringify(body))
  const id = String(body.id)
  await db()
    .update(modelVersions)
    .set({ status: 'ready', signature: exampleSignature, task: 'tabular-classification' })
    .where(eq(modelVersions.modelId, id))
  return id
}

/** A deployment whose targets a live runtime says it serves. */
async function serve(model: string): Promise<string> {
  const { body } = await ask('POST', `/models/${model}/deploy`, {})
  const id = String(body.id)
  await reportReady(id)
  await until(
    () => ask('GET', `/deployments/${id}`),
    (found) => found.body.status === 'ready',
  )
  return id
}

async function reportReady(deploymentId: string): Promise<void> {
  await db()
    .update(runtimes)
    .set({ lastHeartbeatAt: new Date(Date.now() + 600_000) })
  const versions = await db().select({ id: modelVersions.id }).from(modelVersions)
  for (const { id } of versions)
    await db()
      .insert(deploymentReplicas)
      .values({ deploymentId, versionId: id, runtimeId, state: 'ready', readyReplicas: 1 })
      .onConflictDoNothing()
}

/** Requests of a version in the last minute, as its runtime reports them. */
async function measure(deploymentId: string, modelId: string, requests: number, latencyMs: number, errors = 0): Promise<void> {
  const [version] = await db().select().from(modelVersions).where(eq(modelVersions.modelId, modelId))
  const counts = new Array(bucketCount).fill(0)
  counts[bucketOf(latencyMs)] = requests
  await db()
    .insert(performanceMetrics)
    .values({
      deploymentId,
      minute: new Date(Math.floor(Date.now() / 60_000) * 60_000),
      versionId: version?.id ?? '',
      version: 1,
      runtimeId,
      bootId: newId(),
      requests,
      errors,
      latencyCounts: counts,
      queueCounts: new Array(bucketCount).fill(0),
    })
}

describe('the outbox', () => {
  test('registers the provider at the start, and each model seconds after it is ready, in its wire form', async () => {
    await until(
      () => relay.got.filter(({ kind }) => kind === 'provider'),
      (got) => got.length === 1,
    )
    const id = await makeModel('wire', {
      specialization: 'churn, growth',
      cost_per_token: 0.002,
      max_tokens: 512,
      capabilities: ['classification'],
    })
    const asked = Date.now()
    await serve('wire')
    const [registered, status] = await until(
      () => relay.of(id),
      (got) => got.length >= 2,
    )
    expect(registered).toMatchObject({
      kind: 'register',
      body: { name: 'wire', specialization: ['churn', 'growth'], cost_per_token: 0.002, max_tokens: 512, capabilities: ['classification'] },
    })
    expect(status).toMatchObject({ kind: 'status', body: { status: 'ready' } })
    expect((registered?.at ?? 0) - asked).toBeLessThan(15_000)
    expect(registered?.correlationId).toBeTruthy()
  })

  test('keeps what it could not deliver, and delivers it in order when RelayCore is back; a deploy never fails for it', async () => {
    await relay.down()
    relay.forget()
    const id = await makeModel('kept')
    const deployment = await serve('kept')
    await ask('DELETE', `/deployments/${deployment}`)
    expect(relay.of(id)).toEqual([])
    await until(
      () => db().select().from(relaycoreLink),
      ([link]) => link?.isUp === false,
    )
    await relay.up()
    const back = Date.now()
    const got = await until(
      () => relay.of(id),
      (calls) => calls.some(({ kind }) => kind === 'remove'),
    )
    expect(got.map(({ kind }) => kind)).toEqual(['register', 'status', 'remove'])
    expect(Date.now() - back).toBeLessThan(10_000)
    const registrations = () => relay.got.filter(({ kind, body, status }) => kind === 'register' && body.name === 'wire' && status === 200)
    await until(registrations, (calls) => calls.length === 2)
  })

  test('registers the provider again when RelayCore is back', () => {
    expect(relay.got.filter(({ kind, status }) => kind === 'provider' && status === 200)).toHaveLength(2)
  })

  test('tries again what RelayCore failed at, leaves what it refuses, and goes on behind it', async () => {
    const id = await makeModel('stubborn')
    relay.mood = { wrong: [500, 422] }
    await serve('stubborn')
    const all = await until(
      () => relay.got.filter(({ modelId }) => modelId === id),
      (calls) => calls.length >= 3,
    )
    relay.mood = {}
    expect(all.map(({ kind, status }) => `${kind} ${status}`).slice(0, 3)).toEqual(['register 500', 'register 422', 'status 200'])
  })
})

describe('the correlation id of a deploy', () => {
  test('goes with what RelayCore is told when the deployment is ready, and with nothing that happens to it later', async () => {
    const id = await makeModel('traced')
    const { body } = await ask('POST', '/models/traced/deploy', {}, key, { 'x-correlation-id': 'a-deploy' })
    await reportReady(String(body.id))
    const told = () => relay.of(id).map(({ kind, body: { status }, correlationId }) => `${kind} ${status ?? ''} ${correlationId}`)
    await until(told, (calls) => calls.length === 2)
    expect(told()).toEqual(['register  a-deploy', 'status ready a-deploy'])
    await db()
      .update(deploymentReplicas)
      .set({ state: 'failed', readyReplicas: 0, reason: 'It broke.' })
      .where(eq(deploymentReplicas.deploymentId, String(body.id)))
    const [, , later] = await until(told, (calls) => calls.length > 2)
    expect(later).toMatch(/^status failed (?!a-deploy)./)
  })
})

describe('a RelayCore that forgets between two looks at it', () => {
  const callsOf = (id: string) => relay.got.filter(({ modelId, kind }) => modelId === id && (kind === 'register' || kind === 'status'))
  const tell = (id: string) =>
    db()
      .insert(relaycoreOutbox)
      .values({
        modelId: id,
        kind: 'status',
        payload: { model_id: id, status: 'degraded', reason: 'slow', timestamp: new Date().toISOString() },
        correlationId: newId(),
      })
      .returning()
  const settled = async (seq: number | undefined) => {
    const read = () =>
      db()
        .select()
        .from(relaycoreOutbox)
        .where(eq(relaycoreOutbox.seq, seq ?? 0))
    return (await until(read, ([row]) => row?.status !== 'waiting'))[0]?.status
  }
  let id: string
  beforeAll(async () => {
    id = await makeModel('lost')
    await serve('lost')
    await until(
      () => callsOf(id),
      (calls) => calls.length === 2,
    )
  })
  afterEach(() => {
    relay.mood = {}
  })

  test('is told of the model again, and then what it did not take', async () => {
    relay.forget(id)
    relay.mood = { misses: ({ kind, modelId }, isKnown) => kind === 'status' && modelId === id && !isKnown }
    const [told] = await tell(id)
    expect(await settled(told?.seq)).toBe('delivered')
    const calls = callsOf(id).slice(2)
    expect(calls.map(({ kind, status }) => `${kind} ${status}`)).toEqual(['status 404', 'register 200', 'status 200'])
    expect(new Set(calls.map(({ correlationId }) => correlationId))).toEqual(new Set([told?.correlationId]))
    const listed = await db()
      .select()
      .from(relaycoreOutbox)
      .where(eq(relaycoreOutbox.correlationId, told?.correlationId ?? ''))
    expect(listed.map(({ kind, status }) => `${kind} ${status}`).sort()).toEqual(['register delivered', 'status delivered'])
  })

  test('and misses it all the same is told once, and the message is given up', async () => {
    const before = callsOf(id).length
    relay.mood = { misses: ({ kind, modelId }) => kind === 'status' && modelId === id }
    const [told] = await tell(id)
    expect(await settled(told?.seq)).toBe('refused')
    expect(
      callsOf(id)
        .slice(before)
        .map(({ kind, status }) => `${kind} ${status}`),
    ).toEqual(['status 404', 'register 200', 'status 404'])
  })

  test('is not told of a model that does not serve', async () => {
    const idle = await makeModel('idle')
    relay.mood = { misses: ({ kind, modelId }) => kind === 'status' && modelId === idle }
    const [told] = await tell(idle)
    expect(await settled(told?.seq)).toBe('refused')
    expect(callsOf(idle).map(({ kind }) => kind)).toEqual(['status'])
  })
})

describe('a language model', () => {
  test('without a limit of its own is registered with that of the version that serves', async () => {
    const id = await makeModel('speaker')
    const external = { url: 'http://127.0.0.1:9', model: 'x', maxTokens: 1024, requestsPerMinute: null, maxConcurrent: 1, timeoutMs: 1000 }
    await db()
      .update(modelVersions)
      .set({ external, externalState: 'ready', externalCheckedAt: new Date() })
      .where(eq(modelVersions.modelId, id))
    await ask('POST', '/models/speaker/deploy', {})
    const [registered] = await until(
      () => relay.of(id),
      (got) => got.length > 0,
    )
    expect(registered).toMatchObject({ kind: 'register', body: { max_tokens: 1024 } })
  })
})

describe('a restart', () => {
  const count = (kind: string, name = 'neuroweaver') =>
    relay.got.filter((call) => call.kind === kind && (call.body.name ?? call.body.service_name) === name).length

  const allTold = () =>
    until(
      () => db().$count(relaycoreOutbox, eq(relaycoreOutbox.status, 'waiting')),
      (waiting) => waiting === 0,
    )

  test('registers the provider while RelayCore is up, and does not tell it again of models that it knows', async () => {
    await allTold()
    const [providers, registrations] = [count('provider'), count('register', 'wire')]
    await web.killWorker()
    await web.startWorker()
    await until(
      () => count('provider'),
      (found) => found === providers + 1,
    )
    await allTold()
    expect([count('provider'), count('register', 'wire')]).toEqual([providers + 1, registrations])
  })
})

describe('what RelayCore calls', () => {
  test('models are listed, quality is taken, health and thresholds answer in their shapes', async () => {
    await makeModel('asked')
    const list = await fetch(`${web.url}/models`, { headers: { authorization: `Bearer ${key}` } })
    expect(list.status).toBe(200)
    const report = { accuracy_score: 0.9, latency_ms: 20, throughput_rps: 5, cost_per_request: 0.01 }
    expect((await ask('POST', '/performance/models/asked/metrics', report)).status).toBe(202)
    const limits = { min_accuracy: 0.8, max_latency_ms: 500, min_throughput_rps: 0, max_cost_per_request: 1 }
    expect(await ask('PUT', '/performance/models/asked/thresholds', limits)).toMatchObject({ status: 200, body: { success: true } })
    expect((await ask('GET', '/performance/models/asked/health')).body).toMatchObject({
      status: 'unknown',
      metrics: { accuracy_score: 0.9, cost_per_request: 0.01 },
      thresholds: limits,
    })
  })

  test('a verdict on a figure waits for as many reports of that figure', async () => {
    await makeModel('hearsay')
    await ask('PUT', '/performance/models/hearsay/thresholds', { min_accuracy: 0.8, min_requests: 50, auto_switch: false })
    const report = (body: object) => ask('POST', '/performance/models/hearsay/metrics', body)
    const health = async () => (await ask('GET', '/performance/models/hearsay/health')).body.status
    for (let sent = 0; sent < 60; sent++) await report({ latency_ms: 3 })
    expect(await health()).toBe('healthy')
    await report({ accuracy_score: 0.1 })
    expect(await health()).toBe('unknown')
    for (let sent = 0; sent < 49; sent++) await report({ accuracy_score: 0.1 })
    expect(await health()).toBe('degraded')
  })

  test('a wrong key is told who it may be, a reader that this is not theirs', async () => {
    expect(await ask('GET', '/performance/models/asked/health', undefined, 'nwk_wrong')).toMatchObject({ status: 401 })
    const reader = await makeKey(await makeUser('viewer'), 'read')
    expect(await ask('PUT', '/performance/models/asked/thresholds', {}, reader)).toMatchObject({ status: 403 })
    expect(await ask('GET', '/performance/models/nothing/health')).toMatchObject({ status: 404 })
  })
})

describe('a switch', () => {
  test('moves every deployment of a model at once, and tells RelayCore', async () => {
    const [from, to] = [await makeModel('old'), await makeModel('new')]
    const deployment = await serve('old')
    const started = Date.now()
    const done = await ask('POST', '/performance/models/old/switch', { target_model: 'new', reason: 'better', switch_type: 'immediate' })
    expect(done).toMatchObject({ status: 200, body: { success: true, target_model: 'new', status: 'done' } })
    expect(Date.now() - started).toBeLessThan(5_000)
    expect((await ask('GET', `/deployments/${deployment}`)).body.targets).toMatchObject([{ model_id: to, weight: 100 }])
    await until(
      () => relay.of(from).map(({ body }) => body.status),
      (told) => told.includes('switched'),
    )
  })

  test('without a stand-in says so; to another interface it is refused', async () => {
    const other = await makeModel('other-interface')
    await db()
      .update(modelVersions)
      .set({ signature: { inputs: [], outputs: [] } })
      .where(eq(modelVersions.modelId, other))
    await makeModel('lonely')
    await serve('lonely')
    await ask('PUT', '/performance/models/lonely/thresholds', { min_accuracy: 0.5 })
    expect(await ask('POST', '/performance/models/lonely/switch', { target_model: 'other-interface', reason: 'x' })).toMatchObject({
      status: 422,
    })
    expect(await ask('POST', '/performance/models/lonely/switch', { target_model: 'absent', reason: 'x' })).toMatchObject({ status: 404 })
    await nameBackups('lonely', ['other-interface'])
    expect(await ask('POST', '/performance/models/lonely/switch', { reason: 'x' })).toMatchObject({
      status: 200,
      body: { success: false, switch_id: null },
    })
  })

  test('goes in steps, and back when the new model breaks the thresholds', async () => {
    const [slowId] = [await makeModel('slow'), await makeModel('steady')]
    const deployment = await serve('steady')
    await ask('PUT', '/performance/models/steady/thresholds', { max_latency_ms: 100, min_requests: 10, auto_switch: false })
    const begin = () =>
      ask('POST', '/performance/models/steady/switch', {
        target_model: 'slow',
        reason: 'trial',
        switch_type: 'gradual',
        duration_seconds: 600,
      })
    expect((await begin()).body).toMatchObject({ success: true, status: 'moving' })
    const weights = async () =>
      ((await ask('GET', `/deployments/${deployment}`)).body.targets as { weight: number }[]).map(({ weight }) => weight)
    expect(await weights()).toEqual([90, 10])
    // The next step is due by the clock: moved ahead, the worker takes it.
    await db().update(modelSwitches).set({ nextAt: new Date() }).where(eq(modelSwitches.status, 'moving'))
    await until(weights, (found) => found.includes(25))
    await measure(deployment, slowId, 20, 900)
    await until(weights, (found) => found.length === 1)
    const [row] = await db().select().from(modelSwitches).where(eq(modelSwitches.targetModelId, slowId))
    expect(row).toMatchObject({ status: 'rolled_back' })
    expect(row?.message).toContain('Latency')
    const traffic = await db()
      .select()
      .from(deploymentTraffic)
      .where(eq(deploymentTraffic.deploymentId, deployment))
      .orderBy(deploymentTraffic.at)
    const shares = traffic.map(({ kind, targets }) => `${kind} ${targets.map(({ model, weight }) => `${model} ${weight}`).join(', ')}`)
    expect(shares).toEqual(['deployed steady 100', 'switched steady 90, slow 10', 'step steady 75, slow 25', 'taken_back steady 100'])
    expect(traffic.map(({ reason }) => reason)).toEqual([null, 'trial', 'trial', expect.stringContaining('Latency')])
  })

  test('happens by itself when a model degrades, to the best healthy stand-in, and back when it recovers', async () => {
    const [weak, good] = [await makeModel('weak'), await makeModel('stand-in')]
    const deployment = await serve('weak')
    await nameBackups('weak', ['stand-in'])
    await ask('PUT', '/performance/models/weak/thresholds', { min_accuracy: 0.8, min_requests: 50 })
    const report = (accuracy: number) =>
      ask('POST', '/performance/models/weak/metrics', { accuracy_score: accuracy, latency_ms: 5, throughput_rps: 1, cost_per_request: 0 })
    for (let sent = 0; sent < 50; sent++) await report(0.4)
    const served = async () =>
      ((await ask('GET', `/deployments/${deployment}`)).body.targets as { model_id: string }[]).map(({ model_id: id }) => id)
    await until(served, (found) => found[0] === good)
    await until(
      () => relay.of(weak).map(({ body }) => body.status),
      (told) => told.includes('degraded') && told.includes('switched'),
    )
    // The bad reports grow old, and new ones are good.
    await db()
      .update(qualityReports)
      .set({ at: new Date(Date.now() - 3_600_000) })
      .where(eq(qualityReports.modelId, weak))
    for (let sent = 0; sent < 50; sent++) await report(0.95)
    await until(served, (found) => found[0] === weak)
    const [limits] = await db().select().from(modelThresholds).where(eq(modelThresholds.modelId, weak))
    expect(limits?.health).toBe('healthy')
    expect(await db().$count(deployments, eq(deployments.id, deployment))).toBe(1)
  })
})
