import { randomBytes } from 'node:crypto'
import { and, desc, eq, isNull, or, type SQL, sql } from 'drizzle-orm'
import type { z } from 'zod'
import {
  type ApiKey,
  type createApiKey as createApiKeyInput,
  type rotateApiKey as rotateApiKeyInput,
  scopePermissions,
} from '#src/contracts/access.ts'
import { db, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { apiKeys, projectMembers, projects, users } from '#src/server/db/schema.ts'
import { AppError, toAppError } from '#src/server/errors.ts'
import { type Caller, sha256Of } from './access.ts'
import { forgetIdentities } from './identities.ts'
import { recordAudit } from './audit.ts'
import { findProject, isVisible } from './projects.ts'

const columns = {
  id: apiKeys.id,
  name: apiKeys.name,
  prefix: apiKeys.prefix,
  scope: apiKeys.scope,
  actions: apiKeys.actions,
  deployments: apiKeys.deployments,
  rateLimitPerMinute: apiKeys.rateLimitPerMinute,
  project: projects.name,
  owner: sql<string>`case when ${users.kind} = 'service' then ${users.name} else ${users.email} end`,
  ownerKind: users.kind,
  createdAt: apiKeys.createdAt,
  expiresAt: apiKeys.expiresAt,
  lastUsedAt: apiKeys.lastUsedAt,
  revokedAt: apiKeys.revokedAt,
}

const select = (shown: Omit<typeof columns, 'project'> & { project: typeof columns.project | SQL<string | null> } = columns) =>
  db().select(shown).from(apiKeys).innerJoin(users, eq(users.id, apiKeys.userId)).leftJoin(projects, eq(projects.id, apiKeys.projectId))
type Row = Awaited<ReturnType<typeof select>>[number]

const view = (row: Row): ApiKey => ({
  ...row,
  createdAt: row.createdAt.toISOString(),
  expiresAt: row.expiresAt?.toISOString() ?? null,
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  revokedAt: row.revokedAt?.toISOString() ?? null,
})

/**
 * One's own keys and those of a project that one administers; an admin of the installation sees all, a key for one project those of that
 * project. A project that one may not see any more is told by its id.
 */
export async function listApiKeys(caller: Caller): Promise<ApiKey[]> {
  const mine = and(eq(apiKeys.userId, caller.userId ?? ''), isForOneProject(caller) ? eq(apiKeys.projectId, caller.project.id) : undefined)
  const where = caller.installation.includes('admin') ? undefined : or(mine, ofOwnProject(caller))
  const project = sql<string | null>`case when ${isVisible(caller) ?? sql`true`} then ${projects.name} else ${apiKeys.projectId}::text end`
  const rows = await select({ ...columns, project })
    .where(where)
    .orderBy(desc(apiKeys.createdAt))
    .limit(1000)
  return rows.map(view)
}

/** A key for one project has no rights over the installation, and every other key reads there. */
const isForOneProject = (caller: Caller) => caller.apiKeyId !== null && !caller.installation.includes('read')

/** The keys of the open project are its admin's to see and to revoke. */
const ofOwnProject = (caller: Caller) =>
  caller.permissions.includes('admin') && !caller.apiKeyId ? eq(apiKeys.projectId, caller.project.id) : undefined

/** Makes a key of 256 random bits; only its SHA-256 is kept, so the key is returned this once. */
export async function createApiKey(caller: Caller, input: z.infer<typeof createApiKeyInput>): Promise<{ apiKey: ApiKey; key: string }> {
  if (!caller.userId) throw new AppError('forbidden', 'Only a user can make keys.')
  const place = input.project === undefined ? undefined : await placeOf(caller, input.project)
  const held = [...caller.installation, ...(place?.permissions ?? caller.permissions)]
  if (input.scope === 'admin' && !held.includes('admin'))
    throw new AppError('forbidden', 'A key can not hold more rights than you have. Choose a narrower scope.')
  const own = await ownKey(caller)
  if (own) refuseMoreThanKey(caller, own, input)
  if (scopePermissions[input.scope].some((permission) => caller.within?.includes(permission) === false))
    throw new AppError('forbidden', 'A key can not hold more rights than what you are signed in with. Choose a narrower scope.')
  const owner = await ownerOf(caller, input.serviceAccount, place)
  const key = `nwk_${randomBytes(32).toString('base64url')}`
  const id = newId()
  const projectId = place?.row.id ?? null
  // What was left out is as the key has it that makes this one.
  const rateLimitPerMinute = input.rateLimitPerMinute ?? own?.rateLimitPerMinute ?? null
  const expiresAt =
    input.expiresInDays === null ? (own?.expiresAt ?? null) : sql<Date>`now() + make_interval(days => ${input.expiresInDays})`
  await transaction(async (tx) => {
    const values = {
      id,
      userId: owner.id,
      projectId,
      name: input.name,
      prefix: key.slice(0, 10),
      hash: sha256Of(key),
      scope: input.scope,
      actions: input.actions ?? null,
      deployments: input.deployments ?? null,
      rateLimitPerMinute,
      expiresAt,
    }
    const [made] = await tx.insert(apiKeys).values(values).returning({ expiresAt: apiKeys.expiresAt })
    await recordAudit(tx, caller, {
      action: 'api_key.create',
      targetType: 'api_key',
      targetId: id,
      after: {
        name: input.name,
        scope: input.scope,
        actions: input.actions,
        deployments: input.deployments,
        ...(input.serviceAccount ? { serviceAccount: owner.name } : {}),
        rateLimitPerMinute,
        expiresAt: made?.expiresAt?.toISOString() ?? null,
      },
      projectId,
    })
  })
  const [row] = await select().where(eq(apiKeys.id, id))
  if (!row) throw new AppError('internal', 'The key was not created.')
  return { apiKey: view(row), key }
}

/**
 * The caller's own account, or a service account: any for an admin of the installation; for a project's admin its members alone, and
 * then the key is bound to that project.
 */
async function ownerOf(
  caller: Caller,
  serviceAccount: string | undefined,
  place: Awaited<ReturnType<typeof findProject>> | undefined,
): Promise<{ id: string; name?: string }> {
  if (!serviceAccount) return { id: caller.userId as string }
  const isAdmin = caller.installation.includes('admin')
  if (!isAdmin && !place?.permissions.includes('admin'))
    throw new AppError(
      'forbidden',
      'An admin of this installation makes keys for service accounts, or of the project that the key names. Ask one of them.',
    )
  const isMember = sql`exists (select 1 from ${projectMembers} where ${projectMembers.userId} = ${users.id} and ${projectMembers.projectId} = ${place?.row.id ?? null})`
  const [row] = await db()
    .select({ id: users.id, name: users.name })
    .from(users)
    .where(and(eq(users.id, serviceAccount), eq(users.kind, 'service'), isAdmin ? undefined : isMember))
  if (!row)
    throw new AppError('not_found', 'There is no such service account.', {
      details: [{ path: 'serviceAccount', message: 'does not exist' }],
    })
  return row
}

type KeyRow = typeof apiKeys.$inferSelect

/** The key that the caller has shown, if it is one. */
async function ownKey({ apiKeyId }: Caller): Promise<KeyRow | undefined> {
  if (!apiKeyId) return undefined
  const [row] = await db().select().from(apiKeys).where(eq(apiKeys.id, apiKeyId))
  if (!row) throw new AppError('unauthorized', 'The key that this was sent with is gone. Use another one, or sign in.')
  return row
}

const dayMs = 24 * 3600 * 1000

/**
 * A key that leaked must not make itself a wider one: a key makes keys of its own scope at most, and of its own project alone, that take no
 * more calls and end no later.
 */
function refuseMoreThanKey(caller: Caller, own: KeyRow, input: z.infer<typeof createApiKeyInput>): void {
  const isWider = scopePermissions[input.scope].some((permission) => !scopePermissions[own.scope].includes(permission))
  if (isWider)
    throw new AppError('forbidden', 'A key can not make a key of a wider scope than its own. Choose a narrower scope, or sign in.')
  const exceeds = <T>(held: readonly T[] | null | undefined, wanted: readonly T[] | undefined) =>
    held && (!wanted || wanted.some((one) => !held.includes(one)))
  if (exceeds(own.actions, input.actions) || exceeds(own.deployments, input.deployments))
    throw new AppError('forbidden', 'A key that is limited can only make keys with its own limits, or narrower ones. Name them.')
  if (own.rateLimitPerMinute && (input.rateLimitPerMinute ?? 0) > own.rateLimitPerMinute)
    throw new AppError(
      'forbidden',
      `This key takes ${own.rateLimitPerMinute} calls a minute, and the keys that it makes take no more. Ask for fewer, or sign in.`,
    )
  if (own.expiresAt && Date.now() + (input.expiresInDays ?? 0) * dayMs > own.expiresAt.getTime())
    throw new AppError(
      'forbidden',
      `This key ends at ${own.expiresAt.toISOString()}, and the keys that it makes end no later. Choose an earlier end, or sign in.`,
    )
  if (own.projectId && ![caller.project.id, caller.project.name].includes(input.project ?? ''))
    throw new AppError(
      'forbidden',
      `This key is for the project "${caller.project.name}" alone, and so are the keys that it makes: name it.`,
    )
}

async function placeOf(caller: Caller, project: string) {
  return findProject(db(), caller, project).catch((error) => {
    if (toAppError(error).code !== 'not_found') throw error
    throw new AppError('not_found', toAppError(error).message, { details: [{ path: 'project', message: 'does not exist' }] })
  })
}

/** An admin revokes any key, a person their own; a key that is to read alone, or for one project, revokes itself alone. */
function isRevocable(caller: Caller) {
  if (caller.installation.includes('admin')) return undefined
  const mine = eq(apiKeys.userId, caller.userId ?? '')
  if (caller.apiKeyId && (!caller.installation.includes('write') || caller.actions)) return and(mine, eq(apiKeys.id, caller.apiKeyId))
  return or(mine, ofOwnProject(caller))
}

/**
 * Whoever rotates a key holds its successor, and so may not come by rights, or by a name, that are another's: one rotates one's own keys,
 * with a limited key that key alone, and those of service accounts an admin, of the installation or of the project that they are bound to.
 */
function isRotatable(caller: Caller) {
  const isOfProgram = sql`exists (select 1 from ${users} where ${users.id} = ${apiKeys.userId} and ${users.kind} = 'service')`
  const isLimited = caller.actions || caller.callable || isForOneProject(caller)
  if (caller.apiKeyId && isLimited) return eq(apiKeys.id, caller.apiKeyId)
  const own = eq(apiKeys.userId, caller.userId ?? '')
  if (caller.installation.includes('admin')) return or(own, isOfProgram)
  const ofProject = ofOwnProject(caller)
  return ofProject ? or(own, and(isOfProgram, ofProject)) : own
}

/** A key that leaked must not come to hold another of its account that takes more calls, or that goes on when it has ended. */
function refuseLooser(own: KeyRow, other: KeyRow): void {
  const takesMore = own.rateLimitPerMinute !== null && (other.rateLimitPerMinute ?? Number.POSITIVE_INFINITY) > own.rateLimitPerMinute
  const endOf = ({ expiresAt, createdAt }: KeyRow) => (expiresAt ? Date.now() + expiresAt.getTime() - createdAt.getTime() : undefined)
  const endsLater = own.expiresAt !== null && (endOf(other) ?? Number.POSITIVE_INFINITY) > own.expiresAt.getTime()
  if (takesMore || endsLater)
    throw new AppError('forbidden', 'That key takes more calls, or ends later, than the one you use. Sign in to rotate it.')
}

/**
 * Makes a successor with the same rights and limits; the old key goes on for `overlapHours`, so that programs can be moved over.
 * @returns the successor, whose key is shown this once.
 */
export async function rotateApiKey(
  caller: Caller,
  { id, overlapHours }: z.infer<typeof rotateApiKeyInput>,
): Promise<{ apiKey: ApiKey; key: string }> {
  const key = `nwk_${randomBytes(32).toString('base64url')}`
  const successor = newId()
  const own = await ownKey(caller)
  await transaction(async (tx) => {
    const isUsable = and(isNull(apiKeys.revokedAt), sql`(${apiKeys.expiresAt} is null or ${apiKeys.expiresAt} > now())`)
    const [old] = await tx
      .select()
      .from(apiKeys)
      .where(and(eq(apiKeys.id, id), isUsable, isRotatable(caller)))
      .for('update')
    if (!old) throw new AppError('not_found', 'There is no such key, or it no longer opens anything.')
    if (scopePermissions[old.scope].some((permission) => caller.within?.includes(permission) === false))
      throw new AppError(
        'forbidden',
        'This key holds more rights than what you are signed in with. Sign in with your own account to rotate it.',
      )
    if (own && own.id !== old.id && old.userId === own.userId) refuseLooser(own, old)
    const { createdAt: _made, lastUsedAt: _used, expiresAt, ...same } = old
    // The successor lives as long as the old key was meant to.
    const lifetime = expiresAt ? sql`now() + (${expiresAt.toISOString()}::timestamptz - ${old.createdAt.toISOString()}::timestamptz)` : null
    await tx.insert(apiKeys).values({ ...same, id: successor, prefix: key.slice(0, 10), hash: sha256Of(key), expiresAt: lifetime })
    const end = sql`now() + make_interval(hours => ${overlapHours})`
    await tx
      .update(apiKeys)
      .set({ expiresAt: sql`least(coalesce(${apiKeys.expiresAt}, ${end}), ${end})` })
      .where(eq(apiKeys.id, id))
    await recordAudit(tx, caller, {
      action: 'api_key.rotate',
      targetType: 'api_key',
      targetId: id,
      targetName: old.name,
      after: { successor, overlapHours },
      projectId: old.projectId,
    })
  })
  forgetIdentities()
  const [row] = await select().where(eq(apiKeys.id, successor))
  if (!row) throw new AppError('internal', 'The key was not made.')
  return { apiKey: view(row), key }
}

export async function revokeApiKey(caller: Caller, id: string): Promise<void> {
  await transaction(async (tx) => {
    const [row] = await tx
      .update(apiKeys)
      .set({ revokedAt: sql`now()` })
      .where(and(eq(apiKeys.id, id), isNull(apiKeys.revokedAt), isRevocable(caller)))
      .returning()
    if (!row) throw new AppError('not_found', 'There is no such key, or it was revoked before.')
    await recordAudit(tx, caller, {
      action: 'api_key.revoke',
      targetType: 'api_key',
      targetId: id,
      before: { name: row.name, scope: row.scope },
      projectId: row.projectId,
    })
  })
  forgetIdentities()
}

/** The admin's key that the settings name: made at start, and the only one of its name that still opens. */
export async function ensureBootstrapKey(key: string): Promise<void> {
  await transaction(async (tx) => {
    const [owner] = await tx
      .insert(users)
      .values({ id: newId(), email: 'bootstrap@localhost', name: 'Bootstrap key', role: 'admin' })
      .onConflictDoUpdate({ target: users.email, set: { role: 'admin', isDisabled: false } })
      .returning()
    if (!owner) throw new AppError('internal', 'The bootstrap user was not created.')
    const isOther = and(eq(apiKeys.userId, owner.id), sql`${apiKeys.hash} <> ${sha256Of(key)}`)
    await tx
      .update(apiKeys)
      .set({ revokedAt: sql`now()` })
      .where(and(isOther, isNull(apiKeys.revokedAt)))
    await tx
      .insert(apiKeys)
      .values({
        id: newId(),
        userId: owner.id,
        name: 'NEUROWEAVER_BOOTSTRAP_API_KEY',
        prefix: key.slice(0, 6),
        hash: sha256Of(key),
        scope: 'admin',
      })
      .onConflictDoUpdate({ target: apiKeys.hash, set: { revokedAt: null, userId: owner.id, scope: 'admin' } })
  })
}
