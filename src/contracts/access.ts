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

/** What a key may be limited to: a noun of the product and whether it is read or changed. */
const nouns = ['models', 'datasets', 'training', 'deployments', 'alerts', 'administration'] as const
export const actions = [...nouns.flatMap((noun) => [`${noun}:read`, `${noun}:write`] as const), 'inference:call', 'metrics:read'] as const
export const action = z.enum(actions)
export type Action = z.infer<typeof action>

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
  kind: z.enum(['person', 'service']),
  origin: z.enum(['local', 'token', 'oidc']),
  isDisabled: z.boolean(),
  mustChangePassword: z.boolean(),
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
/** `password` is shown this once, and must be changed at the next sign-in. */
export const resetPassword = z.object({ password: z.string() })

export const session = z.object({
  id: z.string(),
  isCurrent: z.boolean(),
  origin: z.enum(['local', 'token', 'oidc']),
  address: z.string().nullable(),
  userAgent: z.string().nullable(),
  createdAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
})
export type Session = z.infer<typeof session>

export const changePassword = z.object({ current: z.string().max(200), next: password })
export const createFirstAdmin = z.object({ email, name: text(200).min(1), password, code: z.string().max(200).optional() })

export const apiKey = z.object({
  id: z.string(),
  name: z.string(),
  /** The first characters, enough to tell keys apart. */
  prefix: z.string(),
  scope: keyScope,
  /** What it is limited to within its scope; null for everything. */
  actions: z.array(action).nullable(),
  /** The deployments that it may call; null for all. */
  deployments: z.array(z.string()).nullable(),
  rateLimitPerMinute: z.number().int().nullable(),
  project: z.string().nullable(),
  owner: z.string(),
  ownerKind: z.enum(['person', 'service']),
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
  actions: z.array(action).min(1).max(actions.length).optional(),
  deployments: z.array(name).min(1).max(100).optional(),
  rateLimitPerMinute: z.number().int().min(1).max(1_000_000).optional(),
  /** A service account that the key is for; one's own account when left out. */
  serviceAccount: id.optional(),
  expiresInDays: z.number().int().min(1).max(3650).nullable().default(null),
})
export const rotateApiKey = z.object({ id, overlapHours: z.number().int().min(0).max(720).default(24) })
/** `key` is shown this once. */
export const createdApiKey = z.object({ apiKey, key: z.string() })

export const project = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  isPrivate: z.boolean(),
  createdAt: z.iso.datetime(),
})
export type Project = z.infer<typeof project>
export const createProject = z.object({ name, description: text(2000).default(''), isPrivate: z.boolean().default(false) })
export const projectRef = z.object({ project: text(200).min(1) })
export const updateProject = projectRef.extend({
  name: name.optional(),
  description: text(2000).optional(),
  isPrivate: z.boolean().optional(),
})
/** A project as its own page shows it. */
export const projectDetail = project.extend({
  permissions: z.array(permission),
  counts: z.object({ models: z.number(), datasets: z.number(), jobs: z.number(), deployments: z.number() }),
})
export type ProjectDetail = z.infer<typeof projectDetail>

export const member = z.object({
  userId: z.string(),
  email: z.string(),
  name: z.string(),
  kind: z.enum(['person', 'service']),
  role: projectRole,
  /** What the person's installation role gives in every project that is not private. */
  installationRole: role,
  createdAt: z.iso.datetime(),
})
export type Member = z.infer<typeof member>
/** `user` is an id or an e-mail. */
export const setMember = projectRef.extend({ user: text(200).min(1), role: projectRole })
export const removeMember = projectRef.extend({ user: text(200).min(1) })

export const serviceAccount = z.object({
  id: z.string(),
  name: z.string(),
  role,
  isDisabled: z.boolean(),
  projects: z.array(z.object({ name: z.string(), role: projectRole })),
  keys: z.number().int(),
  lastUsedAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
})
export type ServiceAccount = z.infer<typeof serviceAccount>
/** `project` makes it a member there, which is all that a project's admin may ask for. */
export const createServiceAccount = z.object({
  name,
  role: role.default('viewer'),
  project: text(200).min(1).optional(),
  projectRole: projectRole.default('editor'),
})
export const updateServiceAccount = z.object({ id, role: role.optional(), isDisabled: z.boolean().optional() })

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
    z.object({
      kind: z.string(),
      index: z.number(),
      name: z.string(),
      /** Of a GPU: by it a job gets the device, and no other job does. */
      uuid: z.string().nullable(),
      memoryBytes: z.number().nullable(),
      memoryUsedBytes: z.number().nullable(),
      load: z.number().nullable(),
    }),
  ),
  capacity: z.number().int(),
  running: z.number().int(),
  isDraining: z.boolean(),
  lastHeartbeatAt: z.iso.datetime().nullable(),
})
export type RuntimeView = z.infer<typeof runtimeView>
