import { timingSafeEqual } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import { and, asc, eq, isNotNull, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type {
  changePassword as changePasswordInput,
  createFirstAdmin as firstAdminInput,
  createUser as createUserInput,
  updateUser as updateUserInput,
  User,
} from '#src/contracts/access.ts'
import { db, isUniqueViolation, type Queryable, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { users } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import { type Caller, forgetIdentities, sha256Of } from './access.ts'
import { announce, recordAudit } from './audit.ts'

type Row = typeof users.$inferSelect
const nowhere = '00000000-0000-0000-0000-000000000000'

const view = (row: Row): User => ({
  id: row.id,
  email: row.email,
  name: row.name,
  role: row.role,
  isDisabled: row.isDisabled,
  createdAt: row.createdAt.toISOString(),
  lastSignInAt: row.lastSignInAt?.toISOString() ?? null,
})

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. */
const argon = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const hashPassword = (password: string) => hash(password, argon)

/** Verified when no such user exists, so that the answer takes as long. */
let decoy: Promise<string> | undefined

/**
 * Checks an e-mail and a password.
 * @returns the user and the session epoch, or undefined: the answer does not tell which of the two was wrong.
 */
export async function signIn(email: string, password: string): Promise<{ user: User; epoch: number } | undefined> {
  const [row] = await db().select().from(users).where(eq(users.email, email.trim().toLowerCase()))
  decoy ??= hashPassword('no such user')
  const isRight = await verify(row?.passwordHash ?? (await decoy), password).catch(() => false)
  if (!isRight || !row?.passwordHash || row.isDisabled) return undefined
  await db().update(users).set({ lastSignInAt: sql`now()` }).where(eq(users.id, row.id))
  return { user: view(row), epoch: row.sessionEpoch }
}

export async function getUser(id: string): Promise<User> {
  const [row] = await db().select().from(users).where(eq(users.id, id))
  if (!row) throw new AppError('not_found', 'There is no such user.')
  return view(row)
}

export async function listUsers(): Promise<User[]> {
  const rows = await db().select().from(users).orderBy(asc(users.email)).limit(1000)
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
      await announce(tx, 'user', nowhere, row.id)
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
    const losesAdmin = before.role === 'admin' && ((input.role && input.role !== 'admin') || input.isDisabled)
    if (losesAdmin && (await countAdmins(tx)) <= 1) throw new AppError('conflict', 'This is the last admin. Make another one first.')
    const endsSessions = passwordHash !== undefined || input.role !== undefined || input.isDisabled !== undefined
    const [row] = await tx
      .update(users)
      .set({
        ...(input.name === undefined ? {} : { name: input.name }),
        ...(input.role === undefined ? {} : { role: input.role }),
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
      after: facts(row),
      projectId: null,
    })
    await announce(tx, 'user', nowhere, row.id)
    return view(row)
  })
  forgetIdentities()
  return updated
}

export async function changePassword(caller: Caller, input: z.infer<typeof changePasswordInput>): Promise<void> {
  const [row] = await db()
    .select()
    .from(users)
    .where(eq(users.id, caller.userId ?? nowhere))
  const isRight = row?.passwordHash ? await verify(row.passwordHash, input.current).catch(() => false) : false
  if (!row || !isRight)
    throw new AppError('unprocessable', 'The current password is not right.', { details: [{ path: 'current', message: 'is not right' }] })
  const passwordHash = await hashPassword(input.next)
  await transaction(async (tx) => {
    await tx
      .update(users)
      .set({ passwordHash, sessionEpoch: row.sessionEpoch + 1 })
      .where(eq(users.id, row.id))
    await recordAudit(tx, caller, { action: 'user.password', targetType: 'user', targetId: row.id, projectId: null })
  })
  forgetIdentities()
}

const lockAdmins = (tx: Queryable) => tx.execute(sql`select pg_advisory_xact_lock(7203312)`)

async function countAdmins(tx: Queryable): Promise<number> {
  const [row] = await tx
    .select({ count: sql<number>`count(*)::int` })
    .from(users)
    .where(and(eq(users.role, 'admin'), eq(users.isDisabled, false), isNotNull(users.passwordHash)))
  return row?.count ?? 0
}

/** True until somebody can sign in as an admin. */
export const needsFirstAdmin = async (): Promise<boolean> => (await countAdmins(db())) === 0

/**
 * Makes the first admin, once.
 * @param code what the start printed, when it is asked for.
 * @throws AppError conflict when there is an admin already, forbidden for a wrong code.
 */
export async function createFirstAdmin(input: z.infer<typeof firstAdminInput>, code: string | undefined): Promise<User> {
  if (code !== undefined && !timingSafeEqual(sha256Of(input.code ?? ''), sha256Of(code))) {
    throw new AppError('forbidden', 'The code is not the one that the start of NeuroWeaver printed. Look in its output.', {
      details: [{ path: 'code', message: 'is not the one that the start printed' }],
    })
  }
  const passwordHash = await hashPassword(input.password)
  return transaction(async (tx) => {
    await lockAdmins(tx)
    if ((await countAdmins(tx)) > 0) throw new AppError('conflict', 'There is an admin already. Sign in instead.')
    const [row] = await tx
      .insert(users)
      .values({ id: newId(), email: input.email, name: input.name, role: 'admin', passwordHash })
      .onConflictDoUpdate({ target: users.email, set: { passwordHash, role: 'admin', name: input.name, isDisabled: false } })
      .returning()
    if (!row) throw new AppError('internal', 'The admin was not created.')
    return view(row)
  })
}
