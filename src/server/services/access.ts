/** Who is asking, and what they may do. */
import { createHash } from 'node:crypto'
import { and, eq, isNull, sql } from 'drizzle-orm'
import { type Permission, projectRolePermissions, type Role, rolePermissions, scopePermissions } from '#src/contracts/access.ts'
import { isUuid } from '#src/contracts/common.ts'
import type { RuntimeKind } from '#src/contracts/runtime.ts'
import { db } from '#src/server/db/client.ts'
import { apiKeys, projectMembers, projects, runtimes, users } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'

export type Caller = {
  kind: 'anonymous' | 'user' | 'key' | 'runtime'
  userId: string | null
  email: string | null
  apiKeyId: string | null
  runtimeId: string | null
  runtimeKind: RuntimeKind | null
  /** Rights over the whole installation: users, runtimes, projects. */
  installation: readonly Permission[]
  /** Rights in `project`. */
  permissions: readonly Permission[]
  project: { id: string; name: string }
  correlationId: string
  address: string | null
}

/** What a route or procedure asks of its caller. Every one has a rule; `open` is said, never assumed. */
export type Rule =
  | 'open'
  | 'signed-in'
  | Permission
  | 'installation-admin'
  | 'runtime-enrol'
  | 'runtime'
  | 'runtime-training'
  | 'runtime-inference'

export type Credentials = {
  bearer?: string | undefined
  session?: { userId: string; epoch: number } | undefined
  project?: string | undefined
  correlationId: string
  address: string | null
}

export const sha256Of = (text: string): Buffer => createHash('sha256').update(text).digest()

const cacheMs = 5_000
const maxCached = 10_000
type Identity = Omit<Caller, 'correlationId' | 'address'>
const identities = new Map<string, { identity: Identity; until: number }>()

/** Drops what is known of every caller, so that a change made by this process holds at once. */
export const forgetIdentities = () => identities.clear()

/**
 * Finds out who is asking.
 * @throws AppError unauthorized for a credential that is wrong, expired or revoked; not_found for a project that the caller may not see.
 */
export async function identify(credentials: Credentials): Promise<Caller> {
  const { correlationId, address } = credentials
  const key = cacheKey(credentials)
  const known = key ? identities.get(key) : undefined
  if (known && known.until > Date.now()) return { ...known.identity, correlationId, address }
  const identity = await findIdentity(credentials)
  if (key) {
    if (identities.size >= maxCached) identities.clear()
    identities.set(key, { identity, until: Date.now() + cacheMs })
  }
  return { ...identity, correlationId, address }
}

function cacheKey({ bearer, session, project }: Credentials): string | undefined {
  if (bearer !== undefined) return `b:${sha256Of(bearer).toString('base64')}:${project ?? ''}`
  if (session) return `s:${session.userId}:${session.epoch}:${project ?? ''}`
  return undefined
}

async function findIdentity(credentials: Credentials): Promise<Identity> {
  if (credentials.bearer !== undefined) return byBearer(credentials.bearer, credentials.project)
  if (credentials.session) return bySession(credentials.session, credentials.project)
  return anonymous
}

/** Somebody of whom nothing is known. */
export const visitor = (correlationId: string, address: string | null): Caller => ({ ...anonymous, correlationId, address })

const anonymous: Identity = {
  kind: 'anonymous',
  userId: null,
  email: null,
  apiKeyId: null,
  runtimeId: null,
  runtimeKind: null,
  installation: [],
  permissions: [],
  project: { id: '00000000-0000-0000-0000-000000000000', name: '' },
}

const unknownToken = () =>
  new AppError('unauthorized', 'This API key is not known, or it was revoked or has expired. Make a new one under Settings → API keys.')

async function byBearer(bearer: string, project: string | undefined): Promise<Identity> {
  if (bearer.startsWith('nwr_')) return byRuntimeCredential(bearer)
  const [row] = await db()
    .select({
      id: apiKeys.id,
      scope: apiKeys.scope,
      projectId: apiKeys.projectId,
      userId: users.id,
      email: users.email,
      role: users.role,
      isUsable: sql<boolean>`${apiKeys.revokedAt} is null and (${apiKeys.expiresAt} is null or ${apiKeys.expiresAt} > now()) and not ${users.isDisabled}`,
      isStale: sql<boolean>`${apiKeys.lastUsedAt} is null or ${apiKeys.lastUsedAt} < now() - interval '1 minute'`,
    })
    .from(apiKeys)
    .innerJoin(users, eq(users.id, apiKeys.userId))
    .where(eq(apiKeys.hash, sha256Of(bearer)))
  if (!row?.isUsable) throw unknownToken()
  if (row.isStale) await db().update(apiKeys).set({ lastUsedAt: sql`now()` }).where(eq(apiKeys.id, row.id))
  const within = scopePermissions[row.scope]
  const place = await placeOf(row.userId, row.role, row.projectId ?? project)
  return {
    ...anonymous,
    kind: 'key',
    userId: row.userId,
    email: row.email,
    apiKeyId: row.id,
    installation: row.projectId ? [] : rolePermissions[row.role].filter((permission) => within.includes(permission)),
    permissions: place.permissions.filter((permission) => within.includes(permission)),
    project: place.project,
  }
}

async function bySession(session: { userId: string; epoch: number }, project: string | undefined): Promise<Identity> {
  const [row] = await db().select().from(users).where(eq(users.id, session.userId))
  if (!row || row.isDisabled || row.sessionEpoch !== session.epoch) {
    throw new AppError('unauthorized', 'This session has ended. Sign in again.')
  }
  const place = await placeOf(row.id, row.role, project)
  return { ...anonymous, kind: 'user', userId: row.id, email: row.email, installation: rolePermissions[row.role], ...place }
}

async function byRuntimeCredential(bearer: string): Promise<Identity> {
  const [row] = await db()
    .select({ id: runtimes.id, kind: runtimes.kind })
    .from(runtimes)
    .where(and(eq(runtimes.credentialHash, sha256Of(bearer)), isNull(runtimes.removedAt)))
  if (!row) throw new AppError('unauthorized', 'This runtime credential is not known or was revoked. Enrol again with RUNTIME_TOKEN.')
  return { ...anonymous, kind: 'runtime', runtimeId: row.id, runtimeKind: row.kind }
}

/** The project that is meant, and the larger of the two rights that its user has there. */
async function placeOf(userId: string, role: Role, wanted = 'default'): Promise<Pick<Identity, 'permissions' | 'project'>> {
  const [row] = await db()
    .select({ id: projects.id, name: projects.name, memberRole: projectMembers.role })
    .from(projects)
    .leftJoin(projectMembers, and(eq(projectMembers.projectId, projects.id), eq(projectMembers.userId, userId)))
    .where(isUuid(wanted) ? eq(projects.id, wanted) : eq(projects.name, wanted))
  if (!row) throw new AppError('not_found', `There is no project "${wanted.slice(0, 100)}" that you may see.`)
  const own = row.memberRole ? projectRolePermissions[row.memberRole] : []
  const permissions = [...new Set([...rolePermissions[role], ...own])]
  return { permissions, project: { id: row.id, name: row.name } }
}

const needed: Record<Permission, string> = {
  read: 'to read in this project',
  write: 'to change things in this project',
  deploy: 'to deploy in this project',
  admin: 'to administer this project',
}

/**
 * Holds a caller to a rule.
 * @throws AppError unauthorized when it is not known who asks, forbidden when it is and they may not.
 */
export function authorize(caller: Caller, rule: Rule): void {
  if (rule === 'open' || rule === 'runtime-enrol') return
  if (caller.kind === 'anonymous') {
    throw new AppError('unauthorized', 'Sign in, or send an API key as "Authorization: Bearer <key>".')
  }
  if (rule.startsWith('runtime')) return authorizeRuntime(caller, rule)
  if (caller.kind === 'runtime') throw new AppError('forbidden', 'A runtime credential opens only the addresses under /api/runtime.')
  if (rule === 'signed-in') return
  if (rule === 'installation-admin') {
    if (!caller.installation.includes('admin'))
      throw new AppError('forbidden', 'Only an admin of this installation may do this. Ask one of them.')
    return
  }
  if (!caller.permissions.includes(rule as Permission)) {
    throw new AppError(
      'forbidden',
      `You need the right ${needed[rule as Permission]}. Ask an admin of the project, or use a key with a wider scope.`,
    )
  }
}

function authorizeRuntime(caller: Caller, rule: Rule): void {
  const fits = caller.kind === 'runtime' && (rule === 'runtime' || rule === `runtime-${caller.runtimeKind}`)
  if (!fits)
    throw new AppError('forbidden', 'This address is for runtimes. Use a credential that enrolment gave to a runtime of this kind.')
}
