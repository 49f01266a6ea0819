/**
 * Rate limits, which need one time a key: held in this process, because web is one process and a limit that is lost in a restart costs
 * nothing.
 */
import { countCall, type Verdict } from '#src/contracts/rate.ts'

export type Limit = { perMinute: number }

const maxKeys = 50_000
/** When the next call of a key would be exactly in time, in ms. */
const due = new Map<string, number>()

function forgetIdle(now: number): void {
  for (const [key, at] of due) if (at < now) due.delete(key)
  // A flood of addresses must not grow the table: what is left is dropped rather than kept for ever.
  if (due.size >= maxKeys) due.clear()
}

/** Counts one call of `key` against a limit. */
export function takeToken(key: string, { perMinute }: Limit, now = Date.now()): Verdict {
  if (due.size >= maxKeys) forgetIdle(now)
  const counted = countCall(due.get(key), perMinute, now)
  due.set(key, counted.due)
  return counted.verdict
}

/** The fields of a verdict as headers (draft-ietf-httpapi-ratelimit-headers). */
export const limitHeaders = (name: string, verdict: Verdict): Record<string, string> => ({
  'ratelimit-policy': `"${name}";q=${verdict.limit};w=60`,
  ratelimit: `"${name}";r=${verdict.remaining};t=${verdict.resetSeconds}`,
})
