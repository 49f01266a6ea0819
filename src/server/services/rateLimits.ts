/**
 * Rate limits, which need one time a key: held in this process, because web is one process and a limit that is lost in a restart costs
 * nothing.
 */
import ipaddr from 'ipaddr.js'
import { countCall, type Verdict } from '#src/contracts/rate.ts'

export type Limit = { perMinute: number }

const maxKeys = 50_000
/** When the next call of a key would be exactly in time, in ms. */
const due = new Map<string, number>()

function forgetIdle(now: number): void {
  for (const [key, at] of due) if (at < now) due.delete(key)
  if (due.size < maxKeys) return
  // A flood of senders must not grow the table, and must free nobody who is at a limit: those go who have used the least of theirs.
  const leastUsed = [...due].sort(([, one], [, other]) => one - other).slice(0, maxKeys / 2)
  for (const [key] of leastUsed) due.delete(key)
}

const ipv6NetworkParts = 4

/** What counts as one sender: an IPv4 address, or the 64 bits of an IPv6 one that are a network, because whoever has one has all in it. */
export function senderOf(address: string | null): string {
  if (!address?.includes(':') || !ipaddr.isValid(address)) return address ?? 'unknown'
  const parsed = ipaddr.process(address)
  return parsed instanceof ipaddr.IPv6
    ? `${parsed.parts
        .slice(0, ipv6NetworkParts)
        .map((part) => part.toString(16))
        .join(':')}::/64`
    : parsed.toString()
}

/** Counts one call of `key` against a limit. */
export function takeToken(key: string, { perMinute }: Limit, now = Date.now()): Verdict {
  if (due.size >= maxKeys) forgetIdle(now)
  const counted = countCall(due.get(key), perMinute, now)
  due.set(key, counted.due)
  return counted.verdict
}
