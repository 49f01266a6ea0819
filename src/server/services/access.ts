/** Who is asking, and what they may do. */
import { createHash } from 'node:crypto'
import { and, eq, isNull, sql } from 'drizzle-orm'
import {
  type Action,
  type Permission,
  type ProjectRole,
  projectRolePermissions,
  type Role,
  rolePermissions,
  scopePermissions,
} from '#src/contracts/access.ts'
import type { AuditSource } from '#src/contracts/audit.ts'
import { isUuid } from '#src/contracts/common.ts'
import type { RuntimeKind } from '#src/contracts/runtime.ts'
import { db } from '#src/server/db/client.ts'
import { apiKeys, projectMembers, projects, runtimes, users } from '#src/server/db/schema.ts'
import { AppError, toAppError } from '#src/server/errors.ts'
import { type Identity, type Known, knownOr } from './identities.ts'
import { findSession } from './sessions.ts'
import { accountOfToken, rightsOfToken } from './signOn/people.ts'
import { isToken, type UnifiedToken, verifyToken } from './signOn/token.ts'

export type Caller = {
  kind: 'anonymous' | 'user' | 'key' | 'token' | 'runtime'
  userId: string | null
  email: string | null
  apiKeyId: string | null
  runtimeId: string | null
  runtimeKind: RuntimeKind | null
  /** Rights over the whole installation: users, runtimes, projects. */
  installation: readonly Permission[]
  /** The most that a key, a token or a session of a token holds anywhere; undefined for other sessions. */
  within?: readonly Permission[]
  /** Rights in `project`. */
  permissions: readonly Permission[]
  project: { id: string; name: string }
  correlationId: string
  address: string | null
  /** The browser session that was shown. */
  sessionId?: string
  /** What a key is limited to; undefined for everything that its rights open. */
  actions?: readonly Action[]
  /** Names of the deployments that a key may call; undefined for all. */
  callable?: readonly string[]
  rateLimitPerMinute?: number
  /** Nothing but a new password is taken from somebody whose password an admin has reset. */
  mustChangePassword?: boolean
  /** The door, where it says so; the record tells the others apart by their credential. */
  source?: AuditSource
}

/**
 * What a route or procedure asks of its caller. Every one has a rule; `open` is said, never assumed. `session` is for what a person
 * does about the own account, which nobody who holds one of their keys or tokens may do.
 */
export type Rule =
  | 'open'
  | 'signed-in'
  | 'session'
  | Permission
  | 'installation-admin'
  | 'runtime-enrol'
  | 'runtime'
  | 'runtime-training'
  | 'runtime-inference'

export type Credentials = {
  bearer?: string | undefined
  session?: { id: string; userId: string; epoch: number } | undefined
  project?: string | undefined
  correlationId: string
  address: string | null
  /** How old the answer may be, where less than the usual is asked. */
  maxAgeMs?: number | undefined
}

export const sha256Of = (text: string): Buffer => createHash('sha256').update(text).digest()

const cacheMs = 5_000
/**
 * Finds out who is asking.
 * @throws AppError unauthorized for a credential that is wrong, expired or revoked; not_found for a project that the caller may not see.
 */
export async function identify(credentials: Credentials): Promise<Caller> {
  const { correlationId, address } = credentials
  const key = cacheKey(credentials)
  const look = () => findIdentity(credentials)
  const identity = key ? await knownOr(key, look, credentials.maxAgeMs) : (await look()).identity
  return { ...identity, correlationId, address }
}

/** Whether a browser session may still ask for something. */
export async function isSessionOpen(session: NonNullable<Credentials['session']>): Promise<boolean> {
  try {
    await identify({ session, correlationId: '', address: null })
    return true
  } catch (error) {
    // Only a look at its row says that it has ended: a database that is away, or a project that is hidden, does not.
    return toAppError(error).code !== 'unauthorized'
  }
}

function cacheKey({ bearer, session, project }: Credentials): string | undefined {
  if (bearer !== undefined) return `b:${sha256Of(bearer).toString('base64')}:${project ?? ''}`
  if (session) return `s:${session.id}:${session.epoch}:${project ?? ''}`
  return undefined
}

async function findIdentity({ bearer, session, project }: Credentials): Promise<Known> {
  const until = Date.now() + cacheMs
  if (bearer !== undefined && isToken(bearer)) return byToken(bearer, project, until)
  if (bearer !== undefined) return { identity: await byBearer(bearer, project), until }
  return { identity: session ? await bySession(session, project) : anonymous, until }
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
      actions: apiKeys.actions,
      deployments: apiKeys.deployments,
      rateLimitPerMinute: apiKeys.rateLimitPerMinute,
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
    within,
    ...(row.actions ? { actions: row.actions } : {}),
    ...(row.deployments ? { callable: row.deployments } : {}),
    ...(row.rateLimitPerMinute ? { rateLimitPerMinute: row.rateLimitPerMinute } : {}),
    installation: row.projectId ? [] : rolePermissions[row.role].filter((permission) => within.includes(permission)),
    permissions: place.permissions.filter((permission) => within.includes(permission)),
    project: place.project,
  }
}

type Account = typeof users.$inferSelect
type Reach = Pick<Identity, 'within' | 'installation' | 'permissions' | 'project'>

/** What a token of somebody opens, shown as it is or through the session that it began: what it grants, within what an admin allows here. */
async function reachOfToken(user: Account, token: UnifiedToken, project: string | undefined): Promise<Reach> {
  const rights = rightsOfToken(user, token)
  const most = user.origin === 'token' ? (user.roleCeiling ?? 'admin') : user.role
  return narrow(rights, rolePermissions[most], await placeOf(user.id, most, project))
}

function narrow(within: readonly Permission[], installation: readonly Permission[], place: Awaited<ReturnType<typeof placeOf>>): Reach {
  const held = (permissions: readonly Permission[]) => permissions.filter((permission) => within.includes(permission))
  return { within, installation: held(installation), permissions: held(place.permissions), project: place.project }
}

/** The bearer of a unified token, never beyond its end. */
async function byToken(bearer: string, project: string | undefined, until: number): Promise<Known> {
  const token = await verifyToken(bearer)
  const user = await accountOfToken(token)
  const reach = await reachOfToken(user, token, project)
  if (reach.permissions.length === 0)
    throw new AppError('forbidden', 'This token grants nothing on neuroweaver. Ask for one that holds neuroweaver:read.')
  const identity: Identity = { ...anonymous, kind: 'token', userId: user.id, email: user.email, ...reach }
  return { identity, until: Math.min(until, token.expiresAt.getTime()) }
}

async function bySession(session: NonNullable<Credentials['session']>, project: string | undefined): Promise<Identity> {
  const found = await findSession(session.id)
  if (!found || found.user.id !== session.userId || found.user.isDisabled || found.user.sessionEpoch !== session.epoch) {
    throw new AppError('unauthorized', 'This session has ended. Sign in again.')
  }
  const { user, token } = found
  const mustChangePassword = user.mustChangePassword && found.session.origin === 'local'
  const reach = token ? await reachOfToken(user, token, project) : await reachOfRole(user, mustChangePassword, project)
  return {
    ...anonymous,
    kind: 'user',
    userId: user.id,
    email: user.email,
    sessionId: session.id,
    ...(mustChangePassword ? { mustChangePassword } : {}),
    ...reach,
  }
}

/** The whole role; with a reset password nothing of it. */
async function reachOfRole(user: Account, mustChangePassword: boolean, project: string | undefined): Promise<Reach> {
  const place = await placeOf(user.id, user.role, project)
  return mustChangePassword ? narrow([], [], place) : { ...place, installation: rolePermissions[user.role] }
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
    .select({ id: projects.id, name: projects.name, isPrivate: projects.isPrivate, memberRole: projectMembers.role })
    .from(projects)
    .leftJoin(projectMembers, and(eq(projectMembers.projectId, projects.id), eq(projectMembers.userId, userId)))
    .where(isUuid(wanted) ? eq(projects.id, wanted) : eq(projects.name, wanted))
  const permissions = row ? permissionsIn(role, row.memberRole, row.isPrivate) : []
  if (!row || !permissions.includes('read'))
    throw new AppError('not_found', `There is no project "${wanted.slice(0, 100)}" that you may see.`)
  return { permissions, project: { id: row.id, name: row.name } }
}

/** The larger of what the installation and the project grant; in a private project only its members and admins have any rights. */
export function permissionsIn(role: Role, memberRole: ProjectRole | null, isPrivate: boolean): Permission[] {
  const general = isPrivate && role !== 'admin' ? [] : rolePermissions[role]
  return [...new Set([...general, ...(memberRole ? projectRolePermissions[memberRole] : [])])]
}

const needed: Record<Permission, string> = {
  read: 'to read in this project',
  write: 'to change things in this project',
  deploy: 'to deploy in this project',
  admin: 'to administer this project',
}

/**
 * Holds a caller to a rule.
 * @param actions any of which a key that is limited to actions must have; null where none is asked.
 * @throws AppError unauthorized when it is not known who asks, forbidden when it is and they may not.
 */
export function authorize(caller: Caller, rule: Rule, actions: readonly Action[] | null = null): void {
  if (rule === 'open' || rule === 'runtime-enrol') return
  if (caller.kind === 'anonymous') {
    throw new AppError('unauthorized', 'Sign in, or send an API key as "Authorization: Bearer <key>".')
  }
  if (rule.startsWith('runtime')) return authorizeRuntime(caller, rule)
  if (caller.kind === 'runtime') throw new AppError('forbidden', 'A runtime credential opens only the addresses under /api/runtime.')
  if (caller.mustChangePassword && rule !== 'signed-in' && rule !== 'session')
    throw new AppError('forbidden', 'Choose a new password first, under Settings → Account: an admin has reset the one you had.')
  if (caller.actions && actions && !actions.some((action) => caller.actions?.includes(action)))
    throw new AppError(
      'forbidden',
      `This key is limited to ${caller.actions.join(', ')}. This needs ${actions.join(' or ')}: use another key.`,
    )
  if (rule === 'signed-in') return
  if (rule === 'session') return authorizeSession(caller)
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

function authorizeSession({ kind }: Caller): void {
  if (kind !== 'user')
    throw new AppError('forbidden', 'Keys and tokens can not do this. Sign in with a browser, and do it under Settings → Account.')
}

function authorizeRuntime(caller: Caller, rule: Rule): void {
  const fits = caller.kind === 'runtime' && (rule === 'runtime' || rule === `runtime-${caller.runtimeKind}`)
  if (!fits)
    throw new AppError('forbidden', 'This address is for runtimes. Use a credential that enrolment gave to a runtime of this kind.')
}
