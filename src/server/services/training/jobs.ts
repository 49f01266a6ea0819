/** What people do with training jobs. */
import { and, desc, eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { isUuid, type Page } from '#src/contracts/common.ts'
import { type CreateJob, type Device, isFinal, type Job, type JobSummary, type listJobs as listInput } from '#src/contracts/training.ts'
import { db, notify, type Tx, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { runtimes, trainingJobs } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import { send } from '#src/server/jobs/queues.ts'
import { traceHeaders } from '#src/telemetry/tracing.ts'
import type { Caller } from '../access.ts'
import { announce, recordAudit } from '../audit.ts'
import { type DatasetVersionRow, findDatasetRow, findDatasetVersion } from '../datasets/find.ts'
import { findModelRow } from '../models/find.ts'
import { findVersionRow } from '../models/versions.ts'
import { afterCursor, countCap, encodeCursor, likePattern, listPlace } from '../paging.ts'
import { searching } from '../searching.ts'
import { appendEvents, stateEvent } from './events.ts'
import { checkHyperParameters } from './recipes.ts'
import { findBase, type JobRow, type NamedJobRow, selectJobs, summarise, viewJob } from './view.ts'

const refuse = (path: string, message: string) => new AppError('unprocessable', `${path}: ${message}`, { details: [{ path, message }] })

/** The columns a job will use, checked against what the data set has. */
function checkColumns(input: CreateJob, version: DatasetVersionRow): CreateJob['columns'] {
  const names = new Set(version.columns.map((column) => column.name))
  const has = [...names].slice(0, 20).join(', ')
  const must = (path: string, name: string) => {
    if (!names.has(name)) throw refuse(path, `the data set has no column "${name}"; it has ${has}`)
  }
  if (input.recipe === 'text-classification') {
    const { text = 'text', label = 'label' } = input.columns
    must('columns.text', text)
    must('columns.label', label)
    return { text, label }
  }
  const { target, features, exclude } = input.columns
  if (!target) throw refuse('columns.target', `name the column to predict; the data set has ${has}`)
  must('columns.target', target)
  for (const name of features ?? []) must('columns.features', name)
  if (features?.includes(target)) throw refuse('columns.features', `"${target}" is the target and can not be a feature too`)
  return { target, ...(features ? { features } : {}), ...(exclude ? { exclude } : {}) }
}

async function findReadyDataset(tx: Tx, caller: Caller, input: CreateJob): Promise<{ name: string; version: DatasetVersionRow }> {
  const dataset = await findDatasetRow(tx, caller, input.dataset)
  const version = await findDatasetVersion(tx, dataset, input.datasetVersion)
  if (version.status === 'pending')
    throw new AppError('conflict', `Version ${version.version} of ${dataset.name} is still being read. Try again in a moment.`)
  if (version.status === 'rejected')
    throw refuse('dataset', `version ${version.version} of ${dataset.name} was rejected: ${version.reason}`)
  return { name: dataset.name, version }
}

/** Queues a training job: its row and its place in the queue in one transaction. */
export async function createJob(caller: Caller, input: CreateJob): Promise<Job> {
  await checkHyperParameters(input.recipe, input.hyperParameters)
  const id = await transaction(async (tx) => {
    const dataset = await findReadyDataset(tx, caller, input)
    const columns = checkColumns(input, dataset.version)
    const base = input.base ? await findVersionRow(tx, await findModelRow(tx, caller, input.base.model), input.base.version) : undefined
    if (base && base.status !== 'ready') throw refuse('base', `version ${base.version} is ${base.status}`)
    const id = newId()
    const [row] = await tx
      .insert(trainingJobs)
      .values({
        id,
        projectId: caller.project.id,
        name: input.name ?? `${input.modelName} on ${dataset.name}`,
        recipe: input.recipe,
        status: 'queued',
        spec: { ...input, columns },
        device: input.resources.device,
        datasetVersionId: dataset.version.id,
        baseVersionId: base?.id ?? null,
        modelName: input.modelName,
        correlationId: caller.correlationId,
        traceparent: traceHeaders().traceparent ?? null,
        createdBy: caller.userId,
      })
      .returning()
    await enqueue(tx, row as JobRow)
    await appendEvents(tx, row as JobRow, [stateEvent('queued')])
    await recordAudit(tx, caller, {
      action: 'job.create',
      targetType: 'job',
      targetId: id,
      after: {
        name: row?.name,
        recipe: input.recipe,
        dataset: input.dataset,
        modelName: input.modelName,
        hyperParameters: input.hyperParameters,
      },
    })
    return id
  })
  return getJob(caller, id)
}

/** What a job needs of a machine. Trees are grown on the processor, and take no GPU from those that can use one. */
export function deviceOf({ device, recipe, spec }: Pick<JobRow, 'device' | 'recipe' | 'spec'>): Device {
  const isTrees = recipe.startsWith('tabular-') && (spec.hyperParameters.algorithm ?? 'lightgbm') !== 'mlp'
  return device === 'auto' && isTrees ? 'cpu' : device
}

/** The same question to the database, of jobs that run: whether the processor is what this one needs. */
const needsProcessor = sql`(${trainingJobs.device} = 'cpu' or (${trainingJobs.device} = 'auto' and ${trainingJobs.recipe} like 'tabular-%'
  and coalesce(${trainingJobs.spec} #>> '{hyperParameters,algorithm}', 'lightgbm') <> 'mlp'))`

/** Gives a job its place in the queue of its device and wakes the agents that wait there. */
export async function enqueue(tx: Tx, job: Pick<JobRow, 'id' | 'device' | 'recipe' | 'spec' | 'projectId'>): Promise<void> {
  const device = deviceOf(job)
  await send(tx, `training.${device}`, { jobId: job.id })
  await notify(tx, 'nw_training', device)
  await announce(tx, 'job', job.projectId, job.id)
}

async function findNamedRow(caller: Caller, id: string): Promise<NamedJobRow> {
  const [row] = isUuid(id) ? await selectJobs(db(), and(eq(trainingJobs.projectId, caller.project.id), eq(trainingJobs.id, id))) : []
  if (!row) throw new AppError('not_found', `There is no training job ${id.slice(0, 100)} in this project.`)
  return row
}

export async function getJob(caller: Caller, id: string): Promise<Job> {
  const row = await findNamedRow(caller, id)
  const [base, waitingFor] = await Promise.all([findBase(row), reasonForWaiting(row)])
  return viewJob(row, caller.project.name, base, waitingFor)
}

const isLive = sql`${runtimes.lastHeartbeatAt} > now() - interval '30 seconds' and ${runtimes.removedAt} is null and not ${runtimes.isDraining}`

/** Why no GPU can be had at this moment, in a sentence; null when one is free. */
async function reasonForNoGpu(): Promise<string | null> {
  const gpus = sql`jsonb_array_length(jsonb_path_query_array(${runtimes.devices}, '$[*] ? (@.kind == "cuda")'))`
  // Beside its GPUs a machine has its processor.
  const onProcessor = sql`(select count(*) from ${trainingJobs} where ${trainingJobs.runtimeId} = ${runtimes.id}
    and ${trainingJobs.status} = 'running' and ${needsProcessor})`
  const [row] = await db()
    .select({
      gpus: sql<number>`coalesce(sum(${gpus}), 0)::int`,
      free: sql<number>`coalesce(sum(greatest(${gpus} - greatest(${runtimes.running} - ${onProcessor}, 0), 0)), 0)::int`,
    })
    .from(runtimes)
    .where(and(eq(runtimes.kind, 'training'), isLive))
  if (!row?.gpus) return 'No training runtime with a GPU is connected just now. It starts when one is.'
  if (row.free > 0) return null
  return row.gpus === 1 ? 'It waits for a GPU: the only one is in use.' : `It waits for a GPU: all ${row.gpus} are in use.`
}

/** Why a queued job has not started, in a sentence. */
async function reasonForWaiting(job: JobRow): Promise<string | null> {
  if (job.status !== 'queued') return null
  const missing = job.device === 'cuda' ? await reasonForNoGpu() : null
  if (missing) return missing
  const [row] = await db()
    .select({
      live: sql<number>`count(*) filter (where ${isLive})::int`,
      ahead: sql<number>`(select count(*)::int from ${trainingJobs} where ${trainingJobs.status} in ('queued', 'running') and ${trainingJobs.id} < ${job.id})`,
    })
    .from(runtimes)
    .where(eq(runtimes.kind, 'training'))
  if (!row?.live) return 'No training runtime is connected just now. It starts when one is.'
  if (row.ahead > 0) return `${row.ahead} ${row.ahead === 1 ? 'job is' : 'jobs are'} ahead of it.`
  return 'A training runtime is about to take it.'
}

export async function listJobs(caller: Caller, input: z.infer<typeof listInput>): Promise<Page<JobSummary>> {
  const place = listPlace('jobs', caller.project.id, input)
  const where = and(
    eq(trainingJobs.projectId, caller.project.id),
    input.status ? eq(trainingJobs.status, input.status) : undefined,
    input.recipe ? eq(trainingJobs.recipe, input.recipe) : undefined,
    input.q
      ? sql`(${trainingJobs.name} ilike ${likePattern(input.q)} or ${trainingJobs.modelName} ilike ${likePattern(input.q)})`
      : undefined,
  )
  const some = db().select({ one: sql`1` }).from(trainingJobs).where(where).limit(countCap).as('some')
  const [rows, [count]] = await searching({ q: input.q }, (on) =>
    Promise.all([
      selectJobs(on, and(where, afterCursor(place, input.cursor, trainingJobs.createdAt, trainingJobs.id, 'desc')))
        .orderBy(desc(trainingJobs.createdAt), desc(trainingJobs.id))
        .limit(input.limit + 1)
        .offset(input.cursor ? 0 : input.skip),
      on.select({ count: sql<number>`count(*)::int` }).from(some),
    ]),
  )
  const shown = rows.slice(0, input.limit)
  const last = rows.length > input.limit ? shown.at(-1) : undefined
  return { items: shown.map(summarise), nextCursor: last ? encodeCursor(place, last.createdAt, last.id) : null, total: count?.count ?? 0 }
}

/** Checks that the caller may read a job's events; the job's state says whether more will come. */
export async function watchJob(caller: Caller, id: string): Promise<{ id: string; isFinal: boolean }> {
  const [row] = isUuid(id)
    ? await db()
        .select({ id: trainingJobs.id, status: trainingJobs.status })
        .from(trainingJobs)
        .where(and(eq(trainingJobs.projectId, caller.project.id), eq(trainingJobs.id, id)))
    : []
  if (!row) throw new AppError('not_found', `There is no training job ${id.slice(0, 100)} in this project.`)
  return { id: row.id, isFinal: isFinal(row.status) }
}

/** Cancels a queued job at once; a running one is asked to stop, and says `cancelled` when it has. */
export async function cancelJob(caller: Caller, id: string): Promise<Job> {
  await watchJob(caller, id)
  await transaction(async (tx) => {
    const [job] = await tx.select().from(trainingJobs).where(eq(trainingJobs.id, id)).for('update')
    if (!job) throw new AppError('not_found', 'The job was deleted at the same moment.')
    if (job.status === 'cancelled' || job.cancelRequestedAt) return
    if (isFinal(job.status)) throw new AppError('conflict', `The job has ${job.status} already.`)
    const isQueued = job.status === 'queued'
    await tx
      .update(trainingJobs)
      .set({ cancelRequestedAt: sql`now()`, ...(isQueued ? { status: 'cancelled' as const, finishedAt: sql`now()` } : {}) })
      .where(eq(trainingJobs.id, id))
    await appendEvents(tx, job, [
      isQueued ? stateEvent('cancelled') : stateEvent('cancelling', 'A person asked to cancel; the trainer stops at its next step.'),
    ])
    await recordAudit(tx, caller, {
      action: 'job.cancel',
      targetType: 'job',
      targetId: id,
      before: { status: job.status },
      after: { status: isQueued ? 'cancelled' : 'cancelling' },
    })
    await announce(tx, 'job', job.projectId, id)
  })
  return getJob(caller, id)
}
