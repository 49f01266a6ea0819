/** Training jobs, their events and their recipes. */
import { z } from 'zod'
import { idOrName, name, text } from '#src/contracts/common.ts'
import * as contract from '#src/contracts/training.ts'
import * as jobs from '#src/server/services/training/jobs.ts'
import { listRecipes } from '#src/server/services/training/recipes.ts'
import { answerEvents, sendLogs } from './events.ts'
import { pageQuery, sequence, versionField } from './fields.ts'
import { listOf, sliceOf } from './paging.ts'
import { route } from './route.ts'
import { job, jobSummary, presentJob, presentJobSummary, presentRecipe, recipe, trainingEvent } from './shapes/training.ts'

const tag = 'Training'

const createBody = z
  .strictObject({
    name: text(200).min(1).optional(),
    recipe: contract.recipeName,
    dataset: idOrName,
    dataset_version: versionField.optional(),
    columns: z.strictObject(contract.columnRoles.shape).default({}),
    model_name: name,
    base: z.strictObject({ model: idOrName, version: versionField }).optional(),
    hyper_parameters: contract.createJob.shape.hyperParameters,
    split: z.strictObject({ test: z.number().gt(0).lt(0.9).default(0.2), group_by: text(200).optional() }).default({ test: 0.2 }),
    resources: z
      .strictObject({ device: contract.device.default('auto'), gpus: z.int().min(0).max(64).default(0) })
      .default({ device: 'auto', gpus: 0 }),
    seed: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .default(0),
  })
  .transform(
    ({
      dataset_version: datasetVersion,
      model_name: modelName,
      hyper_parameters: hyperParameters,
      split: { test, group_by: groupBy },
      ...rest
    }) => ({
      ...rest,
      modelName,
      hyperParameters,
      split: { test, ...(groupBy === undefined ? {} : { groupBy }) },
      ...(datasetVersion === undefined ? {} : { datasetVersion }),
    }),
  )
  .meta({ title: 'CreateJob' })

export const trainingRoutes = [
  route({
    method: 'GET',
    path: '/training/recipes',
    rule: 'read',
    tag,
    summary: 'List recipes with their hyper-parameters and the data they take',
    query: z.strictObject({ limit: pageQuery.limit, skip: pageQuery.skip }),
    response: recipe,
    isList: true,
    handle: async ({ query }) => sliceOf(await listRecipes(), query, presentRecipe),
  }),
  route({
    method: 'POST',
    path: '/training/jobs',
    rule: 'write',
    tag,
    summary: 'Start a training job',
    description:
      '`columns` is `{target, features?, exclude?}` for tabular recipes and `{text, label}` for text; an unknown column is refused with 422.',
    status: 201,
    body: createBody,
    response: job,
    example: {
      recipe: 'tabular-classification',
      dataset: 'customers',
      columns: { target: 'churned' },
      model_name: 'churn',
      split: { test: 0.2 },
    },
    handle: async ({ caller, body }) => presentJob(await jobs.createJob(caller, body)),
  }),
  route({
    method: 'GET',
    path: '/training/jobs',
    rule: 'read',
    tag,
    summary: 'List training jobs, newest first',
    query: z.strictObject({
      q: text(200).optional().meta({ description: "Part of the job's or the model's name" }),
      status: contract.jobStatus.optional(),
      recipe: contract.recipeName.optional(),
      ...pageQuery,
    }),
    response: jobSummary,
    isList: true,
    handle: async ({ caller, query }) => listOf(await jobs.listJobs(caller, query), presentJobSummary),
  }),
  route({
    method: 'GET',
    path: '/training/jobs/{job}',
    rule: 'read',
    tag,
    summary: 'Get a training job',
    response: job,
    handle: async ({ caller, params }) => presentJob(await jobs.getJob(caller, params.job)),
  }),
  route({
    method: 'POST',
    path: '/training/jobs/{job}/cancel',
    rule: 'write',
    tag,
    summary: 'Cancel a training job',
    description: 'A queued job is cancelled at once; a running one stops at its next step.',
    response: job,
    handle: async ({ caller, params }) => presentJob(await jobs.cancelJob(caller, params.job)),
  }),
  route({
    method: 'GET',
    path: '/training/jobs/{job}/events',
    rule: 'read',
    tag,
    summary: 'Read or follow what a job says',
    description:
      'An array of at most 1000 events after `after`. With `Accept: text/event-stream` a stream: what was said, then each as it comes; Last-Event-ID goes on from there.',
    query: z.strictObject({ after: sequence.default(0), limit: pageQuery.limit.unwrap().default(1000) }),
    response: z.array(trainingEvent),
    handle: answerEvents,
  }),
  route({
    method: 'GET',
    path: '/training/jobs/{job}/logs',
    rule: 'read',
    tag,
    summary: "Read a job's log as text",
    produces: 'text/plain',
    handle: sendLogs,
  }),
]
