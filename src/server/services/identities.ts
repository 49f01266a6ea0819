/** What this process knows of callers, for a few seconds: looking each of them up at every call would double the work of small ones. */
import type { Caller } from './access.ts'

export type Identity = Omit<Caller, 'correlationId' | 'address' | 'source'>
/** `until` is when it must be looked up again, in ms. */
export type Known = { identity: Identity; until: number }

const maxKnown = 10_000
const known = new Map<string, Known & { since: number }>()
const asked = new Map<string, Promise<Known>>()

/**
 * Who shows the credential of `key`: as it is known, or by `look`, which is asked once for all who wait for the same answer.
 * @param maxAgeMs how old the answer may be, where that is less than it may be for others.
 */
export async function knownOr(key: string, look: () => Promise<Known>, maxAgeMs = Number.POSITIVE_INFINITY): Promise<Identity> {
  const now = Date.now()
  const found = known.get(key)
  if (found && found.until > now && now - found.since <= maxAgeMs) return found.identity
  const asking = asked.get(key) ?? ask(key, look)
  return (await asking).identity
}

function ask(key: string, look: () => Promise<Known>): Promise<Known> {
  const asking = look()
    .then((found) => {
      // What was asked before a change of this process may say what held before it.
      if (asked.get(key) === asking) keep(key, found)
      return found
    })
    .finally(() => {
      if (asked.get(key) === asking) asked.delete(key)
    })
  asked.set(key, asking)
  return asking
}

function keep(key: string, found: Known): void {
  if (known.size >= maxKnown) known.clear()
  known.set(key, { ...found, since: Date.now() })
}

/** Drops what is known of every caller, so that a change made by this process holds at once. */
export function forgetIdentities(): void {
  known.clear()
  asked.clear()
}
