import { z } from 'zod'
import { filePath, id, idOrName, metadata, name, pageOf, sha256, tags, text } from './common.ts'
import { external, externalInput, externalState } from './external.ts'
import { parity } from './manifest.ts'
import { signature } from './signature.ts'

export const versionStatus = z.enum(['pending', 'ready', 'rejected'])
export type VersionStatus = z.infer<typeof versionStatus>

export const versionNumber = z.coerce
  .number()
  .int()
  .min(1)
  .max(2 ** 31 - 1)

/** `name` pattern of aliases; one that reads as a number would be taken for a version. */
export const aliasName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9._-]{0,99}$/, 'must start with a letter and have at most 100 letters, digits, dots, dashes and underscores')

/** Where the bytes of one file come from: an upload of one's own, or content that one may already read. */
export const fileSource = z.union([z.strictObject({ path: filePath, uploadId: id }), z.strictObject({ path: filePath, sha256 })])

/** What a router weighs when it chooses among models. */
const routing = {
  costPerToken: z.number().min(0).max(1e6).nullable().optional(),
  costPerRequest: z.number().min(0).max(1e6).nullable().optional(),
  maxTokens: z.number().int().min(1).max(100_000_000).nullable().optional(),
  capabilities: z.array(text(100).min(1)).max(50).optional(),
}

export const registerModel = z.object({
  name,
  description: text(10_000).optional(),
  specialization: text(100).optional(),
  baseModel: text(200).optional(),
  tags: tags.optional(),
  metadata: metadata.optional(),
  ...routing,
  files: z
    .array(fileSource)
    .min(1)
    .max(1000)
    .refine((files) => new Set(files.map((file) => file.path)).size === files.length, 'must not name a path twice')
    .optional(),
  /** Instead of files: a server that answers for the version. */
  external: externalInput.optional(),
})
export type RegisterModel = z.infer<typeof registerModel>

export const updateModel = z.object({
  model: idOrName,
  description: text(10_000).optional(),
  specialization: text(100).nullable().optional(),
  tags: tags.optional(),
  metadata: metadata.optional(),
  ...routing,
})

export const model = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  specialization: z.string().nullable(),
  baseModel: z.string().nullable(),
  costPerToken: z.number().nullable(),
  costPerRequest: z.number().nullable(),
  maxTokens: z.number().int().nullable(),
  capabilities: z.array(z.string()),
  tags: z.record(z.string(), z.string()),
  metadata: z.record(z.string(), z.unknown()),
  /** The latest version's. */
  status: versionStatus,
  latestVersion: z.number().int(),
  /** The latest version's. */
  metrics: z.record(z.string(), z.number().nullable()),
  task: z.string().nullable(),
  aliases: z.record(z.string(), z.number().int()),
  project: z.string(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  createdBy: z.string().nullable(),
})
export type Model = z.infer<typeof model>

export const modelOrder = z.enum(['updated_at desc', 'updated_at asc', 'created_at desc', 'created_at asc', 'name asc', 'name desc'])

export const listModels = z.object({
  q: text(200).optional(),
  /** `tags.k = 'v'`, `metadata.k = 'v'`, `metrics.k > 0.9`, `status = 'ready'`, joined by `and`. */
  filter: text(2000).optional(),
  orderBy: modelOrder.default('updated_at desc'),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
  skip: z.coerce.number().int().min(0).max(10_000).default(0),
  cursor: text(500).optional(),
})
export type ListModels = z.infer<typeof listModels>
export const modelPage = pageOf(model)
export const modelRef = z.object({ model: idOrName })
export const versionRef = z.object({ model: idOrName, version: versionNumber })

/** Where a version came from. */
export const lineage = z.object({
  source: z.enum(['training', 'upload', 'external']),
  job: z.object({ id: z.string(), name: z.string(), recipe: z.string(), attempt: z.number().int() }).optional(),
  dataset: z.object({ id: z.string(), name: z.string(), version: z.number().int(), digest: z.string() }).optional(),
  base: z.object({ model: z.string(), version: z.number().int() }).nullable().optional(),
  seed: z.number().int().optional(),
  hyperParameters: z.record(z.string(), z.unknown()).optional(),
  environment: z.record(z.string(), z.unknown()).optional(),
})
export type Lineage = z.infer<typeof lineage>

export const versionFile = z.object({ path: z.string(), sha256: z.string().nullable(), sizeBytes: z.number() })

export const versionSummary = z.object({
  id: z.string(),
  version: z.number().int(),
  status: versionStatus,
  statusMessage: z.string().nullable(),
  format: z.string().nullable(),
  sizeBytes: z.number(),
  metrics: z.record(z.string(), z.number().nullable()),
  aliases: z.array(z.string()),
  createdAt: z.iso.datetime(),
  createdBy: z.string().nullable(),
})

export const modelVersion = versionSummary.extend({
  modelId: z.string(),
  modelName: z.string(),
  files: z.array(versionFile),
  signature: signature.nullable(),
  /** The server that answers for it, and what was last found of that; null for a version with files. */
  external: external.extend({ state: externalState, reason: z.string().nullable() }).nullable(),
  parity: parity.nullable(),
  lineage,
  deployments: z.array(z.object({ id: z.string(), name: z.string(), status: z.string(), weight: z.number() })),
})
export type ModelVersion = z.infer<typeof modelVersion>

export const setAlias = z.object({ model: idOrName, alias: aliasName, version: versionNumber, reason: text(500).optional() })
export const aliasMove = z.object({
  alias: z.string(),
  fromVersion: z.number().nullable(),
  toVersion: z.number().nullable(),
  reason: z.string().nullable(),
  movedBy: z.string().nullable(),
  movedAt: z.iso.datetime(),
})
