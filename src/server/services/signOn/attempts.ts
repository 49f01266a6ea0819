/** Tries with a password, to sign in or to choose another: counted for each address and for each e-mail, known here or not. */
import { eq, sql } from 'drizzle-orm'
import { db } from '#src/server/db/client.ts'
import { signInFailures } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import { sha256Of } from '../access.ts'
import { senderOf, takeToken } from '../rateLimits.ts'

/** After so many failures each further one locks for twice as long as the one before. */
const freeFailures = 5
const firstLockSeconds = 15
const longestLockSeconds = 15 * 60
const addressLimit = { perMinute: 10 }

const keyOf = (email: string) => sha256Of(email)

const tooMany = (seconds: number) =>
  new AppError('too_many_requests', `Too many tries with a password. Try again in ${seconds} s.`, { retryAfterSeconds: seconds })

/**
 * Lets a try go ahead, or not.
 * @throws AppError too_many_requests with the seconds to wait: for the address, or for the e-mail after repeated failures.
 */
export async function admitTry(email: string, address: string | null): Promise<void> {
  const wait = takeToken(`sign-in:${senderOf(address)}`, addressLimit).retryAfterSeconds
  if (wait !== undefined) throw tooMany(wait)
  const [row] = await db()
    .select({ seconds: sql<number>`ceil(extract(epoch from ${signInFailures.lockedUntil} - now()))::int` })
    .from(signInFailures)
    .where(eq(signInFailures.emailHash, keyOf(email)))
  if (row && row.seconds > 0) throw tooMany(row.seconds)
}

/** Counts a failure; a day without one forgets those before. */
export async function noteFailure(email: string): Promise<void> {
  const count = sql`case when ${signInFailures.lastAt} < now() - interval '1 day' then 1 else ${signInFailures.failures} + 1 end`
  const exponent = sql`least(greatest((${count}) - ${freeFailures}, 0), 10)`
  const seconds = sql`least(${firstLockSeconds} * power(2, ${exponent}), ${longestLockSeconds})`
  await db()
    .insert(signInFailures)
    .values({ emailHash: keyOf(email), failures: 1 })
    .onConflictDoUpdate({
      target: signInFailures.emailHash,
      set: {
        failures: count,
        lastAt: sql`now()`,
        lockedUntil: sql`case when (${count}) >= ${freeFailures} then now() + make_interval(secs => ${seconds}) end`,
      },
    })
}

/** A right password forgets the failures. */
export const forgetFailures = (email: string) =>
  db()
    .delete(signInFailures)
    .where(eq(signInFailures.emailHash, keyOf(email)))
