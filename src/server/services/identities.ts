/** What this process knows of callers, for a few seconds: looking each of them up at every call would double the work of small ones. */
import type { Caller } from './access.ts'

export type Identity = Omit<Caller, 'correlationId' | 'address' | 'source'>
/** `until` is when it must be looked up again, in ms. */
export type Known = { identity: Identity; until: number }

const maxKnown = 10_000
const known = new Map<string, Known>()

export function findKnown(key: string): Identity | undefined {
  const found = known.get(key)
  return found && found.until > Date.now() ? found.identity : undefined
}

export function keepKnown(key: string, found: Known): void {
  if (known.size >= maxKnown) known.clear()
  known.set(key, found)
}

/** Drops what is known of every caller, so that a change made by this process holds at once. */
export const forgetIdentities = () => known.clear()
