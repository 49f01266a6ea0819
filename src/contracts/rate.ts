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
