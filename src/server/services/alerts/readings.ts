/** The figure of a rule for one of the things that it watches, as of now or of some minutes ago. */
import { and, eq, gte, max, sql, sum } from 'drizzle-orm'
import { alertFigures } from '#src/contracts/alert.ts'
import { db } from '#src/server/db/client.ts'
import { type alertRules, performanceMetrics, runtimes } from '#src/server/db/schema.ts'
import { diskSpace } from '#src/server/storage/probe.ts'
import { lastMinutes, type MeasuredFigures, windowFigures } from '../performance/figures.ts'
import type { Subject } from './subjects.ts'

type Asked = Pick<typeof alertRules.$inferSelect, 'figure' | 'windowMinutes' | 'minRequests'>
/** `value` is null while too few requests, or reports, fell into the window for a verdict. */
export type Reading = { value: number | null; requests: number }
export type Figures = (
  of: { deploymentId: string } | { modelId: string },
  windowMinutes: number,
  agoMinutes: number,
) => Promise<MeasuredFigures>

const minuteMs = 60_000

type Mean = Exclude<Asked['figure'], 'no_requests' | 'runtime_silent' | 'disk_free'>
const means: Record<Mean, (figures: MeasuredFigures) => number | null> = {
  latency_p95: ({ latencyMs }) => latencyMs.p95,
  success_rate: ({ successRate }) => successRate,
  error_rate: ({ successRate }) => (successRate === null ? null : 1 - successRate),
  accuracy: ({ accuracy }) => accuracy,
  throughput: ({ throughputRps }) => throughputRps,
  queue_p95: ({ queueP95Ms }) => queueP95Ms,
  cost_per_request: ({ costPerRequest }) => costPerRequest,
}

/** What its requests were like says nothing of a figure that others report: only reports that give it count. */
const reports: Partial<Record<Mean, (figures: MeasuredFigures) => number>> = {
  accuracy: ({ reportCounts }) => reportCounts.accuracy,
  cost_per_request: ({ reportCounts }) => reportCounts.costPerRequest,
}

/** Reads each window once a round, whichever rules ask for it. */
export function figuresOfRound(now: number): Figures {
  const known = new Map<string, Promise<MeasuredFigures>>()
  return (of, windowMinutes, agoMinutes) => {
    const key = JSON.stringify([of, windowMinutes, agoMinutes])
    const found = known.get(key) ?? windowFigures(db(), of, lastMinutes(windowMinutes, now - agoMinutes * minuteMs))
    known.set(key, found)
    return found
  }
}

/** Minutes since the end of the last minute with a request, where enough fell into the window to be missed. */
async function sinceLastRequest(rule: Asked, deploymentId: string): Promise<Reading> {
  const { from } = lastMinutes(rule.windowMinutes)
  const [row] = await db()
    .select({ last: max(performanceMetrics.minute), requests: sum(performanceMetrics.requests).mapWith(Number) })
    .from(performanceMetrics)
    .where(
      and(eq(performanceMetrics.deploymentId, deploymentId), gte(performanceMetrics.minute, from), sql`${performanceMetrics.requests} > 0`),
    )
  const requests = row?.requests ?? 0
  if (!row?.last || requests < rule.minRequests) return { value: null, requests }
  return { value: Math.max(0, (Date.now() - row.last.getTime() - minuteMs) / minuteMs), requests }
}

/** Seconds since the last heartbeat, by the database's clock; null for one that has been away for longer than the window. */
async function sinceHeartbeat(rule: Asked, runtimeId: string): Promise<Reading> {
  const silent = sql<number>`extract(epoch from now() - coalesce(${runtimes.lastHeartbeatAt}, ${runtimes.createdAt}))::float8`
  const [row] = await db().select({ silent }).from(runtimes).where(eq(runtimes.id, runtimeId))
  const isMissed = row !== undefined && row.silent < rule.windowMinutes * 60
  return { value: isMissed ? Math.max(0, row.silent) : null, requests: 1 }
}

async function freeShare(): Promise<Reading> {
  const { free, total } = await diskSpace()
  return { value: total > 0 ? free / total : null, requests: 1 }
}

export async function readFigure(rule: Asked, subject: Subject, figuresOf: Figures, agoMinutes = 0): Promise<Reading> {
  const { figure } = rule
  if (figure === 'disk_free') return freeShare()
  if (figure === 'runtime_silent') return sinceHeartbeat(rule, subject.runtimeId ?? '')
  const deploymentId = subject.deploymentId ?? ''
  if (figure === 'no_requests') return sinceLastRequest(rule, deploymentId)
  const own = await figuresOf({ deploymentId }, rule.windowMinutes, agoMinutes)
  const { isReported } = alertFigures[figure]
  const figures = isReported ? await figuresOf({ modelId: subject.modelId ?? '' }, rule.windowMinutes, agoMinutes) : own
  const count = reports[figure]?.(figures) ?? own.requests
  const requests = Math.max(own.requests, isReported ? figures.qualityReports : 0)
  return { value: count >= rule.minRequests ? means[figure](figures) : null, requests }
}
