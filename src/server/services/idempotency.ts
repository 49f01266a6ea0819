/**
 * Calls that name an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): made once, however often they are sent. The answer is
 * kept for a day. The change's own transaction says that it was made, so that a call that was cut off between its change and its
 * answer is never made twice: whoever repeats it is told so. One that was cut off before its change can be made again after its lease.
 */
import { createHash } from 'node:crypto'
import { and, eq, getTableColumns, isNull, lt, sql } from 'drizzle-orm'
import { db, executeNamed, type Tx, withEachTransaction } from '#src/server/db/client.ts'
import { idempotencyKeys } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import { seal, unseal } from '#src/server/sealing.ts'
import type { Caller } from './access.ts'

export type Once = { caller: Caller; route: string; key: string; request: unknown }
export type Kept = { status: number; body: unknown; isReplay: boolean }

const leaseSeconds = 60
const keptHours = 24
const form = /^[\x21-\x7e]{1,255}$/

const isUnchanged = and(isNull(idempotencyKeys.status), isNull(idempotencyKeys.changedAt))
const changed = 'update idempotency_keys set changed_at = now() where subject = $1 and route = $2 and key = $3 and locked_until = $4'
const overtaken = () =>
  new AppError('conflict', 'This call took so long that the same one, sent again, was made instead of it. Nothing of this one was kept.')

/** An answer goes again to the credential that it was given to alone, and only while that holds the same rights: a replay asks for none. */
function subjectOf({ kind, userId, apiKeyId, sessionId, project, installation, permissions, within, actions, callable }: Caller): string {
  const rights = [installation, permissions, within, actions, callable].map((each) => (each ? [...each].sort() : null))
  return [kind, userId, apiKeyId, sessionId, project.id, hashOf(rights).toString('base64url')].map((part) => part ?? '').join(':')
}

const hashOf = (request: unknown) =>
  createHash('sha256')
    .update(JSON.stringify(request) ?? '')
    .digest()

/**
 * Runs `work` unless the same call was made before.
 * @throws AppError bad_request for a key of another form, unprocessable when it was used for another request, conflict while the first
 *   call is under way, or when it was carried out and its answer is lost.
 */
export async function once(of: Once, work: () => Promise<{ status: number; body: unknown }>): Promise<Kept> {
  if (!form.test(of.key)) throw new AppError('bad_request', 'Idempotency-Key: must be 1 to 255 visible ASCII characters.')
  const [subject, requestHash] = [subjectOf(of.caller), hashOf(of.request)]
  const isOurs = and(eq(idempotencyKeys.subject, subject), eq(idempotencyKeys.route, of.route), eq(idempotencyKeys.key, of.key))
  const lockedUntil = sql`now() + make_interval(secs => ${leaseSeconds})`
  const [taken] = await db()
    .insert(idempotencyKeys)
    .values({ subject, route: of.route, key: of.key, requestHash, lockedUntil })
    .onConflictDoUpdate({
      target: [idempotencyKeys.subject, idempotencyKeys.route, idempotencyKeys.key],
      set: { lockedUntil },
      setWhere: and(isUnchanged, lt(idempotencyKeys.lockedUntil, sql`now()`), eq(idempotencyKeys.requestHash, requestHash)),
    })
    .returning({ lease: idempotencyKeys.lockedUntil })
  if (!taken) return replay(isOurs, requestHash)
  const isHeld = and(isOurs, eq(idempotencyKeys.lockedUntil, taken.lease))
  // Whoever's lease ran out may have been overtaken by the same call, and must not make its change as well.
  const sayChanged = async (tx: Tx) => {
    const { rowCount } = await executeNamed(tx, 'idempotent change', changed, [subject, of.route, of.key, taken.lease])
    if (rowCount === 0) throw overtaken()
  }
  const done = await withEachTransaction.run(sayChanged, work).catch(async (error: unknown) => {
    await letGo(isHeld).catch(() => undefined)
    throw error
  })
  // An answer may hold a key that is shown this once, so it is kept sealed.
  await db()
    .update(idempotencyKeys)
    .set({ status: done.status, body: seal(JSON.stringify(done.body ?? null)) })
    .where(isHeld)
  return { ...done, isReplay: false }
}

/** What was refused before it changed anything may try again under the same key; what changed something is over. */
async function letGo(isHeld: ReturnType<typeof and>): Promise<void> {
  await db().delete(idempotencyKeys).where(and(isHeld, isUnchanged))
  await db()
    .update(idempotencyKeys)
    .set({ lockedUntil: sql`now()` })
    .where(and(isHeld, isNull(idempotencyKeys.status)))
}

async function replay(isOurs: ReturnType<typeof and>, requestHash: Buffer): Promise<Kept> {
  const isCutOff = sql<boolean>`${idempotencyKeys.lockedUntil} < now()`
  const [known] = await db()
    .select({ ...getTableColumns(idempotencyKeys), isCutOff })
    .from(idempotencyKeys)
    .where(isOurs)
  if (!known)
    throw new AppError('conflict', 'The first call with this Idempotency-Key has just failed. Send it again.', { retryAfterSeconds: 1 })
  if (!known.requestHash.equals(requestHash))
    throw new AppError('unprocessable', 'This Idempotency-Key was used for another request. Choose a new one for each.')
  if (known.status === null && known.changedAt && known.isCutOff)
    throw new AppError(
      'conflict',
      'The first call with this Idempotency-Key was carried out, but was cut off before its answer was kept. Look at what is there now; to make another change, choose a new key.',
    )
  if (known.status === null)
    throw new AppError('conflict', 'The first call with this Idempotency-Key is still under way. Ask again in a moment.', {
      retryAfterSeconds: 1,
    })
  return { status: known.status, body: JSON.parse(known.body ? keptAnswer(known.body) : 'null'), isReplay: true }
}

function keptAnswer(sealed: string): string {
  try {
    return unseal(sealed)
  } catch (cause) {
    const message =
      'This call was made before, but its answer can not be opened any more, because the secret of the installation was changed. Look whether what it made is there; use a new Idempotency-Key to make another.'
    throw new AppError('conflict', message, { cause })
  }
}

export const sweepIdempotencyKeys = () =>
  db().delete(idempotencyKeys).where(sql`${idempotencyKeys.createdAt} < now() - make_interval(hours => ${keptHours})`)
