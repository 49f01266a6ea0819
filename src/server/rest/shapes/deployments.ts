/** Deployments and their figures as REST shows them. */
import { z } from 'zod'
import * as contract from '#src/contracts/deployment.ts'
import { device } from '#src/contracts/training.ts'

export const deployment = z
  .object({
    id: z.uuid(),
    name: z.string(),
    model_id: z.uuid(),
    model_name: z.string(),
    status: contract.deploymentStatus,
    reason: z.string().nullable(),
    endpoint_url: z
      .url()
      .meta({ description: 'POST to it with /infer appended; the address of POST /inference where another server answers' }),
    targets: z.array(z.object({ model_id: z.uuid(), model_name: z.string(), version: z.int(), weight: z.int().min(0).max(100) })),
    replicas: z.int(),
    device,
    project: z.string(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    created_by: z.string().nullable(),
  })
  .meta({ title: 'Deployment' })

/** @param origin of web, which hands calls on, for as long as no inference runtime has told its own address. */
export const presentDeployment = (of: contract.Deployment, origin: string): z.infer<typeof deployment> => ({
  id: of.id,
  name: of.name,
  model_id: of.modelId,
  model_name: of.modelName,
  status: of.status,
  reason: of.reason,
  endpoint_url: new URL(of.endpointUrl, origin).href,
  targets: of.targets.map(({ modelId, modelName, version, weight }) => ({ model_id: modelId, model_name: modelName, version, weight })),
  replicas: of.replicas,
  device: of.device,
  project: of.project,
  created_at: of.createdAt,
  updated_at: of.updatedAt,
  created_by: of.createdBy,
})

const milliseconds = z.number().nullable()
export const metricBucket = z
  .object({
    at: z.iso.datetime(),
    version: z.int(),
    requests: z.number(),
    errors: z.number(),
    latency_ms: z.object({ p50: milliseconds, p95: milliseconds, p99: milliseconds }),
    queue_ms: z.object({ p50: milliseconds, p95: milliseconds }),
  })
  .meta({ title: 'MetricBucket' })

export const presentBucket = (of: z.infer<typeof contract.metricBucket>): z.infer<typeof metricBucket> => ({
  at: of.at,
  version: of.version,
  requests: of.requests,
  errors: of.errors,
  latency_ms: of.latencyMs,
  queue_ms: of.queueMs,
})
