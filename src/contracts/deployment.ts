import { z } from 'zod'
import { id, idOrName, isoTime, name, pageOf, text } from './common.ts'
import { externalState, inferenceRequest } from './external.ts'
import { aliasName, versionNumber } from './model.ts'
import { parity } from './manifest.ts'
import { inferResponse, signature, tensor } from './signature.ts'
import { device } from './training.ts'

export const deploymentStatus = z.enum(['pending', 'loading', 'ready', 'degraded', 'failed', 'stopped'])
export type DeploymentStatus = z.infer<typeof deploymentStatus>

export const replicaCount = z.number().int().min(1).max(32)

export const deployModel = z.object({
  model: idOrName,
  name: name.optional(),
  version: versionNumber.optional(),
  alias: aliasName.optional(),
  replicas: replicaCount.optional(),
  device: device.optional(),
})
export type DeployModel = z.infer<typeof deployModel>

/** Whole percent; the weights of one deployment add up to 100. */
export const target = z.object({
  modelId: z.string(),
  modelName: z.string(),
  versionId: z.string(),
  version: z.number().int(),
  weight: z.number().int(),
})

export const setTargets = z.object({
  deployment: idOrName,
  targets: z
    .array(z.object({ modelId: id.optional(), version: versionNumber, weight: z.number().int().min(0).max(100) }))
    .min(1)
    .max(20)
    .refine((targets) => targets.reduce((sum, { weight }) => sum + weight, 0) === 100, 'weights must add up to 100'),
})

/** How far each version is on each runtime. */
export const replicaState = z.object({
  versionId: z.string(),
  version: z.number().int(),
  runtimeId: z.string(),
  runtimeName: z.string(),
  state: z.enum(['loading', 'ready', 'failed']),
  progress: z.number().nullable(),
  readyReplicas: z.number().int(),
  reasonCode: z.string().nullable(),
  reason: z.string().nullable(),
  parity: parity.nullable(),
})

export const deployment = z.object({
  id: z.string(),
  name: z.string(),
  modelId: z.string(),
  modelName: z.string(),
  status: deploymentStatus,
  reason: z.string().nullable(),
  endpointUrl: z.string(),
  targets: z.array(target),
  replicas: z.number().int(),
  device,
  project: z.string(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  createdBy: z.string().nullable(),
})
export type Deployment = z.infer<typeof deployment>

/** One deployment in a list, with the last hour beside it. */
export const deploymentSummary = deployment.extend({
  lastHour: z.object({
    requests: z.number(),
    errors: z.number(),
    p95Ms: z.number().nullable(),
    /** One figure a five-minute step, oldest first. */
    spark: z.array(z.object({ at: z.string(), requests: z.number(), p95Ms: z.number().nullable() })),
  }),
})
export type DeploymentSummary = z.infer<typeof deploymentSummary>

/** A server of somebody else that answers for one target. */
const externalTarget = z.object({
  versionId: z.string(),
  modelName: z.string(),
  version: z.number().int(),
  host: z.string(),
  /** What the server calls its model. */
  servedModel: z.string(),
  state: externalState,
  reason: z.string().nullable(),
  checkedAt: z.iso.datetime().nullable(),
})

export const deploymentDetail = deployment.extend({
  signature: signature.nullable(),
  replicaStates: z.array(replicaState),
  externalTargets: z.array(externalTarget),
})
export type DeploymentDetail = z.infer<typeof deploymentDetail>

export const deploymentRef = z.object({ deployment: idOrName })
export const listDeployments = z.object({
  q: text(200).optional(),
  status: deploymentStatus.optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
  skip: z.coerce.number().int().min(0).max(10_000).default(0),
  cursor: text(500).optional(),
})
export const deploymentPage = pageOf(deploymentSummary)

export const metricsQuery = z.object({
  deployment: idOrName,
  from: isoTime.optional(),
  to: isoTime.optional(),
})
/**
 * Why the targets changed: a deploy, a person's hand, a switch (its first move or the only one), a further step of it, its end by
 * itself or by a person, the end of the deployment. `recorded` is what was found when the record began.
 */
export const trafficKind = z.enum(['recorded', 'deployed', 'set', 'switched', 'step', 'taken_back', 'cancelled', 'stopped'])
export type TrafficKind = z.infer<typeof trafficKind>
const trafficTarget = z.object({ model: z.string(), version: z.number().int(), weight: z.number().int() })
export type TrafficTarget = z.infer<typeof trafficTarget>
/** The shares that hold from `at` on. */
export const trafficChange = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  kind: trafficKind,
  targets: z.array(trafficTarget),
  reason: z.string().nullable(),
  /** E-mail of who changed it; null when the installation did by itself. */
  by: z.string().nullable(),
})
export type TrafficChange = z.infer<typeof trafficChange>
export const trafficQuery = metricsQuery.omit({ to: true })

export const metricBucket = z.object({
  at: z.iso.datetime(),
  version: z.number().int(),
  requests: z.number(),
  errors: z.number(),
  latencyMs: z.object({ p50: z.number().nullable(), p95: z.number().nullable(), p99: z.number().nullable() }),
  queueMs: z.object({ p50: z.number().nullable(), p95: z.number().nullable() }),
})

/** One request from the playground. */
export const tryInfer = z.object({ deployment: idOrName, inputs: z.array(tensor).min(1).max(5000) })
export const tryInferResult = z.object({
  response: inferResponse,
  durationMs: z.number(),
  queueUs: z.number().nullable(),
  computeUs: z.number().nullable(),
})

/** One prompt from the playground. */
export const askDeployment = inferenceRequest.omit({ model: true }).extend({ deployment: idOrName })
