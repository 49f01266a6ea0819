/** People, projects, keys, runtimes and uploads as REST shows them. */
import { z } from 'zod'
import * as contract from '#src/contracts/access.ts'
import type { InstallationLimits } from '#src/contracts/limits.ts'
import { artifactFormat, type Upload, uploadStatus } from '#src/contracts/upload.ts'
import { type HealthReport, healthPart, healthReport, partNames, partStatuses } from '#src/contracts/health.ts'

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
  .object({ id: z.uuid(), name: z.string(), description: z.string(), is_private: z.boolean(), created_at: z.iso.datetime() })
  .meta({ title: 'Project' })
export const presentProject = (of: contract.Project): z.infer<typeof project> => ({
  id: of.id,
  name: of.name,
  description: of.description,
  is_private: of.isPrivate,
  created_at: of.createdAt,
})

export const member = z
  .object({
    user_id: z.uuid(),
    email: z.string(),
    name: z.string(),
    kind: z.enum(['person', 'service']),
    role: contract.projectRole,
    created_at: z.iso.datetime(),
  })
  .meta({ title: 'Member' })
export const presentMember = (of: contract.Member): z.infer<typeof member> => ({
  user_id: of.userId,
  email: of.email,
  name: of.name,
  kind: of.kind,
  role: of.role,
  created_at: of.createdAt,
})

export const serviceAccount = z
  .object({
    id: z.uuid(),
    name: z.string(),
    role: contract.role,
    is_disabled: z.boolean(),
    projects: z.array(z.object({ name: z.string(), role: contract.projectRole })),
    keys: z.int(),
    last_used_at: z.iso.datetime().nullable(),
    created_at: z.iso.datetime(),
  })
  .meta({ title: 'ServiceAccount' })
export const presentServiceAccount = (of: contract.ServiceAccount): z.infer<typeof serviceAccount> => ({
  id: of.id,
  name: of.name,
  role: of.role,
  is_disabled: of.isDisabled,
  projects: of.projects,
  keys: of.keys,
  last_used_at: of.lastUsedAt,
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
    actions: z.array(contract.action).nullable().meta({ description: 'What it is limited to within its scope' }),
    deployments: z.array(z.string()).nullable().meta({ description: 'The deployments that it may call' }),
    rate_limit_per_minute: z.int().nullable(),
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
  actions: of.actions,
  deployments: of.deployments,
  rate_limit_per_minute: of.rateLimitPerMinute,
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
  uuid: z.string().nullable(),
  memory_bytes: z.number().nullable(),
  memory_used_bytes: z.number().nullable(),
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
  devices: of.devices.map(({ memoryBytes, memoryUsedBytes, ...rest }) => ({
    ...rest,
    memory_bytes: memoryBytes,
    memory_used_bytes: memoryUsedBytes,
  })),
  capacity: of.capacity,
  running: of.running,
  is_draining: of.isDraining,
  last_heartbeat_at: of.lastHeartbeatAt,
})

const part = z.object({
  status: z.enum(partStatuses),
  message: z.string(),
  latency_ms: z.number().nullable(),
  details: healthPart.shape.details,
})
export const health = z
  .object({
    status: healthReport.shape.status,
    service: z.string(),
    version: z.string(),
    at: z.string(),
    parts: z.record(z.enum(partNames), part),
  })
  .meta({ title: 'Health' })

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

export const presentHealth = ({ parts, ...of }: HealthReport): z.infer<typeof health> => ({
  ...of,
  parts: Object.fromEntries(
    partNames.map((name) => {
      const { latencyMs, details, ...rest } = parts[name]
      return [
        name,
        { ...rest, latency_ms: latencyMs, details: Object.fromEntries(Object.entries(details).map(([key, value]) => [snake(key), value])) },
      ]
    }),
  ) as z.infer<typeof health>['parts'],
})

const perMinute = z.int().min(1).max(10_000_000).nullable().default(null)
export const limitsBody = z
  .strictObject({ per_address: perMinute, per_user: perMinute, per_key: perMinute, per_project: perMinute })
  .transform((of) => ({ perAddress: of.per_address, perUser: of.per_user, perKey: of.per_key, perProject: of.per_project }))
  .meta({ title: 'SetLimits' })
const calls = z.int().nullable()
export const limits = z.object({ per_address: calls, per_user: calls, per_key: calls, per_project: calls }).meta({ title: 'Limits' })
export const presentLimits = (of: InstallationLimits): z.infer<typeof limits> => ({
  per_address: of.perAddress,
  per_user: of.perUser,
  per_key: of.perKey,
  per_project: of.perProject,
})
