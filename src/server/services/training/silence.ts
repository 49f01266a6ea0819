/** When the silence of a training runtime says that it is lost. */
import { gt, sql } from 'drizzle-orm'
import { heartbeatMs, leaseMs } from '#src/contracts/training.ts'
import { db } from '#src/server/db/client.ts'
import { runtimes } from '#src/server/db/schema.ts'
import { sweepLeases } from './leases.ts'

/** Less than what is left of any lease when web goes away: that nobody is heard is then known before the first of them runs out. */
const heardWithinSeconds = (leaseMs - 2 * heartbeatMs) / 1000
/** Every runtime whose trainer goes on renews its lease within this time, once web can hear it again. */
const graceMs = 3 * heartbeatMs
/** Where nobody at all is heard for so long, with web or without, the jobs are given out to whoever comes next. */
const deafMs = 5 * 60_000
/** Between two looks that are further apart the database was away, or this process. */
const longestGapMs = 3 * heartbeatMs

let watch: { isHeard: boolean; since: number; at: number } | undefined

async function isAnyoneHeard(): Promise<boolean> {
  const isRecent = gt(runtimes.lastHeartbeatAt, sql`now() - make_interval(secs => ${heardWithinSeconds})`)
  return (await db().$count(runtimes, isRecent)) > 0
}

/**
 * Sends jobs again whose runtime has lost its lease; called by the worker every few seconds. An outage of web, of the database or of
 * the worker silences every runtime, and costs no job an attempt: after it each has a while to be heard again.
 * @param now for tests: the time of this look, in ms.
 */
export async function sweepLost(now = Date.now()): Promise<void> {
  const isHeard = await isAnyoneHeard()
  const isSame = watch?.isHeard === isHeard && now - watch.at <= longestGapMs
  watch = { isHeard, since: isSame ? (watch?.since ?? now) : now, at: now }
  if (now - watch.since >= (isHeard ? graceMs : deafMs)) await sweepLeases()
}
