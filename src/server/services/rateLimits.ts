/**
 * Rate limits by the generic cell rate algorithm (ITU-T I.371), which needs one time a key: held in this process, because web is one
 * process and a limit that is lost in a restart costs nothing.
 */
export type Limit = { perMinute: number }
export type Verdict = {
  /** Undefined when the call may go ahead. */
  retryAfterSeconds: number | undefined
  limit: number
  remaining: number
  resetSeconds: number
}

const minuteMs = 60_000
const maxKeys = 50_000
/** When the next call of a key would be exactly in time, in ms. */
const due = new Map<string, number>()

function forgetIdle(now: number): void {
  for (const [key, at] of due) if (at < now) due.delete(key)
  // A flood of addresses must not grow the table: what is left is dropped rather than kept for ever.
  if (due.size >= maxKeys) due.clear()
}

/** Counts one call of `key` against a limit: a minute's worth may come at once, the rest evenly. */
export function takeToken(key: string, { perMinute }: Limit, now = Date.now()): Verdict {
  if (due.size >= maxKeys) forgetIdle(now)
  const spacing = minuteMs / perMinute
  const next = Math.max(due.get(key) ?? now, now) + spacing
  const ahead = next - now
  const isOver = ahead > minuteMs + 0.001
  if (!isOver) due.set(key, next)
  const used = isOver ? ahead - spacing : ahead
  return {
    retryAfterSeconds: isOver ? Math.max(1, Math.ceil((ahead - minuteMs) / 1000)) : undefined,
    limit: perMinute,
    remaining: Math.max(0, Math.floor((minuteMs - used) / spacing)),
    resetSeconds: Math.ceil(used / 1000),
  }
}

/** The fields of a verdict as headers (draft-ietf-httpapi-ratelimit-headers). */
export const limitHeaders = (name: string, verdict: Verdict): Record<string, string> => ({
  'ratelimit-policy': `"${name}";q=${verdict.limit};w=60`,
  ratelimit: `"${name}";r=${verdict.remaining};t=${verdict.resetSeconds}`,
})
