import { z } from 'zod'
import { id, idOrName, name, pageOf, text } from './common.ts'

export const jobStatus = z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled'])
export type JobStatus = z.infer<typeof jobStatus>

/** Allowed moves; a running job whose runtime is lost goes back to queued. */
export const jobMoves: Record<JobStatus, readonly JobStatus[]> = {
  queued: ['running', 'failed', 'cancelled'],
  running: ['queued', 'succeeded', 'failed', 'cancelled'],
  succeeded: [],
  failed: [],
  cancelled: [],
}
export const isFinal = (status: JobStatus) => jobMoves[status].length === 0

/** Why a job failed. Only the last three are tried again. */
export const jobErrorCode = z.enum([
  'invalid_data',
  'invalid_spec',
  'resource_unavailable',
  'parity',
  'out_of_memory',
  'internal',
  'lost',
  'killed',
])
export type JobErrorCode = z.infer<typeof jobErrorCode>
export const jobError = z.object({ code: jobErrorCode, message: z.string() })

/** How many times a job is started before its crashes make it fail. */
export const maxAttempts = 3
export const heartbeatMs = 5_000
export const leaseMs = 20_000

export const recipeName = z.enum(['tabular-classification', 'tabular-regression', 'text-classification'])
export type RecipeName = z.infer<typeof recipeName>

export const device = z.enum(['auto', 'cpu', 'cuda'])
export type Device = z.infer<typeof device>

/** Which columns of the data set play which part. */
export const columnRoles = z.object({
  target: text(200).optional(),
  features: z.array(text(200)).max(5000).optional(),
  exclude: z.array(text(200)).max(5000).optional(),
  text: text(200).optional(),
  label: text(200).optional(),
})

export const createJob = z.object({
  name: text(200).min(1).optional(),
  recipe: recipeName,
  dataset: idOrName,
  datasetVersion: z
    .number()
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .optional(),
  columns: columnRoles.default({}),
  modelName: name,
  base: z
    .object({
      model: idOrName,
      version: z
        .number()
        .int()
        .min(1)
        .max(2 ** 31 - 1),
    })
    .optional(),
  hyperParameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).default({}),
  split: z.object({ test: z.number().gt(0).lt(0.9).default(0.2), groupBy: text(200).optional() }).default({ test: 0.2 }),
  resources: z
    .object({ device: device.default('auto'), gpus: z.number().int().min(0).max(64).default(0) })
    .default({ device: 'auto', gpus: 0 }),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0),
})
export type CreateJob = z.infer<typeof createJob>

const eventBase = { at: z.iso.datetime({ offset: true }) }

/** What a trainer tells while it works. Steps count optimizer steps or boosting rounds; durations are seconds. */
export const eventBody = z.discriminatedUnion('type', [
  z.object({ ...eventBase, type: z.literal('state'), state: text(50), message: text(2000).optional() }),
  z.object({
    ...eventBase,
    type: z.literal('progress'),
    progress: z.number().min(0).max(1),
    step: z.number().int(),
    total_steps: z.number().int().optional(),
    eta_seconds: z.number().nullable(),
  }),
  z.object({ ...eventBase, type: z.literal('metric'), name: text(100), value: z.number().nullable(), step: z.number().int() }),
  z.object({ ...eventBase, type: z.literal('log'), level: z.enum(['debug', 'info', 'warn', 'error']), message: text(10_000) }),
  z.object({ ...eventBase, type: z.literal('warning'), message: text(2000), code: text(100).optional() }),
])
export type EventBody = z.infer<typeof eventBody>

/** An event as it is read: `seq` is unique in the job over its attempts. */
export const trainingEvent = z.intersection(z.object({ seq: z.number().int(), attempt: z.number().int() }), eventBody)
export type TrainingEvent = z.infer<typeof trainingEvent>

export const jobSummary = z.object({
  id: z.string(),
  name: z.string(),
  recipe: recipeName,
  status: jobStatus,
  reason: z.string().nullable(),
  progress: z.number(),
  step: z.number().int(),
  etaSeconds: z.number().nullable(),
  attempt: z.number().int(),
  device: device,
  modelName: z.string(),
  modelId: z.string().nullable(),
  version: z.number().int().nullable(),
  datasetName: z.string(),
  datasetVersion: z.number().int(),
  metrics: z.record(z.string(), z.number().nullable()),
  error: jobError.nullable(),
  isCancelRequested: z.boolean(),
  createdBy: z.string().nullable(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
})
export type JobSummary = z.infer<typeof jobSummary>

export const job = jobSummary.extend({
  datasetId: z.string(),
  base: z.object({ model: z.string(), version: z.number().int() }).nullable(),
  columns: columnRoles,
  hyperParameters: createJob.shape.hyperParameters.unwrap(),
  split: z.object({ test: z.number(), groupBy: z.string().optional() }),
  resources: z.object({ device, gpus: z.number().int() }),
  seed: z.number().int(),
  runtimeName: z.string().nullable(),
  /** Why a queued job has not started, in a sentence. */
  waitingFor: z.string().nullable(),
  project: z.string(),
})
export type Job = z.infer<typeof job>

export const listJobs = z.object({
  status: jobStatus.optional(),
  recipe: recipeName.optional(),
  q: text(200).optional(),
  limit: z.number().int().min(1).max(1000).default(50),
  skip: z.number().int().min(0).max(10_000).default(0),
  cursor: text(500).optional(),
})
export const jobPage = pageOf(jobSummary)
export const jobRef = z.object({ id })

/** One series of a job's metrics, thinned to what a chart can show; extremes are kept. */
export const metricSeries = z.object({
  name: z.string(),
  points: z.array(z.object({ step: z.number(), value: z.number().nullable(), at: z.string() })),
})

export const recipe = z.object({
  name: recipeName,
  title: z.string(),
  description: z.string(),
  /** JSON Schema of the hyper-parameters, with title, description and default for each. */
  hyperParameters: z.record(z.string(), z.unknown()),
  data: z.object({ formats: z.array(z.string()), columns: z.record(z.string(), z.string()) }),
  primaryMetric: z.string(),
})
export type Recipe = z.infer<typeof recipe>
