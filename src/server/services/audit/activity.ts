import { sql } from 'drizzle-orm'
import type { AuditActivity, AuditFilter } from '#src/contracts/audit.ts'
import { firstTimeMs, lastTimeMs } from '#src/contracts/common.ts'
import { auditEvents } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from '../access.ts'
import { searching } from '../searching.ts'
import { narrowing, whereOf } from './find.ts'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
const stepsMs = [1, 5, 15, 60, 180, 360].map((minutes) => minutes * minuteMs).concat([1, 7, 30, 365].map((days) => days * dayMs))
const defaultRangeMs = 7 * dayMs
const maxSteps = 90
const maxGroups = 6

/**
 * How much happened when, by the noun that each action begins with; the last seven days unless the filter names a range.
 * Nouns beyond the six that happen most are counted together as `other`.
 */
export async function readActivity(caller: Caller, filter: AuditFilter): Promise<AuditActivity> {
  const { fromMs, toMs, stepMs } = rangeOf(filter)
  const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()]
  const slot = sql<number>`floor((extract(epoch from ${auditEvents.at}) * 1000 - ${fromMs}) / ${stepMs}::numeric)::int`
  const rows = await searching(narrowing(filter), (on) =>
    on
      .select({ slot, group: sql<string>`split_part(${auditEvents.action}, '.', 1)`, count: sql<number>`count(*)::int` })
      .from(auditEvents)
      .where(whereOf(caller, { ...filter, from, to }))
      .groupBy(sql`1`, sql`2`),
  )
  const slots = Math.ceil((toMs - fromMs) / stepMs)
  return { from, to, stepMs, groups: gather(rows, slots) }
}

function rangeOf(filter: AuditFilter): { fromMs: number; toMs: number; stepMs: number } {
  const until = filter.to === undefined ? Date.now() + 1 : Date.parse(filter.to)
  const since = filter.from === undefined ? until - defaultRangeMs : Date.parse(filter.from)
  if (since >= until)
    throw new AppError('bad_request', 'from: must be before to', { details: [{ path: 'from', message: 'must be before to' }] })
  const stepMs = stepsMs.find((step) => (until - since) / step <= maxSteps) ?? Math.ceil((until - since) / maxSteps)
  const [fromMs, toMs] = [Math.floor(since / stepMs) * stepMs, Math.ceil(until / stepMs) * stepMs]
  // Whole steps may begin before the first time that can be written, and end after the last.
  return { fromMs: Math.max(fromMs, firstTimeMs), toMs: Math.min(toMs, lastTimeMs), stepMs }
}

function gather(rows: { slot: number; group: string; count: number }[], slots: number): AuditActivity['groups'] {
  const totals = new Map<string, number>()
  for (const { group, count } of rows) totals.set(group, (totals.get(group) ?? 0) + count)
  const shown = [...totals].sort((left, right) => right[1] - left[1] || left[0].localeCompare(right[0])).slice(0, maxGroups)
  const names = shown.map(([name]) => name)
  if (totals.size > names.length) names.push('other')
  const groups = new Map(names.map((name) => [name, new Array<number>(slots).fill(0)]))
  for (const { slot, group, count } of rows) {
    const counts = groups.get(group) ?? groups.get('other')
    if (counts && slot >= 0 && slot < slots) counts[slot] = (counts[slot] ?? 0) + count
  }
  return names.map((name) => ({ name, counts: groups.get(name) ?? [] }))
}
