/** What training runtimes do with jobs. The row carries the lease; its attempt number fences off whoever lost it. */
import { and, asc, desc, eq, inArray, isNull, lt, ne, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Lineage } from '#src/contracts/model.ts'
import type { ClaimResponse, checkpointRequest, claimRequest, eventsRequest, finishRequest } from '#src/contracts/runtime.ts'
import { type Device, heartbeatMs, isFinal, type JobErrorCode, leaseMs, maxAttempts } from '#src/contracts/training.ts'
import { db, type Queryable, type Tx, transaction } from '#src/server/db/client.ts'
import { listener } from '#src/server/db/listen.ts'
import {
  artifacts,
  checkpoints,
  datasetFiles,
  datasets,
  datasetVersions,
  models,
  modelVersions,
  runtimes,
  trainingJobs,
  uploads,
  versionFiles,
} from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import { take } from '#src/server/jobs/queues.ts'
import { createLog } from '#src/server/log.ts'
import type { Caller } from '../access.ts'
import { announce, recordAudit, recordSystemAudit } from '../audit.ts'
import { emit } from '../channels/emit.ts'
import { addVersion, ensureModel } from '../models/register.ts'
import { settleVersion } from '../models/settle.ts'
import { appendEvents, lastNumber, stateEvent } from './events.ts'
import { deviceOf, enqueue } from './jobs.ts'
import type { JobRow } from './view.ts'

const log = createLog('training')
const leaseUntil = sql`now() + make_interval(secs => ${leaseMs / 1000})`
/** A notification may be lost; the queue is looked at this often anyway. */
const backstopMs = 5_000

const leaseLost = () =>
  new AppError('conflict', 'This attempt no longer holds the lease of the job. Stop it and send nothing more.', {
    details: [{ path: 'attempt', message: 'is not the current one' }],
  })

type Free = Pick<z.infer<typeof claimRequest>, 'devices' | 'auto'>

/** Waits for a job that one of these devices can run. */
export async function claimJob(caller: Caller, free: Free, waitMs: number, signal: AbortSignal): Promise<ClaimResponse | undefined> {
  const until = Date.now() + waitMs
  const wanted: string[] = [...free.devices, ...(free.auto ? ['auto'] : [])]
  // Who hung up would never learn of a job, which would wait out a lease and lose an attempt.
  while (!signal.aborted) {
    const woken = listener().wait('nw_training', Math.min(backstopMs, Math.max(0, until - Date.now())), signal, (device) =>
      wanted.includes(device),
    )
    const claimed = await tryClaim(caller, free)
    if (claimed) return claimed
    if (Date.now() >= until) return undefined
    await woken
  }
  return undefined
}

async function tryClaim(caller: Caller, free: Free): Promise<ClaimResponse | undefined> {
  const [runtime] = await db()
    .select({ isDraining: runtimes.isDraining })
    .from(runtimes)
    .where(eq(runtimes.id, caller.runtimeId as string))
  if (runtime?.isDraining) return undefined
  for (const device of await inOrder(free)) {
    const claimed = await transaction((tx) => claimFrom(tx, caller, device))
    if (claimed) return claimed
  }
  return undefined
}

/** What needs a GPU before what does not; of jobs that a processor can run, the one that has waited longest tells where to begin. */
async function inOrder({ devices, auto }: Free): Promise<Device[]> {
  const first: Device[] = devices.includes('cuda') ? ['cuda'] : []
  if (!devices.includes('cpu')) return auto ? [...first, 'auto'] : first
  if (!auto) return [...first, 'cpu']
  const [oldest] = await db()
    .select({ device: trainingJobs.device, recipe: trainingJobs.recipe, spec: trainingJobs.spec })
    .from(trainingJobs)
    .where(and(eq(trainingJobs.status, 'queued'), ne(trainingJobs.device, 'cuda')))
    .orderBy(asc(trainingJobs.id))
    .limit(1)
  return oldest && deviceOf(oldest) === 'auto' ? [...first, 'auto', 'cpu'] : [...first, 'cpu', 'auto']
}

async function claimFrom(tx: Tx, caller: Caller, device: Device): Promise<ClaimResponse | undefined> {
  for (let taken = await take(tx, `training.${device}`); taken; taken = await take(tx, `training.${device}`)) {
    const [job] = await tx
      .update(trainingJobs)
      .set({
        status: 'running',
        reason: null,
        attempt: sql`${trainingJobs.attempt} + 1`,
        leaseUntil,
        runtimeId: caller.runtimeId,
        startedAt: sql`coalesce(${trainingJobs.startedAt}, now())`,
      })
      .where(and(eq(trainingJobs.id, taken.jobId), eq(trainingJobs.status, 'queued')))
      .returning()
    if (!job) continue
    await appendEvents(tx, job, [stateEvent('running', job.attempt > 1 ? `Attempt ${job.attempt}` : undefined)])
    await announce(tx, 'job', job.projectId, job.id)
    return describeClaim(tx, job)
  }
  return undefined
}

async function describeClaim(tx: Tx, job: JobRow): Promise<ClaimResponse> {
  const [version] = await tx
    .select({
      name: datasets.name,
      version: datasetVersions.version,
      digest: datasetVersions.digest,
      format: datasetVersions.format,
      columns: datasetVersions.columns,
    })
    .from(datasetVersions)
    .innerJoin(datasets, eq(datasets.id, datasetVersions.datasetId))
    .where(eq(datasetVersions.id, job.datasetVersionId))
  const files = await tx
    .select({ path: datasetFiles.path, sha256: artifacts.sha256, size_bytes: artifacts.sizeBytes })
    .from(datasetFiles)
    .innerJoin(artifacts, eq(artifacts.sha256, datasetFiles.sha256))
    .where(eq(datasetFiles.datasetVersionId, job.datasetVersionId))
    .orderBy(asc(datasetFiles.position))
  const [checkpoint] = await tx
    .select({ step: checkpoints.step, sha256: checkpoints.sha256, size_bytes: checkpoints.sizeBytes })
    .from(checkpoints)
    .where(eq(checkpoints.jobId, job.id))
    .orderBy(desc(checkpoints.attempt), desc(checkpoints.step))
    .limit(1)
  const { spec } = job
  return {
    job_id: job.id,
    attempt: job.attempt,
    correlation_id: job.correlationId,
    traceparent: job.traceparent,
    lease_ms: leaseMs,
    heartbeat_ms: heartbeatMs,
    name: job.name,
    recipe: job.recipe,
    model_name: job.modelName,
    columns: spec.columns,
    hyper_parameters: spec.hyperParameters,
    split: { test: spec.split.test, ...(spec.split.groupBy ? { group_by: spec.split.groupBy } : {}) },
    seed: spec.seed,
    device: job.device,
    gpus: spec.resources.gpus,
    dataset: {
      name: version?.name ?? '',
      version: version?.version ?? 0,
      digest: version?.digest ?? '',
      format: version?.format ?? 'csv',
      files,
      columns: (version?.columns ?? []).map(({ name, type }) => ({ name, type })),
    },
    base: await describeBase(tx, job),
    checkpoint: checkpoint ?? null,
  }
}

async function describeBase(tx: Tx, job: JobRow): Promise<ClaimResponse['base']> {
  if (!job.baseVersionId) return null
  const [base] = await tx
    .select({ model: models.name, version: modelVersions.version })
    .from(modelVersions)
    .innerJoin(models, eq(models.id, modelVersions.modelId))
    .where(eq(modelVersions.id, job.baseVersionId))
  if (!base) return null
  const files = await tx
    .select({ path: versionFiles.path, sha256: artifacts.sha256, size_bytes: artifacts.sizeBytes })
    .from(versionFiles)
    .innerJoin(artifacts, eq(artifacts.sha256, versionFiles.sha256))
    .where(eq(versionFiles.versionId, job.baseVersionId))
  return { ...base, files }
}

const holds = (caller: Caller, jobId: string, attempt: number) =>
  and(
    eq(trainingJobs.id, jobId),
    eq(trainingJobs.attempt, attempt),
    eq(trainingJobs.runtimeId, caller.runtimeId as string),
    eq(trainingJobs.status, 'running'),
  )

/** Renews the lease. @throws AppError conflict when it is lost. */
export async function heartbeatJob(caller: Caller, jobId: string, attempt: number): Promise<{ cancel: boolean }> {
  const [job] = await db()
    .update(trainingJobs)
    .set({ leaseUntil })
    .where(holds(caller, jobId, attempt))
    .returning({ cancelRequestedAt: trainingJobs.cancelRequestedAt })
  if (!job) throw leaseLost()
  return { cancel: job.cancelRequestedAt !== null }
}

async function lockHeld(tx: Tx, caller: Caller, jobId: string, attempt: number): Promise<JobRow> {
  const [job] = await tx
    .select()
    .from(trainingJobs)
    .where(holds(caller, jobId, attempt))
    .for('update')
  if (!job) throw leaseLost()
  return job
}

const announcedAt = new Map<string, number>()
/** Lists and badges follow a job's progress this often; its own page hears each event. */
const announceEveryMs = 1_000

function isDueToAnnounce(jobId: string): boolean {
  const now = Date.now()
  if (now - (announcedAt.get(jobId) ?? 0) < announceEveryMs) return false
  if (announcedAt.size > 1000) announcedAt.clear()
  announcedAt.set(jobId, now)
  return true
}

/** Takes a batch of events; those that came before are dropped. */
export async function recordEvents(caller: Caller, jobId: string, input: z.infer<typeof eventsRequest>): Promise<number> {
  return transaction(async (tx) => {
    const job = await lockHeld(tx, caller, jobId, input.attempt)
    const known = await lastNumber(tx, jobId, input.attempt)
    const fresh = input.events.filter((event) => event.n > known).sort((left, right) => left.n - right.n)
    await appendEvents(tx, job, fresh)
    const progress = fresh.findLast((event) => event.type === 'progress')
    if (progress?.type === 'progress') {
      await tx
        .update(trainingJobs)
        .set({ progress: progress.progress, step: progress.step, etaSeconds: progress.eta_seconds })
        .where(eq(trainingJobs.id, jobId))
      if (isDueToAnnounce(jobId)) await announce(tx, 'job', job.projectId, jobId)
    }
    return Math.max(known, fresh.at(-1)?.n ?? 0)
  })
}

/** Keeps a checkpoint whose bytes are verified; older ones of the job are let go. */
export async function recordCheckpoint(caller: Caller, jobId: string, input: z.infer<typeof checkpointRequest>): Promise<void> {
  await transaction(async (tx) => {
    await lockHeld(tx, caller, jobId, input.attempt)
    const [file] = await readyUploads(tx, caller, [{ path: 'checkpoint', upload_id: input.upload_id }])
    if (!file) throw leaseLost()
    await tx
      .insert(checkpoints)
      .values({ jobId, attempt: input.attempt, step: input.step, sha256: file.sha256, sizeBytes: file.sizeBytes })
      .onConflictDoUpdate({
        target: [checkpoints.jobId, checkpoints.attempt, checkpoints.step],
        set: { sha256: file.sha256, sizeBytes: file.sizeBytes },
      })
  })
}

type ReadyFile = { path: string; uploadId: string; sha256: string; sizeBytes: number }

/** Uploads of this very runtime that are ready. @throws AppError conflict on `files` while one is not. */
async function readyUploads(tx: Queryable, caller: Caller, files: readonly { path: string; upload_id: string }[]): Promise<ReadyFile[]> {
  const ids = files.map((file) => file.upload_id)
  const rows = await tx
    .select()
    .from(uploads)
    .where(and(inArray(uploads.id, ids), eq(uploads.runtimeId, caller.runtimeId as string)))
  return files.map((file) => {
    const upload = rows.find((row) => row.id === file.upload_id)
    const details = [{ path: 'files', message: `${file.path} is not ready` }]
    if (!upload) throw new AppError('unprocessable', `${file.path}: this runtime has no such upload.`, { details })
    if (upload.status === 'rejected') throw new AppError('unprocessable', `${file.path} was rejected: ${upload.reason}`, { details })
    if (upload.status !== 'ready' || !upload.sha256)
      throw new AppError('conflict', `${file.path} is still ${upload.status}. Try again in a moment.`, { details })
    return { path: file.path, uploadId: upload.id, sha256: upload.sha256, sizeBytes: upload.sizeBytes }
  })
}

type Finish = z.infer<typeof finishRequest>

/** Ends an attempt. Asked again after a lost answer, it gives the same answer. */
export async function finishJob(caller: Caller, jobId: string, input: Finish): Promise<{ status: string; version: number | null }> {
  return transaction(async (tx) => {
    const [job] = await tx.select().from(trainingJobs).where(eq(trainingJobs.id, jobId)).for('update')
    const isMine = job?.runtimeId === caller.runtimeId && job?.attempt === input.attempt
    if (job && isMine && isFinal(job.status) && job.status === input.outcome) return { status: job.status, version: job.version }
    if (!job || !isMine || job.status !== 'running') throw leaseLost()
    if (input.outcome === 'succeeded') return succeed(tx, caller, job, input)
    if (input.outcome === 'cancelled') return end(tx, job, 'cancelled', null)
    // What broke while it was being cancelled is not started again.
    if (job.cancelRequestedAt) return end(tx, job, 'cancelled', null)
    const isRetried = input.is_retryable && job.attempt < maxAttempts
    return isRetried ? requeue(tx, job, input.error.message) : end(tx, job, 'failed', input.error)
  })
}

async function succeed(
  tx: Tx,
  caller: Caller,
  job: JobRow,
  input: Extract<Finish, { outcome: 'succeeded' }>,
): Promise<{ status: string; version: number }> {
  const files = await readyUploads(tx, caller, input.files)
  const model = await ensureModel(tx, job.projectId, job.modelName, job.createdBy)
  const lineage = await lineageOf(tx, job, input.environment)
  const { id, version } = await addVersion(tx, model, files, { metrics: input.metrics, parity: input.parity, lineage }, job.createdBy)
  await recordAudit(tx, caller, {
    action: 'version.train',
    targetType: 'model',
    targetId: model.id,
    after: { name: model.name, version, job: job.id },
    projectId: job.projectId,
  })
  await settleVersion(tx, id, caller.correlationId)
  const [row] = await tx
    .select({ status: modelVersions.status, message: modelVersions.statusMessage })
    .from(modelVersions)
    .where(eq(modelVersions.id, id))
  if (row?.status !== 'ready')
    throw new AppError('unprocessable', row?.message ?? 'The result is not a version that can be ready.', {
      details: [{ path: 'files', message: 'can not be served' }],
    })
  await tx
    .update(trainingJobs)
    .set({
      status: 'succeeded',
      reason: null,
      progress: 1,
      etaSeconds: 0,
      metrics: input.metrics,
      modelId: model.id,
      modelVersionId: id,
      version,
      leaseUntil: null,
      finishedAt: sql`now()`,
    })
    .where(eq(trainingJobs.id, job.id))
  await appendEvents(tx, job, [stateEvent('succeeded', `${job.modelName} version ${version}`)])
  await recordEnd(tx, job, { status: 'succeeded', version })
  await tellEnd(tx, job, 'training.succeeded', { model: { id: model.id, name: model.name }, version, metrics: input.metrics })
  await announce(tx, 'job', job.projectId, job.id)
  return { status: 'succeeded', version }
}

/** Under the correlation id of the request that made the job. */
const recordEnd = (tx: Tx, job: JobRow, after: Record<string, unknown>) =>
  recordSystemAudit(
    tx,
    {
      action: 'job.end',
      targetType: 'job',
      targetId: job.id,
      targetName: job.name,
      before: { status: job.status },
      after,
      projectId: job.projectId,
    },
    job.correlationId ?? undefined,
  )

const tellEnd = (tx: Tx, job: JobRow, event: 'training.succeeded' | 'training.failed', facts: Record<string, unknown>) =>
  emit(tx, job.projectId, event, { job: { id: job.id, name: job.name }, ...facts, correlation_id: job.correlationId ?? job.id })

async function lineageOf(tx: Tx, job: JobRow, environment: Record<string, unknown>): Promise<Lineage> {
  const [dataset] = await tx
    .select({ id: datasets.id, name: datasets.name, version: datasetVersions.version, digest: datasetVersions.digest })
    .from(datasetVersions)
    .innerJoin(datasets, eq(datasets.id, datasetVersions.datasetId))
    .where(eq(datasetVersions.id, job.datasetVersionId))
  return {
    source: 'training',
    job: { id: job.id, name: job.name, recipe: job.recipe, attempt: job.attempt },
    ...(dataset ? { dataset: { ...dataset, digest: dataset.digest ?? '' } } : {}),
    base: job.spec.base ?? null,
    seed: job.spec.seed,
    hyperParameters: job.spec.hyperParameters,
    environment,
  }
}

async function end(
  tx: Tx,
  job: JobRow,
  status: 'failed' | 'cancelled',
  error: { code: JobErrorCode; message: string } | null,
): Promise<{ status: string; version: null }> {
  await tx
    .update(trainingJobs)
    .set({
      status,
      reason: error?.message ?? null,
      errorCode: error?.code ?? null,
      errorMessage: error?.message ?? null,
      etaSeconds: null,
      leaseUntil: null,
      finishedAt: sql`now()`,
    })
    .where(eq(trainingJobs.id, job.id))
  await appendEvents(tx, job, [stateEvent(status, error?.message)])
  await recordEnd(tx, job, { status, reason: error?.message })
  if (status === 'failed') await tellEnd(tx, job, 'training.failed', { reason: error?.message ?? null, error_code: error?.code ?? null })
  await announce(tx, 'job', job.projectId, job.id)
  return { status, version: null }
}

async function requeue(tx: Tx, job: JobRow, reason: string): Promise<{ status: string; version: null }> {
  await tx
    .update(trainingJobs)
    .set({ status: 'queued', reason, leaseUntil: null, runtimeId: null, etaSeconds: null })
    .where(eq(trainingJobs.id, job.id))
  await appendEvents(tx, job, [stateEvent('queued', `${reason} It is queued again.`)])
  await enqueue(tx, job)
  return { status: 'queued', version: null }
}

/** Sends jobs again whose runtime has not been heard for a lease; called by the worker every few seconds. */
export async function sweepLeases(): Promise<number> {
  const expired = await db()
    .select({ id: trainingJobs.id })
    .from(trainingJobs)
    .where(and(eq(trainingJobs.status, 'running'), lt(trainingJobs.leaseUntil, sql`now()`)))
    .limit(100)
  for (const { id } of expired) {
    await transaction(async (tx) => {
      const isExpired = and(eq(trainingJobs.id, id), eq(trainingJobs.status, 'running'), lt(trainingJobs.leaseUntil, sql`now()`))
      const [job] = await tx.select().from(trainingJobs).where(isExpired).for('update')
      if (!job) return
      log.warn('a running job lost its runtime', { data: { jobId: job.id, attempt: job.attempt }, correlationId: job.correlationId })
      if (job.cancelRequestedAt) await end(tx, job, 'cancelled', null)
      else if (job.attempt >= maxAttempts)
        await end(tx, job, 'failed', {
          code: 'lost',
          message: `Its runtime was lost ${job.attempt} times. Look at the runtime's log and memory, then start the job again.`,
        })
      else await requeue(tx, job, 'Its runtime was not heard of for 20 seconds.')
    })
  }
  return expired.length
}

/** Fails queued jobs for a device that no runtime of the installation has. */
export async function failUnavailable(missing: string | undefined): Promise<void> {
  const queued = await db()
    .select({ id: trainingJobs.id, device: trainingJobs.device })
    .from(trainingJobs)
    .where(and(eq(trainingJobs.status, 'queued'), lt(trainingJobs.createdAt, sql`now() - interval '3 seconds'`)))
    .limit(500)
  if (queued.length === 0) return
  const known = await db()
    .select({ devices: runtimes.devices, isRemoved: sql<boolean>`${runtimes.removedAt} is not null` })
    .from(runtimes)
    .where(and(eq(runtimes.kind, 'training'), isNull(runtimes.removedAt)))
  const hasCuda = known.some((runtime) => runtime.devices.some((device) => device.kind === 'cuda'))
  for (const { id, device } of queued) {
    const message =
      known.length === 0
        ? (missing ?? 'No training runtime has joined this installation. Start one, then start the job again.')
        : 'No runtime of this installation has a CUDA device. Choose "auto" or "cpu", or join a machine with a GPU.'
    if (known.length > 0 && (device !== 'cuda' || hasCuda)) continue
    await transaction(async (tx) => {
      const [job] = await tx
        .select()
        .from(trainingJobs)
        .where(and(eq(trainingJobs.id, id), eq(trainingJobs.status, 'queued')))
        .for('update')
      if (job) await end(tx, job, 'failed', { code: 'resource_unavailable', message })
    })
  }
}

/** True when one of this runtime's running jobs needs these bytes. */
export async function isTrainingInput(caller: Caller, sha256: string): Promise<boolean> {
  const { rows } = await db().execute(sql`
    select 1 from ${trainingJobs} j where j.runtime_id = ${caller.runtimeId} and j.status = 'running' and (
      exists (select 1 from ${datasetFiles} f where f.dataset_version_id = j.dataset_version_id and f.sha256 = ${sha256})
      or exists (select 1 from ${versionFiles} f where f.version_id = j.base_version_id and f.sha256 = ${sha256})
      or exists (select 1 from ${checkpoints} c where c.job_id = j.id and c.sha256 = ${sha256})
    ) limit 1`)
  return rows.length > 0
}
