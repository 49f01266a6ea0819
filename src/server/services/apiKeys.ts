import { randomBytes } from 'node:crypto'
import { and, desc, eq, isNull, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { type ApiKey, type createApiKey as createApiKeyInput, scopePermissions } from '#src/contracts/access.ts'
import { isUuid } from '#src/contracts/common.ts'
import { db, type Queryable, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { apiKeys, projects, users } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import { type Caller, forgetIdentities, sha256Of } from './access.ts'
import { recordAudit } from './audit.ts'

const columns = {
  id: apiKeys.id,
  name: apiKeys.name,
  prefix: apiKeys.prefix,
  scope: apiKeys.scope,
  project: projects.name,
  owner: users.email,
  createdAt: apiKeys.createdAt,
  expiresAt: apiKeys.expiresAt,
  lastUsedAt: apiKeys.lastUsedAt,
  revokedAt: apiKeys.revokedAt,
}

const select = () =>
  db().select(columns).from(apiKeys).innerJoin(users, eq(users.id, apiKeys.userId)).leftJoin(projects, eq(projects.id, apiKeys.projectId))
type Row = Awaited<ReturnType<typeof select>>[number]

const view = (row: Row): ApiKey => ({
  ...row,
  createdAt: row.createdAt.toISOString(),
  expiresAt: row.expiresAt?.toISOString() ?? null,
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  revokedAt: row.revokedAt?.toISOString() ?? null,
})

/** One's own keys; an admin of the installation sees all. */
export async function listApiKeys(caller: Caller): Promise<ApiKey[]> {
  const where = caller.installation.includes('admin') ? undefined : eq(apiKeys.userId, caller.userId ?? '')
  const rows = await select().where(where).orderBy(desc(apiKeys.createdAt)).limit(1000)
  return rows.map(view)
}

/** Makes a key of 256 random bits; only its SHA-256 is kept, so the key is returned this once. */
export async function createApiKey(caller: Caller, input: z.infer<typeof createApiKeyInput>): Promise<{ apiKey: ApiKey; key: string }> {
  if (!caller.userId) throw new AppError('forbidden', 'Only a user can make keys.')
  const missing = scopePermissions[input.scope].filter(
    (permission) => permission === 'admin' && !caller.installation.includes(permission) && !caller.permissions.includes(permission),
  )
  if (missing.length > 0) throw new AppError('forbidden', 'A key can not hold more rights than you have. Choose a narrower scope.')
  await refuseMoreThanKey(caller, input)
  const key = `nwk_${randomBytes(32).toString('base64url')}`
  const id = newId()
  await transaction(async (tx) => {
    const projectId = input.project ? await projectIdOf(tx, input.project) : null
    await tx.insert(apiKeys).values({
      id,
      userId: caller.userId as string,
      projectId,
      name: input.name,
      prefix: key.slice(0, 10),
      hash: sha256Of(key),
      scope: input.scope,
      expiresAt: input.expiresInDays === null ? null : sql`now() + make_interval(days => ${input.expiresInDays})`,
    })
    await recordAudit(tx, caller, {
      action: 'api_key.create',
      targetType: 'api_key',
      targetId: id,
      after: { name: input.name, scope: input.scope },
      projectId,
    })
  })
  const [row] = await select().where(eq(apiKeys.id, id))
  if (!row) throw new AppError('internal', 'The key was not created.')
  return { apiKey: view(row), key }
}

/** A key that leaked must not make itself a wider one: a key makes keys of its own scope at most, and of its own project alone. */
async function refuseMoreThanKey(caller: Caller, input: z.infer<typeof createApiKeyInput>): Promise<void> {
  if (!caller.apiKeyId) return
  const [own] = await db()
    .select({ scope: apiKeys.scope, projectId: apiKeys.projectId })
    .from(apiKeys)
    .where(eq(apiKeys.id, caller.apiKeyId))
  const isWider = scopePermissions[input.scope].some((permission) => !own || !scopePermissions[own.scope].includes(permission))
  if (isWider)
    throw new AppError('forbidden', 'A key can not make a key of a wider scope than its own. Choose a narrower scope, or sign in.')
  if (own?.projectId && ![caller.project.id, caller.project.name].includes(input.project ?? ''))
    throw new AppError(
      'forbidden',
      `This key is for the project "${caller.project.name}" alone, and so are the keys that it makes: name it.`,
    )
}

async function projectIdOf(tx: Queryable, project: string): Promise<string> {
  const [row] = await tx
    .select({ id: projects.id })
    .from(projects)
    .where(isUuid(project) ? eq(projects.id, project) : eq(projects.name, project))
  if (!row)
    throw new AppError('not_found', `There is no project "${project}".`, { details: [{ path: 'project', message: 'does not exist' }] })
  return row.id
}

/** An admin revokes any key, a person their own; a key that is to read alone, or for one project, revokes itself alone. */
function isRevocable(caller: Caller) {
  if (caller.installation.includes('admin')) return undefined
  const mine = eq(apiKeys.userId, caller.userId ?? '')
  return caller.apiKeyId && !caller.installation.includes('write') ? and(mine, eq(apiKeys.id, caller.apiKeyId)) : mine
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
