/** Training jobs, their events and recipes as REST shows them. */
import { z } from 'zod'
import * as contract from '#src/contracts/training.ts'

export const jobSummary = z
  .object({
    id: z.uuid(),
    name: z.string(),
    recipe: contract.recipeName,
    status: contract.jobStatus,
    reason: z.string().nullable(),
    progress: z.number().min(0).max(1),
    step: z.int(),
    eta_seconds: z.number().nullable(),
    attempt: z.int(),
    metrics: z.record(z.string(), z.number().nullable()),
    error: contract.jobError.nullable(),
    model_id: z.uuid().nullable(),
    model_name: z.string(),
    version: z.int().nullable(),
    dataset: z.string(),
    dataset_version: z.int(),
    device: contract.device,
    is_cancel_requested: z.boolean(),
    created_by: z.string().nullable(),
    created_at: z.iso.datetime(),
    started_at: z.iso.datetime().nullable(),
    finished_at: z.iso.datetime().nullable(),
  })
  .meta({ title: 'JobSummary' })

export const presentJobSummary = (of: contract.JobSummary): z.infer<typeof jobSummary> => ({
  id: of.id,
  name: of.name,
  recipe: of.recipe,
  status: of.status,
  reason: of.reason,
  progress: of.progress,
  step: of.step,
  eta_seconds: of.etaSeconds,
  attempt: of.attempt,
  metrics: of.metrics,
  error: of.error,
  model_id: of.modelId,
  model_name: of.modelName,
  version: of.version,
  dataset: of.datasetName,
  dataset_version: of.datasetVersion,
  device: of.device,
  is_cancel_requested: of.isCancelRequested,
  created_by: of.createdBy,
  created_at: of.createdAt,
  started_at: of.startedAt,
  finished_at: of.finishedAt,
})

export const job = jobSummary
  .extend({
    dataset_id: z.uuid(),
    base: z.object({ model: z.string(), version: z.int() }).nullable(),
    columns: contract.columnRoles,
    hyper_parameters: z.record(z.string(), z.unknown()),
    split: z.object({ test: z.number(), group_by: z.string().optional() }),
    resources: z.object({ device: contract.device, gpus: z.int() }),
    seed: z.int(),
    runtime: z.string().nullable(),
    waiting_for: z.string().nullable().meta({ description: 'Why a queued job has not started, in a sentence' }),
    project: z.string(),
  })
  .meta({ title: 'Job' })

const presentSplit = ({ test, groupBy }: contract.Job['split']) => ({ test, ...(groupBy === undefined ? {} : { group_by: groupBy }) })

export const presentJob = (of: contract.Job): z.infer<typeof job> => ({
  ...presentJobSummary(of),
  dataset_id: of.datasetId,
  base: of.base,
  columns: of.columns,
  hyper_parameters: of.hyperParameters,
  split: presentSplit(of.split),
  resources: of.resources,
  seed: of.seed,
  runtime: of.runtimeName,
  waiting_for: of.waitingFor,
  project: of.project,
})

const numbered = { seq: z.int(), attempt: z.int() }
const [state, progress, metric, log, warning] = contract.eventBody.options

/** The contract's events carry their own snake_case names already. */
export const trainingEvent = z
  .discriminatedUnion('type', [
    state.extend(numbered),
    progress.extend(numbered),
    metric.extend(numbered),
    log.extend(numbered),
    warning.extend(numbered),
  ])
  .meta({ title: 'TrainingEvent' })

export const recipe = z
  .object({
    name: contract.recipeName,
    title: z.string(),
    description: z.string(),
    hyper_parameters: z.record(z.string(), z.unknown()).meta({ description: 'JSON Schema of the hyper-parameters' }),
    data: contract.recipe.shape.data,
    primary_metric: z.string(),
  })
  .meta({ title: 'Recipe' })

export const presentRecipe = (of: contract.Recipe): z.infer<typeof recipe> => ({
  name: of.name,
  title: of.title,
  description: of.description,
  hyper_parameters: of.hyperParameters,
  data: of.data,
  primary_metric: of.primaryMetric,
})
