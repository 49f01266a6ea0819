/** Switches of models that other people's servers answer for, moved by the worker's own steps. */
import { and, asc, eq } from 'drizzle-orm'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ExternalState } from '#src/contracts/external.ts'
import { db } from '#src/server/db/client.ts'
import {
  deploymentReplicas,
  models,
  modelSwitches,
  modelThresholds,
  modelVersions,
  qualityReports,
  relaycoreOutbox,
} from '#src/server/db/schema.ts'
import { useDatabase } from '#src/testing/database.ts'
import { caller, makeKey, makeRuntime, makeUser } from '#src/testing/factories.ts'
import { makeArtifact } from '#src/testing/rows.ts'
import type { Caller } from '../access.ts'
import { deployModel, setTargets, stopDeployment } from '../deployments/change.ts'
import { getDeployment } from '../deployments/find.ts'
import { refreshDeployment } from '../deployments/status.ts'
import { markState } from '../external/state.ts'
import { registerModel } from '../models/register.ts'
import { setBackups } from './backups.ts'
import { advanceSwitches, cancelSwitch, listSwitches, switchModel } from './switch.ts'
import { reportQuality, setThresholds } from './thresholds.ts'
import { watchModels } from './watch.ts'

// Nobody is asked: what a probe would find is written, and what would be told stays in the outbox.
process.env.NEUROWEAVER_OUTBOUND_ALLOW = '127.0.0.1'
process.env.RELAYCORE_URL = 'http://127.0.0.1:9'
useDatabase()

let person: Caller
let count = 0
let a: string
let b: string

beforeAll(async () => {
  person = await caller(await makeKey(await makeUser('manager')))
})
beforeEach(async () => {
  count += 1
  a = `first-${count}`
  b = `second-${count}`
  // Each test has its own stand-ins: those of the others are out of the way.
  await db().update(models).set({ task: 'another' })
  await serve(a)
  await serve(b)
})

async function addVersion(name: string, state: ExternalState = 'ready'): Promise<void> {
  const external = { url: 'http://127.0.0.1:9/v1', model: 'm', maxTokens: 8, requestsPerMinute: null, maxConcurrent: 8, timeoutMs: 1_000 }
  const { latestVersion } = await registerModel(person, { name, external })
  await find(await versionOf(name, latestVersion), state)
}
const find = (versionId: string, state: ExternalState) =>
  markState(versionId, { state, reason: state === 'ready' ? null : 'It is away.', failures: 0 })

async function serve(name: string, state: ExternalState = 'ready'): Promise<void> {
  await addVersion(name, state)
  await deployModel(person, { model: name })
}

const versionOf = async (name: string, version = 1): Promise<string> => {
  const [row] = await db()
    .select({ id: modelVersions.id })
    .from(modelVersions)
    .innerJoin(models, eq(models.id, modelVersions.modelId))
    .where(and(eq(models.name, name), eq(modelVersions.version, version)))
  return row?.id as string
}
const modelIdOf = async (name: string) => {
  const [row] = await db().select({ id: models.id }).from(models).where(eq(models.name, name))
  return row?.id as string
}
const shares = async (deployment: string) =>
  (await getDeployment(person, deployment)).targets.map(({ modelName, version, weight }) => `${modelName} v${version} ${weight}`).sort()
const told = async (name: string) => {
  const rows = await db()
    .select({ kind: relaycoreOutbox.kind, status: relaycoreOutbox.payload })
    .from(relaycoreOutbox)
    .where(eq(relaycoreOutbox.modelName, name))
    .orderBy(asc(relaycoreOutbox.seq))
  return rows.map(({ kind, status }) => String(status.status ?? kind))
}
const begin = (type: 'immediate' | 'gradual', targetModel?: string, model = a) =>
  switchModel(person, { model, ...(targetModel ? { targetModel } : {}), type, reason: 'test', durationSeconds: 600 })
async function step(): Promise<void> {
  await db().update(modelSwitches).set({ nextAt: new Date() }).where(eq(modelSwitches.status, 'moving'))
  await advanceSwitches()
}

/** Leaves only reports of this accuracy, and lets the worker look. */
async function report(name: string, accuracyScore: number): Promise<void> {
  await db()
    .delete(qualityReports)
    .where(eq(qualityReports.modelId, await modelIdOf(name)))
  await reportQuality(person, { model: name, accuracyScore })
  await watchModels()
}
const limit = (name = a) => setThresholds(person, { model: name, minAccuracy: 0.8, minRequests: 1 })

describe('a stand-in', () => {
  test('is never one whose server is away, however good its reports are', async () => {
    const dead = `dead-${count}`
    await serve(dead, 'failed')
    await reportQuality(person, { model: dead, accuracyScore: 0.99 })
    expect(await begin('immediate')).toMatchObject({ targetModel: b })
    await find(await versionOf(b), 'failing')
    await switchModel(person, { model: a, targetModel: a, type: 'immediate', reason: 'back', durationSeconds: 4 })
    expect(await begin('immediate')).toBeUndefined()
  })

  test('is never a model all of whose deployments failed', async () => {
    await find(await versionOf(b), 'failed')
    await addVersion(b)
    expect(await begin('immediate')).toBeUndefined()
    await deployModel(person, { model: b, version: 2 })
    expect(await begin('immediate')).toMatchObject({ targetModel: b })
  })

  test('that keeps to its thresholds comes before one that nobody judged', async () => {
    const judged = `judged-${count}`
    await serve(judged)
    await reportQuality(person, { model: b, accuracyScore: 0.99 })
    await limit(judged)
    await report(judged, 0.9)
    expect(await begin('immediate')).toMatchObject({ targetModel: judged })
  })
})

describe('a model whose stand-in went away', () => {
  test('is switched back by hand', async () => {
    await begin('immediate', b)
    await find(await versionOf(b), 'failed')
    expect(await getDeployment(person, a)).toMatchObject({ status: 'failed' })
    expect(await begin('immediate', a)).toMatchObject({ status: 'done' })
    expect(await getDeployment(person, a)).toMatchObject({ status: 'ready', targets: [{ modelName: a, weight: 100 }] })
  })

  test('goes back by itself', async () => {
    await limit()
    await report(a, 0.4)
    expect(await shares(a)).toEqual([`${b} v1 100`])
    await find(await versionOf(b), 'failed')
    await report(a, 0.95)
    expect(await shares(a)).toEqual([`${a} v1 100`])
  })
})

describe('the return by itself', () => {
  test('leaves a version alone that a person deployed since', async () => {
    await deployModel(person, { model: a, name: `${a}-two` })
    await limit()
    await report(a, 0.4)
    expect(await shares(a)).toEqual([`${b} v1 100`])
    await addVersion(a)
    await deployModel(person, { model: a })
    await report(a, 0.95)
    expect(await shares(a)).toEqual([`${a} v2 100`])
    expect(await shares(`${a}-two`)).toEqual([`${a} v1 100`])
  })

  test('is tried again after a trial was taken back', async () => {
    await limit()
    await report(a, 0.4)
    await find(await versionOf(a), 'failing')
    await db()
      .update(modelSwitches)
      .set({ createdAt: new Date(Date.now() - 900_000) })
      .where(eq(modelSwitches.modelId, await modelIdOf(a)))
    await report(a, 0.95)
    expect(await shares(a)).toEqual([`${a} v1 10`, `${b} v1 90`])
    await advanceSwitches()
    expect(await shares(a)).toEqual([`${b} v1 100`])
    await find(await versionOf(a), 'ready')
    await report(a, 0.95)
    expect(await shares(a)).toEqual([`${a} v1 100`])
  })
})

describe('a gradual switch', () => {
  const two = () => `${a}-two`
  beforeEach(() => deployModel(person, { model: a, name: two() }))

  test.each([
    ['deploys to', (name: string) => deployModel(person, { model: a, name })],
    ['sets the targets of', (name: string) => setTargets(person, { deployment: name, targets: [{ version: 1, weight: 100 }] })],
    ['stops', (name: string) => stopDeployment(person, name)],
  ])('goes on with the others when somebody %s one deployment, and ends with the last', async (_, touch) => {
    await begin('gradual', b)
    await touch(two())
    await step()
    expect(await shares(a)).toEqual([`${a} v1 75`, `${b} v1 25`])
    if ((await getDeployment(person, two())).status !== 'stopped') expect(await shares(two())).toEqual([`${a} v1 100`])
    await touch(a)
    expect(await listSwitches(person, a)).toMatchObject([{ status: 'cancelled', nextAt: null }])
  })

  test('is not touched by a deployment under a new name', async () => {
    await begin('gradual', b)
    await deployModel(person, { model: a, name: `${a}-three` })
    await step()
    for (const name of [a, two()]) expect(await shares(name)).toEqual([`${a} v1 75`, `${b} v1 25`])
    expect(await shares(`${a}-three`)).toEqual([`${a} v1 100`])
  })

  test('goes back at once when the server of the new version is away', async () => {
    await begin('gradual', b)
    await find(await versionOf(b), 'failing')
    await step()
    expect(await shares(a)).toEqual([`${a} v1 100`])
    expect(await listSwitches(person, a)).toMatchObject([{ status: 'rolled_back', message: 'Went back at 10 %: It is away.' }])
  })

  test('goes back at once when no runtime can load the new version', async () => {
    const runtime = await makeRuntime('inference', { lastHeartbeatAt: new Date(Date.now() + 600_000), url: 'http://127.0.0.1:9' })
    const [from, to] = [`file-a-${count}`, `file-b-${count}`]
    for (const name of [from, to])
      await registerModel(person, { name, files: [{ path: 'model.onnx', sha256: await makeArtifact(person) }] })
    const { id: deploymentId } = await deployModel(person, { model: from })
    const found = (versionId: string, state: 'ready' | 'failed') =>
      db()
        .insert(deploymentReplicas)
        .values({ deploymentId, versionId, runtimeId: runtime.id, state, readyReplicas: state === 'ready' ? 1 : 0, reason: 'It is torn.' })
    await found(await versionOf(from), 'ready')
    await refreshDeployment(db(), deploymentId)
    await begin('gradual', to, from)
    await step()
    expect(await shares(from)).toEqual([`${from} v1 75`, `${to} v1 25`].sort())
    await found(await versionOf(to), 'failed')
    await step()
    expect(await shares(from)).toEqual([`${from} v1 100`])
    expect(await listSwitches(person, from)).toMatchObject([{ status: 'rolled_back', message: 'Went back at 25 %: It is torn.' }])
  })
})

describe('what RelayCore hears last', () => {
  test('is the new state, after the event', async () => {
    await begin('immediate', b)
    expect(await told(a)).toEqual(['register', 'ready', 'switched', 'ready'])
  })

  test('is that the model failed, when it was switched to a server that is away', async () => {
    await find(await versionOf(b), 'failed')
    await begin('immediate', b)
    expect((await told(a)).slice(2)).toEqual(['switched', 'failed'])
  })

  test('is the state after a switch was cancelled', async () => {
    const row = await begin('gradual', b)
    await cancelSwitch(person, row?.id ?? '')
    expect((await told(a)).slice(2)).toEqual(['switched', 'ready', 'ready'])
  })

  test('is the state after the model went to its stand-in and back by itself', async () => {
    await limit()
    await report(a, 0.4)
    expect((await told(a)).slice(2)).toEqual(['degraded', 'switched', 'ready'])
    await report(a, 0.95)
    expect((await told(a)).slice(5)).toEqual(['switched', 'ready'])
  })

  test('is the best that a deployment of the model is, told when it changes', async () => {
    await addVersion(a, 'failed')
    await deployModel(person, { model: a, name: `${a}-two` })
    expect(await getDeployment(person, `${a}-two`)).toMatchObject({ status: 'failed' })
    expect((await told(a)).slice(2)).toEqual([])
    await stopDeployment(person, a)
    expect((await told(a)).slice(2)).toEqual(['failed'])
    await stopDeployment(person, `${a}-two`)
    expect((await told(a)).slice(3)).toEqual(['remove'])
  })

  test('is that the model is ready, when the thresholds that it broke are taken away', async () => {
    await setBackups(person, { model: a, backups: [b] })
    await setThresholds(person, { model: a, minAccuracy: 0.8, minRequests: 1, autoSwitch: false })
    await report(a, 0.4)
    expect((await told(a)).slice(2)).toEqual(['degraded'])
    await setThresholds(person, { model: a, minAccuracy: null })
    expect((await told(a)).slice(3)).toEqual(['ready'])
    const [row] = await db()
      .select()
      .from(modelThresholds)
      .where(eq(modelThresholds.modelId, await modelIdOf(a)))
    expect(row?.health).toBe('unknown')
  })
})
