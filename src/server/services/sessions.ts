/** Browser sessions: each cookie names a row, and ends when its row, its account or its token does. */
import { and, desc, eq, gt, isNull, ne, sql } from 'drizzle-orm'
import type { Session } from '#src/contracts/access.ts'
import type { ErrorCode } from '#src/contracts/errors.ts'
import { db, transaction, type Tx } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { sessions, users } from '#src/server/db/schema.ts'
import { AppError, toAppError } from '#src/server/errors.ts'
import { requestScope } from '#src/server/log.ts'
import { seal, unseal } from '#src/server/sealing.ts'
import type { Caller } from './access.ts'
import { forgetIdentities } from './identities.ts'
import { recordAudit } from './audit.ts'
import { readVerified, type UnifiedToken, verifyToken } from './signOn/token.ts'

type Row = typeof sessions.$inferSelect
export type Begun = { sessionId: string; userId: string; email: string; name: string; epoch: number; expiresAt: Date }

const sessionDays = 30
const recheckMs = 5 * 60_000
const maxUserAgent = 400

type From = { origin: Row['origin']; address: string | null; userAgent: string | undefined; correlationId: string }

/** Begins a session of an account; one that comes with a token ends when the token does. */
export async function beginSession(user: typeof users.$inferSelect, from: From, token?: { text: string; expiresAt: Date }): Promise<Begun> {
  const id = newId()
  const longest = new Date(Date.now() + sessionDays * 24 * 3_600_000)
  const expiresAt = token && token.expiresAt < longest ? token.expiresAt : longest
  await transaction(async (tx) => {
    await tx.insert(sessions).values({
      id,
      userId: user.id,
      origin: from.origin,
      address: from.address,
      userAgent: from.userAgent?.slice(0, maxUserAgent) ?? null,
      sealedToken: token ? seal(token.text) : null,
      expiresAt,
    })
    await tx.update(users).set({ lastSignInAt: sql`now()` }).where(eq(users.id, user.id))
    await recordAudit(tx, personOf(user, from), {
      action: 'session.begin',
      targetType: 'user',
      targetId: user.id,
      after: { email: user.email, origin: from.origin },
      projectId: null,
    })
  })
  return { sessionId: id, userId: user.id, email: user.email, name: user.name, epoch: user.sessionEpoch, expiresAt }
}

const personOf = (user: typeof users.$inferSelect, from: From): Caller => ({
  kind: 'user',
  userId: user.id,
  email: user.email,
  apiKeyId: null,
  runtimeId: null,
  runtimeKind: null,
  installation: [],
  permissions: [],
  project: { id: '00000000-0000-0000-0000-000000000000', name: '' },
  correlationId: from.correlationId,
  address: from.address,
})

const isOpen = and(isNull(sessions.revokedAt), gt(sessions.expiresAt, sql`now()`))

/** The keys of a token may have been changed since it was last verified. @throws AppError as `verifyToken` does. */
async function recheck(row: Row, text: string): Promise<void> {
  try {
    await verifyToken(text)
  } catch (error) {
    // Keys that can not be fetched just now end nobody's session.
    if (toAppError(error).code === 'unavailable') return
    throw error
  }
  await db().update(sessions).set({ checkedAt: sql`now()` }).where(eq(sessions.id, row.id))
}

const ending = new Set<ErrorCode>(['unauthorized', 'forbidden', 'conflict'])

/** The token that a session began with. @returns undefined when it is no longer good, which ends the session. */
async function tokenOf(row: Row, sealed: string): Promise<UnifiedToken | undefined> {
  try {
    const text = unseal(sealed)
    if (Date.now() - row.checkedAt.getTime() >= recheckMs) await recheck(row, text)
    return readVerified(text)
  } catch (error) {
    if (!ending.has(toAppError(error).code)) throw error
    await db().update(sessions).set({ revokedAt: sql`now()` }).where(eq(sessions.id, row.id))
    return undefined
  }
}

const seenEveryMs = 60_000

/** The open session of this id with its account and the token that it began with, or undefined. */
export async function findSession(
  id: string,
): Promise<{ session: Row; user: typeof users.$inferSelect; token: UnifiedToken | undefined } | undefined> {
  const [row] = await db()
    .select({ session: sessions, user: users })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.id, id), isOpen))
  if (!row) return undefined
  const { sealedToken } = row.session
  const token = sealedToken ? await tokenOf(row.session, sealedToken) : undefined
  if (sealedToken && !token) return undefined
  if (Date.now() - row.session.lastSeenAt.getTime() > seenEveryMs)
    await db().update(sessions).set({ lastSeenAt: sql`now()` }).where(eq(sessions.id, id))
  return { ...row, token }
}

/** One's open sessions, the latest first. */
export async function listSessions(caller: Caller): Promise<Session[]> {
  const rows = await db()
    .select()
    .from(sessions)
    .where(and(eq(sessions.userId, caller.userId ?? ''), isOpen))
    .orderBy(desc(sessions.lastSeenAt))
    .limit(100)
  return rows.map((row) => ({
    id: row.id,
    isCurrent: row.id === caller.sessionId,
    origin: row.origin,
    address: row.address,
    userAgent: row.userAgent,
    createdAt: row.createdAt.toISOString(),
    lastSeenAt: row.lastSeenAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
  }))
}

/** Ends one of one's own sessions. @throws AppError not_found */
export async function revokeSession(caller: Caller, id: string): Promise<void> {
  await transaction(async (tx) => {
    const ended = await end(tx, and(eq(sessions.id, id), eq(sessions.userId, caller.userId ?? '')))
    if (ended === 0) throw new AppError('not_found', 'There is no such session, or it has ended.')
    await recordEnd(tx, caller, caller.userId as string, ended)
  })
  forgetIdentities()
}

/** Ends all of one's sessions but the present one. @returns how many. */
export async function revokeOtherSessions(caller: Caller): Promise<number> {
  const count = await transaction(async (tx) => {
    const mine = eq(sessions.userId, caller.userId ?? '')
    const ended = await end(tx, caller.sessionId ? and(mine, ne(sessions.id, caller.sessionId)) : mine)
    if (ended > 0) await recordEnd(tx, caller, caller.userId as string, ended)
    return ended
  })
  forgetIdentities()
  return count
}

/** Ends every session of somebody; for an admin. @returns how many. */
export async function revokeSessionsOf(caller: Caller, userId: string): Promise<number> {
  const count = await transaction(async (tx) => {
    const ended = await end(tx, eq(sessions.userId, userId))
    await recordEnd(tx, caller, userId, ended)
    return ended
  })
  forgetIdentities()
  return count
}

/** Signing out ends the session itself, not only the cookie that names it. */
export async function endSession(id: string): Promise<void> {
  await transaction(async (tx) => {
    const isEnding = and(eq(sessions.id, id), isNull(sessions.revokedAt))
    const [row] = await tx.select({ user: users }).from(sessions).innerJoin(users, eq(users.id, sessions.userId)).where(isEnding)
    if (!row || (await end(tx, isEnding)) === 0) return
    const correlationId = requestScope.getStore()?.correlationId ?? id
    await recordEnd(tx, personOf(row.user, { origin: 'local', address: null, userAgent: undefined, correlationId }), row.user.id, 1)
  })
  forgetIdentities()
}

async function end(tx: Tx, where: ReturnType<typeof and>): Promise<number> {
  const rows = await tx.update(sessions).set({ revokedAt: sql`now()` }).where(and(where, isOpen)).returning({ id: sessions.id })
  return rows.length
}

const recordEnd = (tx: Tx, caller: Caller, userId: string, count: number) =>
  recordAudit(tx, caller, { action: 'session.end', targetType: 'user', targetId: userId, after: { count }, projectId: null })

const keptDays = 30

/** Forgets sessions that ended long ago. */
export async function sweepSessions(): Promise<void> {
  await db()
    .delete(sessions)
    .where(
      sql`${sessions.expiresAt} < now() - make_interval(days => ${keptDays}) or ${sessions.revokedAt} < now() - make_interval(days => ${keptDays})`,
    )
}
