import { z } from 'zod'
import { id, name, text } from './common.ts'

/** Rights in an installation or a project, each holding those before it. */
export const permission = z.enum(['read', 'write', 'deploy', 'admin'])
export type Permission = z.infer<typeof permission>

export const role = z.enum(['viewer', 'user', 'manager', 'admin'])
export type Role = z.infer<typeof role>
export const projectRole = z.enum(['viewer', 'editor', 'deployer', 'admin'])
export type ProjectRole = z.infer<typeof projectRole>
export const keyScope = z.enum(['read', 'write', 'admin'])
export type KeyScope = z.infer<typeof keyScope>

export const rolePermissions: Record<Role, readonly Permission[]> = {
  viewer: ['read'],
  user: ['read'],
  manager: ['read', 'write', 'deploy'],
  admin: ['read', 'write', 'deploy', 'admin'],
}
export const projectRolePermissions: Record<ProjectRole, readonly Permission[]> = {
  viewer: ['read'],
  editor: ['read', 'write'],
  deployer: ['read', 'write', 'deploy'],
  admin: ['read', 'write', 'deploy', 'admin'],
}
/** A key has a part of its owner's rights; its scope `write` includes deploy. */
export const scopePermissions: Record<KeyScope, readonly Permission[]> = {
  read: ['read'],
  write: ['read', 'write', 'deploy'],
  admin: ['read', 'write', 'deploy', 'admin'],
}

export const email = z
  .email()
  .max(200)
  .transform((value) => value.trim().toLowerCase())
export const password = z.string().min(10, 'must have at least 10 characters').max(200)

export const user = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role,
  isDisabled: z.boolean(),
  createdAt: z.iso.datetime(),
  lastSignInAt: z.iso.datetime().nullable(),
})
export type User = z.infer<typeof user>

export const createUser = z.object({ email, name: text(200).min(1), password, role })
export const updateUser = z.object({
  id,
  name: text(200).min(1).optional(),
  role: role.optional(),
  isDisabled: z.boolean().optional(),
  password: password.optional(),
})
export const changePassword = z.object({ current: z.string().max(200), next: password })
export const createFirstAdmin = z.object({ email, name: text(200).min(1), password, code: z.string().max(200).optional() })

export const apiKey = z.object({
  id: z.string(),
  name: z.string(),
  /** The first characters, enough to tell keys apart. */
  prefix: z.string(),
  scope: keyScope,
  project: z.string().nullable(),
  owner: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
})
export type ApiKey = z.infer<typeof apiKey>
export const createApiKey = z.object({
  name: text(100).min(1),
  scope: keyScope,
  project: text(200).optional(),
  expiresInDays: z.number().int().min(1).max(3650).nullable().default(null),
})
/** `key` is shown this once. */
export const createdApiKey = z.object({ apiKey, key: z.string() })

export const project = z.object({ id: z.string(), name: z.string(), description: z.string(), createdAt: z.iso.datetime() })
export type Project = z.infer<typeof project>
export const createProject = z.object({ name, description: text(2000).default('') })

/** Who is looking, and what they may do where they are. */
export const me = z.object({
  user: user.nullable(),
  project,
  projects: z.array(project),
  permissions: z.array(permission),
})

export const runtimeView = z.object({
  id: z.string(),
  kind: z.enum(['training', 'inference']),
  name: z.string(),
  version: z.string(),
  url: z.string().nullable(),
  status: z.enum(['live', 'silent', 'lost', 'removed']),
  devices: z.array(
    z.object({ kind: z.string(), index: z.number(), name: z.string(), memoryBytes: z.number().nullable(), load: z.number().nullable() }),
  ),
  capacity: z.number().int(),
  running: z.number().int(),
  isDraining: z.boolean(),
  lastHeartbeatAt: z.iso.datetime().nullable(),
})
export type RuntimeView = z.infer<typeof runtimeView>
