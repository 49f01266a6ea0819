/** People, projects, keys, runtimes and uploads as REST shows them. */
import { z } from 'zod'
import * as contract from '#src/contracts/access.ts'
import { artifactFormat, type Upload, uploadStatus } from '#src/contracts/upload.ts'

export const upload = z
  .object({
    upload_id: z.uuid(),
    status: uploadStatus,
    filename: z.string(),
    size_bytes: z.number(),
    offset_bytes: z.number(),
    sha256: z.string().nullable(),
    format: artifactFormat.nullable(),
    reason: z.string().nullable(),
    created_at: z.iso.datetime(),
  })
  .meta({ title: 'Upload' })

export const presentUpload = (of: Upload): z.infer<typeof upload> => ({
  upload_id: of.id,
  status: of.status,
  filename: of.filename,
  size_bytes: of.sizeBytes,
  offset_bytes: of.offsetBytes,
  sha256: of.sha256,
  format: of.format,
  reason: of.reason,
  created_at: of.createdAt,
})

export const project = z
  .object({ id: z.uuid(), name: z.string(), description: z.string(), created_at: z.iso.datetime() })
  .meta({ title: 'Project' })
export const presentProject = (of: contract.Project): z.infer<typeof project> => ({
  id: of.id,
  name: of.name,
  description: of.description,
  created_at: of.createdAt,
})

export const me = z
  .object({
    user_id: z.uuid().nullable(),
    email: z.string().nullable(),
    api_key_id: z.uuid().nullable(),
    project: z.object({ id: z.uuid(), name: z.string() }),
    permissions: z.array(contract.permission).meta({ description: 'What the caller may do in this project' }),
  })
  .meta({ title: 'Me' })

const when = z.iso.datetime().nullable()
export const apiKey = z
  .object({
    id: z.uuid(),
    name: z.string(),
    prefix: z.string(),
    scope: contract.keyScope,
    project: z.string().nullable(),
    owner: z.string(),
    created_at: z.iso.datetime(),
    expires_at: when,
    last_used_at: when,
    revoked_at: when,
  })
  .meta({ title: 'ApiKey' })
export const createdApiKey = apiKey.extend({ key: z.string().meta({ description: 'Shown this once' }) }).meta({ title: 'CreatedApiKey' })

export const presentApiKey = (of: contract.ApiKey): z.infer<typeof apiKey> => ({
  id: of.id,
  name: of.name,
  prefix: of.prefix,
  scope: of.scope,
  project: of.project,
  owner: of.owner,
  created_at: of.createdAt,
  expires_at: of.expiresAt,
  last_used_at: of.lastUsedAt,
  revoked_at: of.revokedAt,
})

const device = z.object({
  kind: z.string(),
  index: z.number(),
  name: z.string(),
  memory_bytes: z.number().nullable(),
  load: z.number().nullable(),
})
export const runtime = z
  .object({
    id: z.uuid(),
    kind: contract.runtimeView.shape.kind,
    name: z.string(),
    version: z.string(),
    url: z.string().nullable(),
    status: contract.runtimeView.shape.status,
    devices: z.array(device),
    capacity: z.int(),
    running: z.int(),
    is_draining: z.boolean(),
    last_heartbeat_at: when,
  })
  .meta({ title: 'Runtime' })

export const presentRuntime = (of: contract.RuntimeView): z.infer<typeof runtime> => ({
  id: of.id,
  kind: of.kind,
  name: of.name,
  version: of.version,
  url: of.url,
  status: of.status,
  devices: of.devices.map(({ memoryBytes, ...rest }) => ({ ...rest, memory_bytes: memoryBytes })),
  capacity: of.capacity,
  running: of.running,
  is_draining: of.isDraining,
  last_heartbeat_at: of.lastHeartbeatAt,
})

const part = z.object({ status: z.enum(['ok', 'unavailable']), message: z.string().optional() })
export const health = z
  .object({
    status: z.enum(['ok', 'degraded', 'unavailable']),
    service: z.string(),
    version: z.string(),
    parts: z.object({ database: part, training: part, inference: part }),
  })
  .meta({ title: 'Health' })
