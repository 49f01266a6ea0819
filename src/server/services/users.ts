import { randomBytes, timingSafeEqual } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import { and, asc, eq, isNotNull, ne, or, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type {
  changePassword as changePasswordInput,
  createFirstAdmin as firstAdminInput,
  createUser as createUserInput,
  updateUser as updateUserInput,
  User,
} from '#src/contracts/access.ts'
import { text } from '#src/contracts/common.ts'
import { db, isUniqueViolation, type Queryable, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { users } from '#src/server/db/schema.ts'
import { AppError, toAppError } from '#src/server/errors.ts'
import { type Caller, sha256Of, visitor } from './access.ts'
import { forgetIdentities } from './identities.ts'
import { announce, everywhere, recordAudit, recordSystemAudit } from './audit.ts'
import { type Begun, beginSession, revokeOtherSessions, revokeSessionsOf } from './sessions.ts'
import { senderOf, takeToken } from './rateLimits.ts'
import { admitTry, forgetFailures, noteFailure } from './signOn/attempts.ts'
import { accountOfProfile, accountOfToken, findAccount, rightsOfToken } from './signOn/people.ts'
import { profileOf } from './signOn/profile.ts'
import { type UnifiedToken, verifyToken } from './signOn/token.ts'

type Row = typeof users.$inferSelect
const view = (row: Row): User => ({
  id: row.id,
  email: row.email,
  name: row.name,
  role: row.role,
  kind: row.kind,
  origin: row.origin,
  isDisabled: row.isDisabled,
  mustChangePassword: row.mustChangePassword,
  createdAt: row.createdAt.toISOString(),
  lastSignInAt: row.lastSignInAt?.toISOString() ?? null,
})

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. */
const argon = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const hashPassword = (password: string) => hash(password, argon)

/** Verified when no such user exists, so that the answer takes as long. */
let decoy: Promise<string> | undefined

const storable = text(200)
const unusable = () =>
  new AppError('bad_request', 'email: must be at most 200 characters, without NUL.', {
    details: [{ path: 'email', message: 'must be at most 200 characters, without NUL' }],
  })

export type Sender = { address: string | null; userAgent: string | undefined; correlationId: string }

/**
 * Begins a session for an e-mail and a password.
 * @returns undefined when they do not belong together: the answer does not tell which of the two was wrong.
 * @throws AppError too_many_requests after too many tries, bad_request for what can be nobody's e-mail.
 */
export async function signIn(email: string, password: string, from: Sender): Promise<Begun | undefined> {
  const account = email.normalize('NFKC').trim().toLowerCase()
  await admitTry(account, from.address)
  if (!storable.safeParse(account).success) throw unusable()
  const [row] = await db().select().from(users).where(eq(users.email, account))
  decoy ??= hashPassword('no such user')
  // Waited for in both cases, so that the first to ask after a start is not told by it either.
  const instead = await decoy
  const isRight = await verify(row?.passwordHash ?? instead, password).catch(() => false)
  if (!isRight || !row?.passwordHash || row.isDisabled || row.kind !== 'person') {
    await noteFailure(account)
    await recordRefusal(row, from)
    return undefined
  }
  await forgetFailures(account)
  return beginSession(row, { ...from, origin: 'local' })
}

/** As dear for an account that there is not, so that the time does not tell; what was typed is not kept, for it may be a password. */
const recordRefusal = (row: Row | undefined, { correlationId, address }: Sender) =>
  recordAudit(db(), visitor(correlationId, address), {
    action: 'session.refuse',
    targetType: 'user',
    targetId: row?.id ?? 'unknown',
    ...(row ? { targetName: row.email } : {}),
    projectId: null,
  })

/** Begins a session for the bearer of a unified token, which ends with it. @throws AppError as `verifyToken` does. */
export async function signInWithToken(shown: string, from: Sender): Promise<Begun> {
  const token = await verifyToken(shown)
  const user = await admitToken(token).catch(async (error) => {
    if (toAppError(error).status < 500) await recordRefusal(await findAccount(token), from)
    throw error
  })
  return beginSession(user, { ...from, origin: 'token' }, { text: shown, expiresAt: token.expiresAt })
}

/** The person whom a token lets sign in. @throws AppError forbidden for a system or for no rights, unauthorized for a disabled account. */
async function admitToken(token: UnifiedToken): Promise<Row> {
  if (token.kind === 'system') throw new AppError('forbidden', 'A token of a system opens no session. Use one of a person.')
  const user = await accountOfToken(token)
  if (rightsOfToken(user, token).length === 0)
    throw new AppError('forbidden', 'This token grants nothing on neuroweaver. Ask for one that holds neuroweaver:read.')
  return user
}

/** Begins a session for somebody whom the identity provider vouches for. `claims` are those of its ID token. */
export async function signInWithProfile(claims: Record<string, unknown>, from: Sender): Promise<Begun> {
  const user = await accountOfProfile(profileOf(claims))
  return beginSession(user, { ...from, origin: 'oidc' })
}

export async function getUser(id: string): Promise<User> {
  const [row] = await db().select().from(users).where(eq(users.id, id))
  if (!row) throw new AppError('not_found', 'There is no such user.')
  return view(row)
}

export async function listUsers(): Promise<User[]> {
  const rows = await db().select().from(users).where(eq(users.kind, 'person')).orderBy(asc(users.email)).limit(1000)
  return rows.map(view)
}

export async function createUser(caller: Caller, input: z.infer<typeof createUserInput>): Promise<User> {
  const passwordHash = await hashPassword(input.password)
  try {
    return await transaction(async (tx) => {
      const [row] = await tx
        .insert(users)
        .values({ id: newId(), email: input.email, name: input.name, role: input.role, passwordHash })
        .returning()
      if (!row) throw new AppError('internal', 'The user was not created.')
      await recordAudit(tx, caller, {
        action: 'user.create',
        targetType: 'user',
        targetId: row.id,
        after: { email: row.email, role: row.role },
        projectId: null,
      })
      await announce(tx, 'user', everywhere, row.id)
      return view(row)
    })
  } catch (error) {
    if (isUniqueViolation(error))
      throw new AppError('conflict', `There is already a user ${input.email}.`, { details: [{ path: 'email', message: 'is taken' }] })
    throw error
  }
}

/** Changes a user; a new password, role or lock ends their sessions. */
export async function updateUser(caller: Caller, input: z.infer<typeof updateUserInput>): Promise<User> {
  const passwordHash = input.password ? await hashPassword(input.password) : undefined
  const updated = await transaction(async (tx) => {
    await lockAdmins(tx)
    const [before] = await tx.select().from(users).where(eq(users.id, input.id)).for('update')
    if (!before) throw new AppError('not_found', 'There is no such user.')
    if (passwordHash !== undefined && before.kind !== 'person')
      throw new AppError('unprocessable', 'A service account has keys and no password. Make it a key instead.', {
        details: [{ path: 'password', message: 'is for people alone' }],
      })
    const losesAdmin = before.role === 'admin' && ((input.role && input.role !== 'admin') || input.isDisabled)
    if (losesAdmin && (await countAdmins(tx, before.id)) === 0)
      throw new AppError('conflict', 'This is the last admin. Make another one first.')
    const endsSessions = passwordHash !== undefined || input.role !== undefined || input.isDisabled !== undefined
    const [row] = await tx
      .update(users)
      .set({
        ...(input.name === undefined ? {} : { name: input.name }),
        // Whatever a token or the identity provider says later, it is within what an admin decided.
        ...(input.role === undefined ? {} : { role: input.role, roleCeiling: before.origin === 'local' ? null : input.role }),
        ...(input.isDisabled === undefined ? {} : { isDisabled: input.isDisabled }),
        ...(passwordHash === undefined ? {} : { passwordHash }),
        sessionEpoch: endsSessions ? before.sessionEpoch + 1 : before.sessionEpoch,
      })
      .where(eq(users.id, input.id))
      .returning()
    if (!row) throw new AppError('not_found', 'There is no such user.')
    const facts = (of: Row) => ({ name: of.name, role: of.role, isDisabled: of.isDisabled })
    await recordAudit(tx, caller, {
      action: 'user.update',
      targetType: 'user',
      targetId: row.id,
      before: facts(before),
      after: { ...facts(row), ...(passwordHash === undefined ? {} : { isPasswordNew: true }) },
      projectId: null,
    })
    await announce(tx, 'user', everywhere, row.id)
    return view(row)
  })
  forgetIdentities()
  return updated
}

/**
 * Gives somebody a password for one sign-in, at which they must choose another. Ends their sessions.
 * @returns the password, which is shown this once.
 */
export async function resetPassword(caller: Caller, id: string): Promise<{ password: string }> {
  const password = randomBytes(12).toString('base64url')
  const passwordHash = await hashPassword(password)
  await transaction(async (tx) => {
    const [row] = await tx
      .update(users)
      .set({ passwordHash, mustChangePassword: true })
      .where(and(eq(users.id, id), eq(users.kind, 'person'), eq(users.origin, 'local')))
      .returning()
    if (!row) throw new AppError('not_found', 'There is nobody of that id who signs in with a password here.')
    await recordAudit(tx, caller, {
      action: 'user.reset_password',
      targetType: 'user',
      targetId: id,
      after: { email: row.email },
      projectId: null,
    })
  })
  await revokeSessionsOf(caller, id)
  return { password }
}

/**
 * A new password ends every other session.
 * @throws AppError unprocessable when the present one is not right or the next one is the same, too_many_requests after too many tries.
 */
export async function changePassword(caller: Caller, input: z.infer<typeof changePasswordInput>): Promise<void> {
  if (input.next === input.current)
    throw new AppError('unprocessable', 'The new password is the present one. Choose another.', {
      details: [{ path: 'next', message: 'must be another than the present one' }],
    })
  const row = await ownerOf(caller, input.current)
  const passwordHash = await hashPassword(input.next)
  await transaction(async (tx) => {
    await tx.update(users).set({ passwordHash, mustChangePassword: false }).where(eq(users.id, row.id))
    await recordAudit(tx, caller, { action: 'user.password', targetType: 'user', targetId: row.id, projectId: null })
  })
  await revokeOtherSessions(caller)
}

/** The caller's account, when the password is its own: guessing it is counted and written down as at the sign-in. */
async function ownerOf(caller: Caller, password: string): Promise<Row> {
  const [row] = await db()
    .select()
    .from(users)
    .where(eq(users.id, caller.userId as string))
  if (!row?.passwordHash) throw notRight()
  await admitTry(row.email, caller.address)
  if (!(await verify(row.passwordHash, password).catch(() => false))) {
    await noteFailure(row.email)
    await recordAudit(db(), caller, { action: 'user.refuse_password', targetType: 'user', targetId: row.id, projectId: null })
    throw notRight()
  }
  await forgetFailures(row.email)
  return row
}

const notRight = () =>
  new AppError('unprocessable', 'The current password is not right.', { details: [{ path: 'current', message: 'is not right' }] })

const lockAdmins = (tx: Queryable) => tx.execute(sql`select pg_advisory_xact_lock(7203312)`)

const isAdmin = and(eq(users.role, 'admin'), eq(users.kind, 'person'), eq(users.isDisabled, false))

/** People who are admins and can sign in with a password, without the one that is about to change. */
const countAdmins = (tx: Queryable, besides?: string): Promise<number> =>
  tx.$count(users, and(isAdmin, isNotNull(users.passwordHash), besides ? ne(users.id, besides) : undefined))

/** Each try with a password costs as much work as a sign-in, and the code that the start printed could be guessed. */
const setupLimit = { perMinute: 10 }

function admitSetup(address: string | null): void {
  const { retryAfterSeconds } = takeToken(`setup:${senderOf(address)}`, setupLimit)
  if (retryAfterSeconds !== undefined)
    throw new AppError('too_many_requests', `Too many tries to set up the first admin. Try again in ${retryAfterSeconds} s.`, {
      retryAfterSeconds,
    })
}

/** True until somebody has come as an admin, with a password, by the identity provider or with a token. */
export const needsFirstAdmin = (): Promise<boolean> => hasNoAdmin(db())

const hasNoAdmin = async (on: Queryable): Promise<boolean> =>
  (await on.$count(users, and(isAdmin, or(isNotNull(users.passwordHash), ne(users.origin, 'local'))))) === 0

const isSetUp = () => new AppError('conflict', 'There is an admin already. Sign in instead.')

/**
 * Makes the first admin, once, for whoever opens the first page.
 * @param code what the start printed, when it is asked for.
 * @throws AppError conflict when there is an admin already, forbidden for a wrong code, too_many_requests after too many tries.
 */
export async function createFirstAdmin(
  input: z.infer<typeof firstAdminInput>,
  code: string | undefined,
  address: string | null,
): Promise<User> {
  admitSetup(address)
  if (code !== undefined && !timingSafeEqual(sha256Of(input.code ?? ''), sha256Of(code))) {
    throw new AppError('forbidden', 'The code is not the one that the start of NeuroWeaver printed. Look in its output.', {
      details: [{ path: 'code', message: 'is not the one that the start printed' }],
    })
  }
  if (!(await needsFirstAdmin())) throw isSetUp()
  const made = await writeAdmin(input, hasNoAdmin)
  if (!made) throw isSetUp()
  return made
}

/** Makes the admin whom the settings name, unless one can sign in with a password: it is the way back in without an identity provider. */
export async function ensureAdmin(input: z.infer<typeof firstAdminInput>): Promise<void> {
  const isWanted = async (on: Queryable) => (await countAdmins(on)) === 0
  if (await isWanted(db())) await writeAdmin(input, isWanted)
}

/** @returns undefined when another was faster. */
async function writeAdmin(
  input: z.infer<typeof firstAdminInput>,
  isWanted: (tx: Queryable) => Promise<boolean>,
): Promise<User | undefined> {
  const passwordHash = await hashPassword(input.password)
  return transaction(async (tx) => {
    await lockAdmins(tx)
    if (!(await isWanted(tx))) return undefined
    const [row] = await tx
      .insert(users)
      .values({ id: newId(), email: input.email, name: input.name, role: 'admin', passwordHash })
      .onConflictDoUpdate({ target: users.email, set: { passwordHash, role: 'admin', name: input.name, isDisabled: false } })
      .returning()
    if (!row) throw new AppError('internal', 'The admin was not created.')
    await recordSystemAudit(tx, {
      action: 'user.create',
      targetType: 'user',
      targetId: row.id,
      after: { email: row.email, name: row.name, role: row.role },
    })
    return view(row)
  })
}
