import { createHash, randomUUID } from 'node:crypto'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { bucketOf, emptyHistogram } from '#src/contracts/latency.ts'
import type { MetricReport, ReplicaReport } from '#src/contracts/runtime.ts'
import { db } from '#src/server/db/client.ts'
import { startListener, stopListener } from '#src/server/db/listen.ts'
import { runtimes } from '#src/server/db/schema.ts'
import { useDatabase } from '#src/testing/database.ts'
import { caller, makeKey, makeProject, makeRuntime, makeUser } from '#src/testing/factories.ts'
import { exampleSignature, makeArtifact } from '#src/testing/rows.ts'
import type { Caller } from '../access.ts'
import { deleteModel, setAlias } from '../models/change.ts'
import { registerModel } from '../models/register.ts'
import { listVersions } from '../models/versions.ts'
import { recordHeartbeat } from '../runtimes.ts'
import { introspect } from './calls.ts'
import { deployModel, setTargets, stopDeployment } from './change.ts'
import { isServedFile, recordReplicas, watchDesired } from './desired.ts'
import { getDeployment, listDeployments } from './find.ts'
import { readMetrics } from './metrics.ts'
import { sweepDeployments } from './status.ts'
import { readTraffic } from './traffic.ts'

const database = useDatabase()
const never = new AbortController().signal
const parity = null
let person: Caller
let key: string
let runtime: Caller
let credential: string
let model: string
let count = 0

beforeAll(async () => {
  await startListener(database.url)
  key = await makeKey(await makeUser('manager'))
  person = await caller(key)
})
afterAll(stopListener)
beforeEach(async () => {
  await db().update(runtimes).set({ removedAt: sql`now()` })
  credential = (await makeRuntime('inference', { lastHeartbeatAt: new Date(), url: 'http://127.0.0.1:9' })).credential
  runtime = await caller(credential)
  model = `served-${++count}`
  for (let version = 0; version < 2; version++)
    await registerModel(person, { name: model, files: [{ path: 'model.onnx', sha256: await makeArtifact(person) }] })
})

const versionIds = async () => (await listVersions(person, { model, limit: 10 })).items.toReversed().map(({ id }) => id)
const report = (deployment_id: string, version_id: string, rest: Partial<ReplicaReport> = {}): ReplicaReport => ({
  deployment_id,
  version_id,
  state: 'ready',
  progress: null,
  ready_replicas: 1,
  reason_code: null,
  reason: null,
  parity,
  ...rest,
})

describe('deploying', () => {
  test('takes the latest ready version and the name of the model', async () => {
    expect(await deployModel(person, { model })).toMatchObject({
      name: model,
      status: 'pending',
      targets: [{ version: 2, weight: 100 }],
      endpointUrl: `http://127.0.0.1:9/v2/models/${model}`,
    })
  })

  test('again moves the same deployment to the other version', async () => {
    const first = await deployModel(person, { model })
    const second = await deployModel(person, { model, version: 1 })
    expect(second).toMatchObject({ id: first.id, targets: [{ version: 1, weight: 100 }] })
  })

  test('by many at once makes one deployment', async () => {
    const made = await Promise.all(Array.from({ length: 10 }, () => deployModel(person, { model })))
    expect(new Set(made.map(({ id }) => id)).size).toBe(1)
  })

  test('a name that the deployment of another model has is a conflict, also across projects', async () => {
    await deployModel(person, { model, name: `taken-${count}` })
    const rival = `rival-${count}`
    await registerModel(person, { name: rival, files: [{ path: 'model.onnx', sha256: await makeArtifact(person) }] })
    await expect(deployModel(person, { model: rival, name: `taken-${count}` })).rejects.toMatchObject({ code: 'conflict' })
    const stranger = await caller(await makeKey(await makeUser('manager'), 'write', await makeProject()))
    await registerModel(stranger, { name: model, files: [{ path: 'model.onnx', sha256: await makeArtifact(stranger) }] })
    await expect(deployModel(stranger, { model, name: `taken-${count}` })).rejects.toMatchObject({ code: 'conflict' })
  })

  test('what has no graph can not be deployed', async () => {
    await registerModel(person, {
      name: `${model}-bin`,
      files: [{ path: 'weights.bin', sha256: await makeArtifact(person, 'unknown', null) }],
    })
    await expect(deployModel(person, { model: `${model}-bin` })).rejects.toMatchObject({ code: 'unprocessable' })
  })

  test('stopping frees the name and keeps the deployment in the list', async () => {
    const first = await deployModel(person, { model })
    expect(await stopDeployment(person, model)).toMatchObject({ id: first.id, status: 'stopped' })
    const second = await deployModel(person, { model })
    expect(second.id).not.toBe(first.id)
    const { items } = await listDeployments(person, { q: model, limit: 10, skip: 0 })
    expect(items.map(({ status }) => status)).toEqual(['pending', 'stopped'])
  })
})

describe('targets', () => {
  test('share the traffic of versions with equal signatures', async () => {
    await deployModel(person, { model })
    const { targets } = await setTargets(person, {
      deployment: model,
      targets: [
        { version: 1, weight: 70 },
        { version: 2, weight: 30 },
      ],
    })
    expect(targets).toMatchObject([
      { version: 1, weight: 70 },
      { version: 2, weight: 30 },
    ])
  })

  test('is kept over time, with who moved it; readers of other projects see none of it', async () => {
    const { id } = await deployModel(person, { model, version: 1 })
    await setTargets(person, { deployment: id, targets: [1, 2].map((version) => ({ version, weight: version === 1 ? 90 : 10 })) })
    await stopDeployment(person, id)
    const by = person.email
    const share = (version: number, weight: number) => ({ model, version, weight })
    const kept = [
      { kind: 'deployed', targets: [share(1, 100)], by },
      { kind: 'set', targets: [share(1, 90), share(2, 10)], by },
      { kind: 'stopped', targets: [], by },
    ]
    expect(await readTraffic(person, { deployment: id })).toMatchObject(kept)
    const later = (await readTraffic(person, { deployment: id }))[2]?.at
    expect(await readTraffic(person, { deployment: id, from: later })).toMatchObject(kept.slice(1))
    const stranger = await caller(await makeKey(await makeUser('user'), 'read', await makeProject()))
    await expect(readTraffic(stranger, { deployment: id })).rejects.toMatchObject({ code: 'not_found' })
  })

  test('of unequal signatures are refused', async () => {
    const other = { ...exampleSignature, inputs: [{ name: 'z', datatype: 'INT64' as const, shape: [-1] }] }
    await registerModel(person, { name: model, files: [{ path: 'model.onnx', sha256: await makeArtifact(person, 'onnx', other) }] })
    await deployModel(person, { model, version: 1 })
    await expect(
      setTargets(person, {
        deployment: model,
        targets: [
          { version: 1, weight: 50 },
          { version: 3, weight: 50 },
        ],
      }),
    ).rejects.toMatchObject({ code: 'unprocessable' })
  })
})

describe('the state of a deployment', () => {
  test('follows what its runtime says: loading, ready, and failed with the reason', async () => {
    const { id } = await deployModel(person, { model })
    const [, second] = await versionIds()
    await recordReplicas(runtime, [report(id, second as string, { state: 'loading', ready_replicas: 0, progress: 0.4 })])
    expect(await getDeployment(person, id)).toMatchObject({ status: 'loading' })
    await recordReplicas(runtime, [report(id, second as string)])
    expect(await getDeployment(person, id)).toMatchObject({ status: 'ready', reason: null })
    await recordReplicas(runtime, [
      report(id, second as string, { state: 'failed', ready_replicas: 0, reason_code: 'parity', reason: 'off by 0.2' }),
    ])
    expect(await getDeployment(person, id)).toMatchObject({ status: 'failed', reason: 'parity: off by 0.2' })
  })

  test('is degraded while a new version fails and the old one serves', async () => {
    const { id } = await deployModel(person, { model })
    const [first, second] = await versionIds()
    await recordReplicas(runtime, [
      report(id, first as string),
      report(id, second as string, { state: 'failed', ready_replicas: 0, reason_code: 'load', reason: 'broken' }),
    ])
    expect(await getDeployment(person, id)).toMatchObject({
      status: 'degraded',
      reason: expect.stringContaining('Version 1 goes on serving'),
    })
  })

  test('is pending, with the reason, once its runtime is silent', async () => {
    const { id } = await deployModel(person, { model })
    const [, second] = await versionIds()
    await recordReplicas(runtime, [report(id, second as string)])
    await db().update(runtimes).set({ lastHeartbeatAt: sql`now() - interval '1 minute'` })
    await sweepDeployments()
    expect(await getDeployment(person, id)).toMatchObject({ status: 'pending', reason: expect.stringContaining('No inference runtime') })
  })
})

describe('the desired state', () => {
  test('wakes a watcher when something is deployed, and names only what is deployed', async () => {
    const first = await watchDesired(null, 0, never)
    const waiting = watchDesired(first?.revision ?? null, 20_000, never)
    const started = performance.now()
    const { id } = await deployModel(person, { model })
    const desired = await waiting
    // Far below the five seconds after which it would have looked anyway.
    expect(performance.now() - started).toBeLessThan(3_000)
    const found = desired?.deployments.find((deployment) => deployment.deployment_id === id)
    expect(found).toMatchObject({ name: model, targets: [{ version: 2, weight: 100, signature: exampleSignature }] })
    const digest = found?.targets[0]?.files[0]?.sha256 as string
    expect(await isServedFile(digest)).toBe(true)
    await stopDeployment(person, id)
    expect(await isServedFile(digest)).toBe(false)
  })
})

describe('who may call', () => {
  const digestOf = (token: string) => createHash('sha256').update(token).digest('hex')

  test('a key that may read the project, nobody else', async () => {
    await deployModel(person, { model })
    expect(await introspect(digestOf(key), model)).toMatchObject({ status: 200 })
    expect(await introspect(digestOf('nwk_wrong'), model)).toMatchObject({ status: 401 })
    expect(await introspect(digestOf(key), 'nothing-here')).toMatchObject({ status: 404 })
    const foreign = await makeKey(await makeUser('manager'), 'read', await makeProject())
    expect(await introspect(digestOf(foreign), model)).toMatchObject({ status: 404 })
  })
})

describe('metrics', () => {
  const histogram = (...durations: number[]) => {
    const counts = emptyHistogram()
    for (const duration of durations) counts[bucketOf(duration)] = (counts[bucketOf(duration)] ?? 0) + 1
    return counts
  }
  const beat = (boot: string, metrics: MetricReport[]) =>
    recordHeartbeat(runtime, credential, { boot_id: boot, devices: [], running: 0, metrics, replicas: [] })

  test('a report sent twice counts once, and two boots add up', async () => {
    const { id } = await deployModel(person, { model })
    const [, versionId] = await versionIds()
    const minute = new Date(Math.floor(Date.now() / 60_000) * 60_000).toISOString()
    const figures = (requests: number, ...durations: number[]): MetricReport => ({
      deployment_id: id,
      version_id: versionId as string,
      minute,
      requests,
      errors: 0,
      latency_counts: histogram(...durations),
      queue_counts: histogram(...durations.map(() => 0.1)),
    })
    const [first, second] = [randomUUID(), randomUUID()]
    await beat(first, [figures(2, 10, 10), figures(2, 10, 10)])
    await beat(first, [figures(2, 10, 10)])
    await beat(first, [figures(3, 10, 10, 100)])
    // A late repeat of an older report does not take anything back.
    await beat(first, [figures(2, 10, 10)])
    await beat(second, [figures(1, 10)])
    const buckets = await readMetrics(person, { deployment: id })
    expect(buckets).toMatchObject([{ version: 2, requests: 4, errors: 0 }])
    expect(buckets[0]?.latencyMs.p50).toBeGreaterThan(8)
    expect(buckets[0]?.latencyMs.p99).toBeGreaterThan(80)
    const { items } = await listDeployments(person, { q: model, limit: 10, skip: 0 })
    expect(items[0]?.lastHour).toMatchObject({ requests: 4, errors: 0 })
  })

  test('figures of something that is not there are dropped, the heartbeat counts', async () => {
    const gone: MetricReport = {
      deployment_id: randomUUID(),
      version_id: randomUUID(),
      minute: new Date().toISOString(),
      requests: 1,
      errors: 0,
      latency_counts: emptyHistogram(),
      queue_counts: emptyHistogram(),
    }
    await expect(beat(randomUUID(), [gone])).resolves.toMatchObject({ is_draining: false })
    const [row] = await db()
      .select()
      .from(runtimes)
      .where(eq(runtimes.id, runtime.runtimeId as string))
    expect(row?.lastHeartbeatAt).not.toBeNull()
  })

  test('a range that ends before it begins is refused', async () => {
    await deployModel(person, { model })
    await expect(
      readMetrics(person, { deployment: model, from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' }),
    ).rejects.toMatchObject({ code: 'bad_request' })
  })
})

test('a model whose version another deployment serves can not be deleted', async () => {
  const other = `${model}-other`
  const made = await registerModel(person, { name: other, files: [{ path: 'model.onnx', sha256: await makeArtifact(person) }] })
  const deployment = await deployModel(person, { model })
  await setTargets(person, {
    deployment: deployment.id,
    targets: [
      { version: 1, weight: 50 },
      { modelId: made.id, version: 1, weight: 50 },
    ],
  })
  await expect(deleteModel(person, other)).rejects.toMatchObject({ code: 'conflict' })
  expect((await getDeployment(person, deployment.id)).targets).toHaveLength(2)
  await stopDeployment(person, deployment.id)
  await deleteModel(person, other)
})

test('an alias may be called as what every object has', async () => {
  await expect(deployModel(person, { model, alias: 'constructor' })).rejects.toMatchObject({ code: 'not_found' })
  await setAlias(person, { model, alias: 'constructor', version: 1 })
  expect(await deployModel(person, { model, alias: 'constructor' })).toMatchObject({ targets: [{ version: 1 }] })
})
