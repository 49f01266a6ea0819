import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createJob as createJobInput } from '#src/contracts/training.ts'
import { db } from '#src/server/db/client.ts'
import { startListener, stopListener } from '#src/server/db/listen.ts'
import { modelVersions, runtimes, trainingEvents, trainingJobs } from '#src/server/db/schema.ts'
import { useDatabase } from '#src/testing/database.ts'
import { caller, makeKey, makeRuntime, makeUser } from '#src/testing/factories.ts'
import { exampleSignature, makeArtifact, makeReadyDataset, makeReadyUpload } from '#src/testing/rows.ts'
import { toAppError } from '#src/server/errors.ts'
import type { Caller } from '../access.ts'
import { deleteModel } from '../models/change.ts'
import { registerModel } from '../models/register.ts'
import { deleteVersion } from '../models/versions.ts'
import { readEvents, readSeries } from './events.ts'
import { cancelJob, createJob, getJob } from './jobs.ts'
import { claimJob, failUnavailable, finishJob, heartbeatJob, recordCheckpoint, recordEvents, sweepLeases } from './leases.ts'
import { sweepLost } from './silence.ts'

const database = useDatabase()
let person: Caller
let agent: Caller
let other: Caller
let dataset: string

beforeAll(async () => {
  await startListener(database.url)
  person = await caller(await makeKey(await makeUser('manager')))
  dataset = await makeReadyDataset(person)
})
afterAll(stopListener)
beforeEach(async () => {
  // Jobs of other tests must not be claimed by this one's agent.
  await db().update(trainingJobs).set({ status: 'cancelled' }).where(sql`${trainingJobs.status} in ('queued', 'running')`)
  agent = await caller((await makeRuntime('training', { devices: [{ kind: 'cpu', index: 0, name: 'cpu' }] })).credential)
  other = await caller((await makeRuntime('training')).credential)
})

const request = (changes: object = {}) =>
  createJobInput.parse({
    recipe: 'tabular-classification',
    dataset,
    columns: { target: 'left' },
    modelName: `m-${Math.random().toString(36).slice(2)}`,
    ...changes,
  })
const neverAborted = new AbortController().signal
const processor = { devices: ['cpu' as const], auto: true }
const claim = (by: Caller) => claimJob(by, processor, 0, neverAborted)
const expireLease = (id: string) =>
  db().update(trainingJobs).set({ leaseUntil: sql`now() - interval '1 second'` }).where(eq(trainingJobs.id, id))
const event = (n: number, rest: object = { type: 'log', level: 'info', message: `line ${n}` }) =>
  ({ n, at: new Date().toISOString(), ...rest }) as never
const success = (attempt: number, files: { path: string; upload_id: string }[]) => ({
  outcome: 'succeeded' as const,
  attempt,
  files,
  signature: exampleSignature,
  metrics: { accuracy: 0.9 },
  parity: { passed: true, cases: 8, max_abs_error: 0, tolerance: 1e-3, checked_by: 'test' },
  environment: {},
})
const lost = expect.objectContaining({ code: 'conflict', details: [expect.objectContaining({ path: 'attempt' })] })

describe('claiming', () => {
  test('two agents never get the same job', async () => {
    const jobs = await Promise.all([createJob(person, request()), createJob(person, request())])
    const claims = await Promise.all([claim(agent), claim(other), claim(agent), claim(other)])
    const ids = claims.filter((claimed) => claimed !== undefined).map((claimed) => claimed.job_id)
    expect(ids.toSorted()).toEqual(jobs.map((job) => job.id).toSorted())
  })

  test('an agent that waits is woken by a new job', async () => {
    const waiting = claimJob(agent, processor, 20_000, neverAborted)
    const started = performance.now()
    const job = await createJob(person, request())
    expect((await waiting)?.job_id).toBe(job.id)
    // Far below the five seconds after which it would have looked anyway.
    expect(performance.now() - started).toBeLessThan(3_000)
  })

  test('each device gets what it is for: trees the processor, what runs on either a GPU before the processor', async () => {
    const one = async (changes: object) => (await createJob(person, request(changes))).id
    const net = { algorithm: 'mlp' }
    const trees = await one({})
    const either = await one({ hyperParameters: net })
    const cpu = await one({ hyperParameters: net, resources: { device: 'cpu', gpus: 0 } })
    const cuda = await one({ hyperParameters: net, resources: { device: 'cuda', gpus: 1 } })
    const take = async (devices: ('cpu' | 'cuda')[], auto: boolean) => (await claimJob(agent, { devices, auto }, 0, neverAborted))?.job_id
    // A processor beside a GPU that is free leaves it what that can run.
    expect(await take(['cpu'], false)).toBe(trees)
    expect(await take(['cpu'], false)).toBe(cpu)
    expect(await take(['cpu'], false)).toBeUndefined()
    expect(await take(['cuda'], true)).toBe(cuda)
    expect(await take(['cuda'], true)).toBe(either)
    // A machine with a single place takes everything, what needs the GPU first, then the oldest.
    const [late, later, needs] = [
      await one({ hyperParameters: net }),
      await one({}),
      await one({ hyperParameters: net, resources: { device: 'cuda', gpus: 1 } }),
    ]
    expect([await take(['cpu', 'cuda'], true), await take(['cpu', 'cuda'], true), await take(['cpu', 'cuda'], true)]).toEqual([
      needs,
      late,
      later,
    ])
    const [first, second] = [await one({}), await one({ hyperParameters: net })]
    expect([await take(['cpu'], true), await take(['cpu'], true)]).toEqual([first, second])
  })

  test('a processor that waits is woken by a job that runs on either', async () => {
    const waiting = claimJob(agent, processor, 20_000, neverAborted)
    const started = performance.now()
    const job = await createJob(person, request({ hyperParameters: { algorithm: 'mlp' } }))
    expect((await waiting)?.job_id).toBe(job.id)
    expect(performance.now() - started).toBeLessThan(3_000)
  })

  test('an agent that hung up gets no job', async () => {
    const job = await createJob(person, request())
    expect(await claimJob(agent, processor, 20_000, AbortSignal.abort())).toBeUndefined()
    expect(await getJob(person, job.id)).toMatchObject({ status: 'queued', attempt: 0 })
  })

  test('a job that was cancelled in the queue is not handed out', async () => {
    const job = await createJob(person, request())
    expect(await cancelJob(person, job.id)).toMatchObject({ status: 'cancelled' })
    expect(await claim(agent)).toBeUndefined()
  })

  test('the claim says all that the trainer needs', async () => {
    const job = await createJob(person, request({ seed: 7, hyperParameters: { rounds: 10 } }))
    expect(await claim(agent)).toMatchObject({
      job_id: job.id,
      attempt: 1,
      seed: 7,
      columns: { target: 'left' },
      hyper_parameters: { rounds: 10 },
      dataset: {
        name: dataset,
        files: [{ path: `${dataset}.csv` }],
        columns: [{ name: 'age', type: 'number' }, { name: 'city' }, { name: 'left' }],
      },
      checkpoint: null,
    })
  })
})

describe('the lease', () => {
  test('a job whose runtime falls silent is queued again, with a checkpoint to go on from', async () => {
    const { id } = await createJob(person, request())
    await claim(agent)
    const upload = await makeReadyUpload(agent, person.project.id, 'unknown')
    await recordCheckpoint(agent, id, { attempt: 1, step: 40, upload_id: upload })
    await expireLease(id)
    await sweepLeases()
    expect(await getJob(person, id)).toMatchObject({ status: 'queued' })
    expect(await claim(other)).toMatchObject({ job_id: id, attempt: 2, checkpoint: { step: 40 } })
  })

  test('whoever lost the lease can write nothing more', async () => {
    const { id } = await createJob(person, request())
    await claim(agent)
    await expireLease(id)
    await sweepLeases()
    await claim(other)
    const upload = await makeReadyUpload(agent, person.project.id)
    await expect(heartbeatJob(agent, id, 1)).rejects.toEqual(lost)
    await expect(recordEvents(agent, id, { attempt: 1, events: [event(1)] })).rejects.toEqual(lost)
    await expect(recordCheckpoint(agent, id, { attempt: 1, step: 1, upload_id: upload })).rejects.toEqual(lost)
    await expect(finishJob(agent, id, success(1, [{ path: 'model.onnx', upload_id: upload }]))).rejects.toEqual(lost)
    // Nor by guessing the number of the attempt that now runs.
    await expect(finishJob(agent, id, success(2, [{ path: 'model.onnx', upload_id: upload }]))).rejects.toEqual(lost)
    expect(await getJob(person, id)).toMatchObject({ status: 'running', attempt: 2 })
  })

  test('a job whose runtime is lost three times fails', async () => {
    const { id } = await createJob(person, request())
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect(await claim(agent)).toMatchObject({ attempt })
      await expireLease(id)
      await sweepLeases()
    }
    expect(await getJob(person, id)).toMatchObject({ status: 'failed', error: { code: 'lost' } })
  })

  test('a lost job that was to be cancelled is cancelled', async () => {
    const { id } = await createJob(person, request())
    await claim(agent)
    await cancelJob(person, id)
    expect(await heartbeatJob(agent, id, 1)).toEqual({ cancel: true })
    await expireLease(id)
    await sweepLeases()
    expect(await getJob(person, id)).toMatchObject({ status: 'cancelled' })
  })
})

describe('silence', () => {
  const hear = (heard: boolean) =>
    db()
      .update(runtimes)
      .set({ lastHeartbeatAt: heard ? sql`now()` : sql`now() - interval '1 minute'` })
  let clock = 0
  /** Looks every five seconds for so long, as the worker does. @returns the job's status and attempt. */
  const lookFor = async (id: string, seconds: number) => {
    for (let passed = 0; passed < seconds; passed += 5) {
      clock += 5_000
      await sweepLost(clock)
    }
    const { status, attempt } = await getJob(person, id)
    return [status, attempt]
  }
  const startExpired = async (): Promise<string> => {
    const { id } = await createJob(person, request())
    await claim(agent)
    await expireLease(id)
    // The looks of another test were long ago.
    clock += 3_600_000
    return id
  }

  test('of one runtime beside others that are heard means that it is lost', async () => {
    const id = await startExpired()
    await hear(true)
    expect(await lookFor(id, 15)).toEqual(['running', 1])
    expect(await lookFor(id, 5)).toEqual(['queued', 1])
  })

  test('of all is an outage of web or of the database: it costs no attempt, and each has time to be heard after it', async () => {
    const id = await startExpired()
    await hear(false)
    expect(await lookFor(id, 120)).toEqual(['running', 1])
    await hear(true)
    expect(await lookFor(id, 10)).toEqual(['running', 1])
    expect(await heartbeatJob(agent, id, 1)).toEqual({ cancel: false })
    expect(await lookFor(id, 60)).toEqual(['running', 1])
  })

  test('means nothing either while nobody looked, because the worker or the database was away', async () => {
    const id = await startExpired()
    await hear(true)
    expect(await lookFor(id, 10)).toEqual(['running', 1])
    clock += 30_000
    expect(await lookFor(id, 15)).toEqual(['running', 1])
    expect(await lookFor(id, 5)).toEqual(['queued', 1])
  })

  test('of all for many minutes gives the job to whoever comes next', async () => {
    const id = await startExpired()
    await hear(false)
    expect(await lookFor(id, 300)).toEqual(['running', 1])
    expect(await lookFor(id, 5)).toEqual(['queued', 1])
  })
})

describe('events', () => {
  test('an event sent twice counts once, and the order holds over attempts', async () => {
    const { id } = await createJob(person, request())
    await claim(agent)
    await recordEvents(agent, id, { attempt: 1, events: [event(1), event(2)] })
    expect(await recordEvents(agent, id, { attempt: 1, events: [event(2), event(3)] })).toBe(3)
    await expireLease(id)
    await sweepLeases()
    await claim(other)
    await recordEvents(other, id, { attempt: 2, events: [event(1)] })
    const events = await readEvents(id, 0, 1000)
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
    expect(events.filter(({ type }) => type === 'log').map(({ attempt }) => attempt)).toEqual([1, 1, 1, 2])
  })

  test('batches that come at once leave no gap and no double', async () => {
    const { id } = await createJob(person, request())
    await claim(agent)
    await Promise.all(Array.from({ length: 10 }, () => recordEvents(agent, id, { attempt: 1, events: [event(1), event(2), event(3)] })))
    const rows = await db().select({ n: trainingEvents.n }).from(trainingEvents).where(eq(trainingEvents.jobId, id))
    expect(
      rows
        .map(({ n }) => n)
        .filter((n) => n !== null)
        .toSorted(),
    ).toEqual([1, 2, 3])
  })

  test('a thinned series keeps its extremes', async () => {
    const { id } = await createJob(person, request())
    await claim(agent)
    const values = Array.from({ length: 900 }, (_, step) => (step === 333 ? 99 : step === 444 ? -99 : Math.sin(step)))
    const events = values.map((value, step) => event(step + 1, { type: 'metric', name: 'loss', value, step }))
    await recordEvents(agent, id, { attempt: 1, events: events as never })
    const [series] = await readSeries(id, 10)
    const shown = series?.points.map((point) => point.value) ?? []
    expect(shown.length).toBeLessThanOrEqual(40)
    expect([Math.max(...(shown as number[])), Math.min(...(shown as number[]))]).toEqual([99, -99])
    expect([shown[0], shown.at(-1)]).toEqual([values[0], values.at(-1)])
  })
})

describe('the end of a job', () => {
  test('success registers one version, also when the answer was lost and it is said again', async () => {
    const { id, modelName } = await createJob(person, request())
    await claim(agent)
    const files = [{ path: 'model.onnx', upload_id: await makeReadyUpload(agent, person.project.id) }]
    expect(await finishJob(agent, id, success(1, files))).toEqual({ status: 'succeeded', version: 1 })
    expect(await finishJob(agent, id, success(1, files))).toEqual({ status: 'succeeded', version: 1 })
    const job = await getJob(person, id)
    expect(job).toMatchObject({ status: 'succeeded', version: 1, modelName, metrics: { accuracy: 0.9 } })
    const versions = await db()
      .select()
      .from(modelVersions)
      .where(eq(modelVersions.modelId, job.modelId as string))
    expect(versions).toMatchObject([{ version: 1, status: 'ready', lineage: { job: { id }, dataset: { name: dataset } } }])
  })

  test('a result that names an upload of another runtime is refused', async () => {
    const { id } = await createJob(person, request())
    await claim(agent)
    const stolen = await makeReadyUpload(other, person.project.id)
    await expect(finishJob(agent, id, success(1, [{ path: 'model.onnx', upload_id: stolen }]))).rejects.toMatchObject({
      code: 'unprocessable',
    })
    expect(await getJob(person, id)).toMatchObject({ status: 'running' })
  })

  test('a crash is tried again, bad data are not', async () => {
    const crashed = await createJob(person, request())
    await claim(agent)
    await finishJob(agent, crashed.id, {
      outcome: 'failed',
      attempt: 1,
      error: { code: 'killed', message: 'It was killed.' },
      is_retryable: true,
    })
    expect(await getJob(person, crashed.id)).toMatchObject({ status: 'queued' })
    await claim(agent)
    await finishJob(agent, crashed.id, {
      outcome: 'failed',
      attempt: 2,
      error: { code: 'invalid_data', message: 'row 3' },
      is_retryable: false,
    })
    expect(await getJob(person, crashed.id)).toMatchObject({ status: 'failed', error: { code: 'invalid_data', message: 'row 3' } })
  })

  test('a job for a device that no runtime has fails with the reason', async () => {
    const { id } = await createJob(person, request({ resources: { device: 'cuda', gpus: 1 } }))
    await db().update(trainingJobs).set({ createdAt: sql`now() - interval '4 seconds'` }).where(eq(trainingJobs.id, id))
    await failUnavailable(undefined)
    expect(await getJob(person, id)).toMatchObject({ status: 'failed', error: { code: 'resource_unavailable' } })
  })

  test('a job waits for a GPU while all are taken, and says so', async () => {
    const devices = [0, 1].map((index) => ({ kind: 'cuda' as const, index, name: 'NVIDIA A100', uuid: `GPU-${index}` }))
    const isTwo = eq(runtimes.id, other.runtimeId as string)
    await db().update(runtimes).set({ devices, capacity: 2, running: 2, lastHeartbeatAt: sql`now()` }).where(isTwo)
    const { id } = await createJob(person, request({ resources: { device: 'cuda', gpus: 1 } }))
    await db().update(trainingJobs).set({ createdAt: sql`now() - interval '4 seconds'` }).where(eq(trainingJobs.id, id))
    await failUnavailable(undefined)
    expect(await getJob(person, id)).toMatchObject({ status: 'queued', waitingFor: 'It waits for a GPU: all 2 are in use.' })
    await db().update(runtimes).set({ running: 1 }).where(isTwo)
    expect((await getJob(person, id)).waitingFor).not.toContain('in use')
    // Trees that may run anywhere grow on the processor, and one of the two GPUs is free beside them.
    const trees = await createJob(person, request())
    expect((await claim(other))?.job_id).toBe(trees.id)
    await db().update(runtimes).set({ running: 2 }).where(isTwo)
    expect((await getJob(person, id)).waitingFor).not.toContain('in use')
    await cancelJob(person, trees.id)
    await db().update(runtimes).set({ lastHeartbeatAt: sql`now() - interval '1 minute'` }).where(isTwo)
    expect((await getJob(person, id)).waitingFor).toContain('No training runtime with a GPU is connected')
    await cancelJob(person, id)
    await db().update(runtimes).set({ devices: [], capacity: 1, running: 0 }).where(isTwo)
  })
})

describe('a request that can not be trained', () => {
  test.each([
    ['an unknown target', { columns: { target: 'nope' } }, 'columns.target'],
    ['no target', { columns: {} }, 'columns.target'],
    ['the target as a feature', { columns: { target: 'left', features: ['left', 'age'] } }, 'columns.features'],
    ['an unknown hyper-parameter', { hyperParameters: { leafs: 3 } }, 'hyper_parameters.leafs'],
    ['a hyper-parameter out of range', { hyperParameters: { rounds: 0 } }, 'hyper_parameters.rounds'],
  ])('%s is refused, naming the field', async (_what, changes, path) => {
    await expect(createJob(person, request(changes))).rejects.toMatchObject({
      code: 'unprocessable',
      details: [expect.objectContaining({ path })],
    })
  })

  test('a data set that is not there is not found', async () => {
    await expect(createJob(person, request({ dataset: 'nope' }))).rejects.toMatchObject({ code: 'not_found' })
  })
})

test('an attempt that breaks while it is being cancelled is not started again', async () => {
  const { id } = await createJob(person, request())
  await claim(agent)
  await cancelJob(person, id)
  const error = { code: 'internal' as const, message: 'it broke' }
  await finishJob(agent, id, { outcome: 'failed', attempt: 1, error, is_retryable: true })
  expect(await getJob(person, id)).toMatchObject({ status: 'cancelled' })
  expect(await claim(other)).toBeUndefined()
})

test('a series goes on past the steps that an int4 holds', async () => {
  const { id } = await createJob(person, request())
  await claim(agent)
  const step = 2 ** 40
  await recordEvents(agent, id, { attempt: 1, events: [event(1, { type: 'metric', name: 'loss', value: 1, step })] })
  expect(await readSeries(id, 10)).toMatchObject([{ name: 'loss', points: [{ step }] }])
})

test('the base of a job that has not ended can not be deleted', async () => {
  const files = [{ path: 'model.onnx', sha256: await makeArtifact(person) }]
  await registerModel(person, { name: 'base-model', files })
  const job = await createJob(person, request({ base: { model: 'base-model', version: 1 } }))
  const refused = expect.objectContaining({ code: 'conflict', message: expect.stringContaining(job.name) })
  await expect(deleteVersion(person, { model: 'base-model', version: 1 })).rejects.toEqual(refused)
  await expect(deleteModel(person, 'base-model')).rejects.toEqual(refused)
  await cancelJob(person, job.id)
  await deleteModel(person, 'base-model')
})

test('jobs and the deletion of their base at the same moment: whoever comes second is told', async () => {
  const files = [{ path: 'model.onnx', sha256: await makeArtifact(person) }]
  for (let round = 0; round < 10; round++) {
    const model = `raced-${round}`
    await registerModel(person, { name: model, files })
    const [made, deleted] = await Promise.allSettled([
      createJob(person, request({ base: { model, version: 1 } })),
      deleteModel(person, model),
    ])
    expect([made.status, deleted.status].toSorted()).toEqual(['fulfilled', 'rejected'])
    const { reason } = [made, deleted].find(({ status }) => status === 'rejected') as PromiseRejectedResult
    expect(['conflict', 'not_found']).toContain(toAppError(reason).code)
  }
})
