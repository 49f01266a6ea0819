/** The generic cell rate algorithm (ITU-T I.371): a minute's worth of calls may come at once, the rest evenly. */
export type Verdict = {
  /** Undefined when the call may go ahead. */
  retryAfterSeconds: number | undefined
  limit: number
  remaining: number
  resetSeconds: number
}

const minuteMs = 60_000

/**
 * Counts one call.
 * @param due when the next call would be exactly in time, in ms, as the last count gave it.
 */
export function countCall(due: number | undefined, perMinute: number, now: number): { due: number; verdict: Verdict } {
  const spacing = minuteMs / perMinute
  const start = Math.max(due ?? now, now)
  const next = start + spacing
  const ahead = next - now
  const isOver = ahead > minuteMs + 0.001
  const used = isOver ? ahead - spacing : ahead
  const verdict = {
    retryAfterSeconds: isOver ? Math.max(1, Math.ceil((ahead - minuteMs) / 1000)) : undefined,
    limit: perMinute,
    remaining: Math.max(0, Math.floor((minuteMs - used) / spacing)),
    resetSeconds: Math.ceil(used / 1000),
  }
  return { due: isOver ? start : next, verdict }
}

/** A limit that calls fall under, and the verdict on one of them. */
export type Limited = { name: string; perMinute: number; verdict: Verdict }

/**
 * Counts one call against each limit that it falls under, up to the first that is over.
 * @param take counts a call of the limit's subject.
 * @returns what its caller is told of: the limit that is over, else the tightest; undefined without limits.
 */
export function countAgainst<Limit extends { name: string; perMinute: number }>(
  limits: Iterable<Limit>,
  take: (limit: Limit) => Verdict,
): Limited | undefined {
  let tightest: Limited | undefined
  for (const limit of limits) {
    const { name, perMinute } = limit
    const told = { name, perMinute, verdict: take(limit) }
    if (told.verdict.retryAfterSeconds !== undefined) return told
    if (!tightest || told.verdict.remaining < tightest.verdict.remaining) tightest = told
  }
  return tightest
}

/** What the caller is told in headers (draft-ietf-httpapi-ratelimit-headers); nothing without limits. */
export const limitHeaders = (told: Limited | undefined): Record<string, string> =>
  told
    ? {
        'ratelimit-policy': `"${told.name}";q=${told.verdict.limit};w=60`,
        ratelimit: `"${told.name}";r=${told.verdict.remaining};t=${told.verdict.resetSeconds}`,
      }
    : {}
