/** Models and their versions as REST shows them. */
import { z } from 'zod'
import { externalState } from '#src/contracts/external.ts'
import { parity } from '#src/contracts/manifest.ts'
import * as contract from '#src/contracts/model.ts'
import { signature } from '#src/contracts/signature.ts'

const metrics = z.record(z.string(), z.number().nullable())

export const model = z
  .object({
    id: z.uuid(),
    name: z.string(),
    description: z.string(),
    specialization: z.string().nullable(),
    base_model: z.string().nullable(),
    cost_per_token: z.number().nullable(),
    cost_per_request: z.number().nullable(),
    max_tokens: z.int().nullable(),
    capabilities: z.array(z.string()),
    tags: z.record(z.string(), z.string()),
    metadata: z.record(z.string(), z.unknown()),
    status: contract.versionStatus.meta({ description: "The latest version's" }),
    latest_version: z.int(),
    metrics: metrics.meta({ description: "The latest version's" }),
    task: z.string().nullable(),
    aliases: z.record(z.string(), z.int()),
    project: z.string(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    created_by: z.string().nullable(),
  })
  .meta({ title: 'Model' })

export const presentModel = (of: contract.Model): z.infer<typeof model> => ({
  id: of.id,
  name: of.name,
  description: of.description,
  specialization: of.specialization,
  base_model: of.baseModel,
  cost_per_token: of.costPerToken,
  cost_per_request: of.costPerRequest,
  max_tokens: of.maxTokens,
  capabilities: of.capabilities,
  tags: of.tags,
  metadata: of.metadata,
  status: of.status,
  latest_version: of.latestVersion,
  metrics: of.metrics,
  task: of.task,
  aliases: of.aliases,
  project: of.project,
  created_at: of.createdAt,
  updated_at: of.updatedAt,
  created_by: of.createdBy,
})

export const versionSummary = z
  .object({
    id: z.uuid(),
    version: z.int(),
    status: contract.versionStatus,
    status_message: z.string().nullable(),
    format: z.string().nullable(),
    size_bytes: z.number(),
    metrics,
    aliases: z.array(z.string()),
    created_at: z.iso.datetime(),
    created_by: z.string().nullable(),
  })
  .meta({ title: 'VersionSummary' })

type Summary = z.infer<typeof contract.versionSummary>
export const presentVersionSummary = (of: Summary): z.infer<typeof versionSummary> => ({
  id: of.id,
  version: of.version,
  status: of.status,
  status_message: of.statusMessage,
  format: of.format,
  size_bytes: of.sizeBytes,
  metrics: of.metrics,
  aliases: of.aliases,
  created_at: of.createdAt,
  created_by: of.createdBy,
})

export const file = z.object({ path: z.string(), sha256: z.string().nullable(), size_bytes: z.number() }).meta({ title: 'File' })
export const presentFile = (of: { path: string; sha256: string | null; sizeBytes: number }): z.infer<typeof file> => ({
  path: of.path,
  sha256: of.sha256,
  size_bytes: of.sizeBytes,
})

const { hyperParameters, ...lineageFields } = contract.lineage.shape
const lineage = z
  .object({ ...lineageFields, hyper_parameters: hyperParameters })
  .meta({ title: 'Lineage', description: 'Where the version came from' })

const presentLineage = ({ hyperParameters: given, ...of }: contract.Lineage): z.infer<typeof lineage> => ({
  ...of,
  ...(given === undefined ? {} : { hyper_parameters: given }),
})

const externalTarget = z.object({
  url: z.string(),
  model: z.string(),
  max_tokens: z.int(),
  requests_per_minute: z.int().nullable(),
  max_concurrent: z.int(),
  timeout_ms: z.int(),
  state: externalState.meta({ description: 'What was last found of it: `failing` has answered before, `failed` never' }),
  reason: z.string().nullable(),
})

const presentExternal = (of: NonNullable<contract.ModelVersion['external']>): z.infer<typeof externalTarget> => ({
  url: of.url,
  model: of.model,
  max_tokens: of.maxTokens,
  requests_per_minute: of.requestsPerMinute,
  max_concurrent: of.maxConcurrent,
  timeout_ms: of.timeoutMs,
  state: of.state,
  reason: of.reason,
})

export const version = versionSummary
  .extend({
    model_id: z.uuid(),
    model_name: z.string(),
    files: z.array(file),
    signature: signature.nullable(),
    external: externalTarget.nullable().meta({ description: 'The server that answers for it, instead of files' }),
    parity: parity.nullable(),
    lineage,
    deployments: z.array(z.object({ id: z.uuid(), name: z.string(), status: z.string(), weight: z.int() })),
  })
  .meta({ title: 'Version' })

export const presentVersion = (of: contract.ModelVersion): z.infer<typeof version> => ({
  ...presentVersionSummary(of),
  model_id: of.modelId,
  model_name: of.modelName,
  files: of.files.map(presentFile),
  signature: of.signature,
  external: of.external && presentExternal(of.external),
  parity: of.parity,
  lineage: presentLineage(of.lineage),
  deployments: of.deployments,
})
