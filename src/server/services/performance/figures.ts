/** Figures of models and deployments over a window: their own, measured where they serve, and the quality that others reported. */
import { and, avg, count, eq, gte, inArray, lt, sql } from 'drizzle-orm'
import { emptyHistogram, mergeHistograms, percentileMs } from '#src/contracts/latency.ts'
import type { Figures } from '#src/contracts/performance.ts'
import { db, type Queryable } from '#src/server/db/client.ts'
import { modelVersions, performanceMetrics, qualityReports } from '#src/server/db/schema.ts'

type Of = { modelId: string } | { deploymentId: string } | { versionIds: string[]; deploymentIds: string[] }
export type Window = { from: Date; to: Date }
/** What is measured and what is reported, apart: a verdict takes the worse of the two. */
export type MeasuredFigures = Figures & {
  queueP95Ms: number | null
  reportedLatencyMs: number | null
  reportedThroughputRps: number | null
  /** How many reports gave each figure: most give only some. */
  reportCounts: { accuracy: number; latencyMs: number; throughputRps: number; costPerRequest: number }
}
const noReports: MeasuredFigures['reportCounts'] = { accuracy: 0, latencyMs: 0, throughputRps: 0, costPerRequest: 0 }

export const lastMinutes = (minutes: number, now = Date.now()): Window => ({ from: new Date(now - minutes * 60_000), to: new Date(now) })

/** Only what a model's own versions did counts for it, whichever deployment they served in. */
function isOf(of: Of) {
  if ('deploymentId' in of) return eq(performanceMetrics.deploymentId, of.deploymentId)
  if ('versionIds' in of)
    return and(inArray(performanceMetrics.versionId, of.versionIds), inArray(performanceMetrics.deploymentId, of.deploymentIds))
  const versions = db().select({ id: modelVersions.id }).from(modelVersions).where(eq(modelVersions.modelId, of.modelId))
  return inArray(performanceMetrics.versionId, versions)
}

async function readQuality(on: Queryable, of: Of, { from, to }: Window) {
  if (!('modelId' in of)) return undefined
  const mean = (column: Parameters<typeof avg>[0]) => avg(column).mapWith(Number)
  const [row] = await on
    .select({
      count: count(),
      accuracy: mean(qualityReports.accuracyScore),
      latencyMs: mean(qualityReports.latencyMs),
      throughputRps: mean(qualityReports.throughputRps),
      costPerRequest: mean(qualityReports.costPerRequest),
      counts: {
        accuracy: count(qualityReports.accuracyScore),
        latencyMs: count(qualityReports.latencyMs),
        throughputRps: count(qualityReports.throughputRps),
        costPerRequest: count(qualityReports.costPerRequest),
      },
    })
    .from(qualityReports)
    .where(and(eq(qualityReports.modelId, of.modelId), gte(qualityReports.at, from), lt(qualityReports.at, to)))
  return row
}

/**
 * Merges a window's buckets and reports. Latencies are in ms, rates in requests a second; a figure that nobody measured is null.
 * Buckets are minutes: the first counts when it began inside the window, or was cut by its edge by less than a minute.
 */
export async function windowFigures(on: Queryable, of: Of, window: Window): Promise<MeasuredFigures> {
  const firstMinute = new Date(Math.floor(window.from.getTime() / 60_000) * 60_000)
  const [rows, quality] = await Promise.all([
    on
      .select()
      .from(performanceMetrics)
      .where(and(isOf(of), gte(performanceMetrics.minute, firstMinute), lt(performanceMetrics.minute, window.to))),
    readQuality(on, of, window),
  ])
  const requests = rows.reduce((sum, row) => sum + row.requests, 0)
  const errors = rows.reduce((sum, row) => sum + row.errors, 0)
  const latency = rows.reduce((all, row) => mergeHistograms(all, row.latencyCounts), emptyHistogram())
  const queue = rows.reduce((all, row) => mergeHistograms(all, row.queueCounts), emptyHistogram())
  return {
    from: window.from.toISOString(),
    to: window.to.toISOString(),
    requests,
    errors,
    successRate: requests > 0 ? (requests - errors) / requests : null,
    latencyMs: { p50: percentileMs(latency, 0.5), p95: percentileMs(latency, 0.95), p99: percentileMs(latency, 0.99) },
    throughputRps: requests / Math.max(1, (window.to.getTime() - window.from.getTime()) / 1000),
    queueP95Ms: percentileMs(queue, 0.95),
    accuracy: quality?.accuracy ?? null,
    costPerRequest: quality?.costPerRequest ?? null,
    qualityReports: quality?.count ?? 0,
    reportedLatencyMs: quality?.latencyMs ?? null,
    reportedThroughputRps: quality?.throughputRps ?? null,
    reportCounts: quality?.counts ?? noReports,
  }
}

/** What goes out of the installation: what a page shows, without what only a verdict needs. */
export function publicFigures({
  queueP95Ms: _queue,
  reportedLatencyMs: _latency,
  reportedThroughputRps: _rps,
  reportCounts: _counts,
  ...figures
}: MeasuredFigures): Figures {
  return figures
}

const keptDays = 90

/** Forgets reports that no window reaches any more. */
export const sweepQualityReports = () =>
  db().delete(qualityReports).where(sql`${qualityReports.at} < now() - make_interval(days => ${keptDays})`)
