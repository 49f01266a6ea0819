/** People and systems that come with a token or from the identity provider: they appear at first sight. */
import { and, eq, isNull, lt, or, sql } from 'drizzle-orm'
import { type Permission, type Role, rolePermissions } from '#src/contracts/access.ts'
import { db, transaction, type Tx } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { users } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import { recordSystemAudit } from '../audit.ts'
import type { UnifiedToken } from './token.ts'

type Row = typeof users.$inferSelect

/** The role that gives these rights. */
export function roleOf(permissions: readonly Permission[]): Role {
  if (permissions.includes('admin')) return 'admin'
  return permissions.includes('write') ? 'manager' : 'user'
}

/** A system has no e-mail: this form can not be one, so that nobody can claim it. */
const accountOf = (token: UnifiedToken) => (token.kind === 'system' ? `system:${token.subject.toLowerCase()}` : token.subject)

/** Of two roles the one that may do less. */
export function lesser(role: Role, ceiling: Role | null): Role {
  if (!ceiling) return role
  return rolePermissions[role].length <= rolePermissions[ceiling].length ? role : ceiling
}

async function appear(tx: Tx, token: UnifiedToken): Promise<Row> {
  const email = accountOf(token)
  const [made] = await tx
    .insert(users)
    .values({
      id: newId(),
      email,
      name: token.name.slice(0, 200),
      kind: token.kind === 'system' ? 'service' : 'person',
      origin: 'token',
      role: roleOf(token.permissions),
      tokenPermissions: token.permissions,
      tokenIssuedAt: token.issuedAt,
    })
    .onConflictDoNothing()
    .returning()
  if (made) {
    await recordSystemAudit(tx, {
      action: 'user.appear',
      targetType: 'user',
      targetId: made.id,
      after: { email, role: made.role, origin: 'token' },
    })
    return made
  }
  const [row] = await tx.select().from(users).where(eq(users.email, email))
  if (!row) throw new AppError('conflict', 'This account was removed at the same moment. Try again.')
  return row
}

/** A token that is newer than the last one seen tells what its bearer may do now. */
async function learn(row: Row, token: UnifiedToken): Promise<Row> {
  if (!token.issuedAt || (row.tokenIssuedAt && row.tokenIssuedAt >= token.issuedAt)) return row
  // A local account keeps the role that was given here; a token only ever narrows it.
  const role = row.origin === 'token' ? lesser(roleOf(token.permissions), row.roleCeiling) : row.role
  const [updated] = await db()
    .update(users)
    .set({ tokenPermissions: token.permissions, tokenIssuedAt: token.issuedAt, role })
    .where(and(eq(users.id, row.id), or(isNull(users.tokenIssuedAt), lt(users.tokenIssuedAt, token.issuedAt))))
    .returning()
  return updated ?? row
}

/** The account of a verified token, if it was seen before. */
export async function findAccount(token: UnifiedToken): Promise<Row | undefined> {
  const [known] = await db()
    .select()
    .from(users)
    .where(eq(users.email, accountOf(token)))
  return known
}

/**
 * The account of a verified token, made at first sight.
 * @throws AppError unauthorized for an account that an admin has disabled.
 */
export async function accountOfToken(token: UnifiedToken): Promise<Row> {
  const known = await findAccount(token)
  const row = await learn(known ?? (await transaction((tx) => appear(tx, token))), token)
  if (row.isDisabled) throw new AppError('unauthorized', 'This account is disabled. Ask an admin of this installation.')
  return row
}

/** What the bearer of a token may do: the token's rights, unless a newer token has told otherwise, within what an admin allows. */
export function rightsOfToken(row: Row, token: UnifiedToken): Permission[] {
  const isOutdated = row.tokenPermissions && row.tokenIssuedAt && (!token.issuedAt || token.issuedAt < row.tokenIssuedAt)
  const stored = isOutdated ? row.tokenPermissions : null
  return token.permissions.filter((permission) => !stored || stored.includes(permission))
}

type Profile = { subject: string; email: string | undefined; isVerified: boolean; name: string | undefined; role: Role }

/**
 * The account of somebody whom the identity provider vouches for. An address that it has not verified opens nothing, and an account
 * with a password here is not taken over by a name alone.
 * @throws AppError forbidden that says why.
 */
export async function accountOfProfile(profile: Profile): Promise<Row> {
  if (!profile.email || !profile.isVerified)
    throw new AppError('forbidden', 'The identity provider has not verified your email address. Verify it there, then sign in again.')
  const email = profile.email.normalize('NFKC').trim().toLowerCase()
  return transaction(async (tx) => {
    const [made] = await tx
      .insert(users)
      .values({
        id: newId(),
        email,
        name: (profile.name || email).slice(0, 200),
        origin: 'oidc',
        role: profile.role,
        lastSignInAt: sql`now()`,
      })
      .onConflictDoNothing()
      .returning()
    if (made) {
      await recordSystemAudit(tx, {
        action: 'user.appear',
        targetType: 'user',
        targetId: made.id,
        after: { email, role: made.role, origin: 'oidc' },
      })
      return made
    }
    const [row] = await tx.select().from(users).where(eq(users.email, email)).for('update')
    if (!row || row.isDisabled) throw new AppError('forbidden', 'This account is disabled. Ask an admin of this installation.')
    if (row.origin !== 'oidc' && row.kind === 'service') throw new AppError('forbidden', 'A service account can not sign in.')
    const role = row.origin === 'oidc' ? lesser(profile.role, row.roleCeiling) : row.role
    const [updated] = await tx.update(users).set({ role, lastSignInAt: sql`now()` }).where(eq(users.id, row.id)).returning()
    return updated ?? row
  })
}
