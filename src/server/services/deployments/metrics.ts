import { and, asc, eq, gte, inArray, lte, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { firstTimeMs } from '#src/contracts/common.ts'
import type { DeploymentSummary, metricBucket, metricsQuery } from '#src/contracts/deployment.ts'
import { emptyHistogram, mergeHistograms, percentileMs } from '#src/contracts/latency.ts'
import type { MetricReport } from '#src/contracts/runtime.ts'
import { db, type Tx } from '#src/server/db/client.ts'
import { deployments, modelVersions, performanceMetrics } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from '../access.ts'
import { findDeploymentRow } from './row.ts'

type Bucket = z.infer<typeof metricBucket>
type Row = typeof performanceMetrics.$inferSelect
type Merged = { at: Date; version: number; requests: number; errors: number; latency: number[]; queue: number[] }

const minuteMs = 60_000
const maxRangeMs = 90 * 24 * 60 * minuteMs

/** Wide ranges are answered in wider steps, so that no chart gets more than some hundreds of points a version. */
function stepFor(rangeMs: number): number {
  const steps = [1, 5, 15, 60, 6 * 60, 24 * 60]
  return (steps.find((minutes) => rangeMs / (minutes * minuteMs) <= 720) ?? 24 * 60) * minuteMs
}

function merge(rows: Row[], stepMs: number): Merged[] {
  const merged = new Map<string, Merged>()
  for (const row of rows) {
    const at = Math.floor(row.minute.getTime() / stepMs) * stepMs
    const key = `${at}:${row.version}`
    const bucket = merged.get(key) ?? {
      at: new Date(at),
      version: row.version,
      requests: 0,
      errors: 0,
      latency: emptyHistogram(),
      queue: emptyHistogram(),
    }
    bucket.requests += row.requests
    bucket.errors += row.errors
    bucket.latency = mergeHistograms(bucket.latency, row.latencyCounts)
    bucket.queue = mergeHistograms(bucket.queue, row.queueCounts)
    merged.set(key, bucket)
  }
  return [...merged.values()]
}

const view = (bucket: Merged): Bucket => ({
  at: bucket.at.toISOString(),
  version: bucket.version,
  requests: bucket.requests,
  errors: bucket.errors,
  latencyMs: { p50: percentileMs(bucket.latency, 0.5), p95: percentileMs(bucket.latency, 0.95), p99: percentileMs(bucket.latency, 0.99) },
  queueMs: { p50: percentileMs(bucket.queue, 0.5), p95: percentileMs(bucket.queue, 0.95) },
})

/** A deployment's figures, one bucket a step and version, oldest first; the last hour unless a range is given. */
export async function readMetrics(caller: Caller, input: z.infer<typeof metricsQuery>): Promise<Bucket[]> {
  const deployment = await findDeploymentRow(db(), caller, input.deployment)
  const to = input.to ? new Date(input.to) : new Date()
  const from = input.from ? new Date(input.from) : new Date(Math.max(firstTimeMs, to.getTime() - 60 * minuteMs))
  const rangeMs = to.getTime() - from.getTime()
  if (rangeMs <= 0 || rangeMs > maxRangeMs)
    throw new AppError('bad_request', 'from: must be before to, and at most 90 days before it.', {
      details: [{ path: 'from', message: 'must be before to, by at most 90 days' }],
    })
  const rows = await db()
    .select()
    .from(performanceMetrics)
    .where(
      and(eq(performanceMetrics.deploymentId, deployment.id), gte(performanceMetrics.minute, from), lte(performanceMetrics.minute, to)),
    )
    .orderBy(asc(performanceMetrics.minute))
  return merge(rows, stepFor(rangeMs)).map(view)
}

type LastHour = DeploymentSummary['lastHour']
const sparkStepMs = 5 * minuteMs

/** The last hour of several deployments at once. */
export async function readLastHour(ids: string[], now = Date.now()): Promise<Map<string, LastHour>> {
  const from = new Date(Math.floor((now - 60 * minuteMs) / sparkStepMs) * sparkStepMs)
  const rows = await db()
    .select()
    .from(performanceMetrics)
    .where(and(inArray(performanceMetrics.deploymentId, ids), gte(performanceMetrics.minute, from)))
  return new Map(
    ids.map((id) => [
      id,
      summarise(
        rows.filter((row) => row.deploymentId === id),
        from,
        now,
      ),
    ]),
  )
}

function summarise(rows: Row[], from: Date, now: number): LastHour {
  const sum = (of: Row[], field: 'requests' | 'errors') => of.reduce((total, row) => total + row[field], 0)
  const p95 = (of: Row[]) =>
    percentileMs(
      of.reduce((all, row) => mergeHistograms(all, row.latencyCounts), emptyHistogram()),
      0.95,
    )
  const steps = Math.ceil((now - from.getTime()) / sparkStepMs)
  const spark = Array.from({ length: steps }, (_, index) => {
    const start = from.getTime() + index * sparkStepMs
    const inside = rows.filter((row) => row.minute.getTime() >= start && row.minute.getTime() < start + sparkStepMs)
    return { at: new Date(start).toISOString(), requests: sum(inside, 'requests'), p95Ms: p95(inside) }
  })
  return { requests: sum(rows, 'requests'), errors: sum(rows, 'errors'), p95Ms: p95(rows), spark }
}

const minuteOf = ({ minute }: MetricReport) => new Date(Math.floor(Date.parse(minute) / minuteMs) * minuteMs)

/** Takes the figures of one boot of one runtime. They are cumulative, so the larger count is the newer and a repeat changes nothing. */
export async function recordMetrics(tx: Tx, runtimeId: string, bootId: string, reports: readonly MetricReport[]): Promise<void> {
  if (reports.length === 0) return
  const known = await tx
    .select({ deploymentId: deployments.id, versionId: modelVersions.id, version: modelVersions.version })
    .from(modelVersions)
    .innerJoin(deployments, inArray(deployments.id, [...new Set(reports.map((report) => report.deployment_id))]))
    .where(inArray(modelVersions.id, [...new Set(reports.map((report) => report.version_id))]))
  // A statement may write a row once: of figures that come twice in a report, the last count.
  const latest = new Map(reports.map((report) => [`${report.deployment_id} ${report.version_id} ${minuteOf(report).getTime()}`, report]))
  const rows = [...latest.values()].flatMap((report) => {
    const found = known.find((item) => item.deploymentId === report.deployment_id && item.versionId === report.version_id)
    if (!found) return []
    return [
      {
        deploymentId: report.deployment_id,
        minute: minuteOf(report),
        versionId: report.version_id,
        version: found.version,
        runtimeId,
        bootId,
        requests: report.requests,
        errors: report.errors,
        latencyCounts: report.latency_counts,
        queueCounts: report.queue_counts,
      },
    ]
  })
  if (rows.length === 0) return
  await tx
    .insert(performanceMetrics)
    .values(rows)
    .onConflictDoUpdate({
      target: [
        performanceMetrics.deploymentId,
        performanceMetrics.minute,
        performanceMetrics.versionId,
        performanceMetrics.runtimeId,
        performanceMetrics.bootId,
      ],
      set: {
        requests: sql`excluded.requests`,
        errors: sql`excluded.errors`,
        latencyCounts: sql`excluded.latency_counts`,
        queueCounts: sql`excluded.queue_counts`,
      },
      setWhere: sql`excluded.requests >= ${performanceMetrics.requests}`,
    })
}
