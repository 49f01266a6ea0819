import type { z } from 'zod'
import type { metricBucket } from '#src/contracts/deployment.ts'
import { versionColor } from '../charts/colors.ts'
import type { Mark, Point, Series } from '../charts/types.ts'

export type MetricBucket = z.infer<typeof metricBucket>
export type Range = { key: string; label: string; minutes: number; stepMinutes: number }

/** The steps are those in which the server answers a range of this length. */
export const ranges: readonly Range[] = [
  { key: '15m', label: '15 min', minutes: 15, stepMinutes: 1 },
  { key: '1h', label: '1 h', minutes: 60, stepMinutes: 1 },
  { key: '6h', label: '6 h', minutes: 360, stepMinutes: 1 },
  { key: '24h', label: '24 h', minutes: 1440, stepMinutes: 5 },
  { key: '7d', label: '7 d', minutes: 10_080, stepMinutes: 15 },
]
export const rangeOf = (key: string | null): Range => ranges.find((range) => range.key === key) ?? (ranges[1] as Range)

const minuteMs = 60_000

/** The steps of a range that ends with the present minute, as times in milliseconds, oldest first. */
export function stepsOf(range: Range, nowMs: number): number[] {
  const stepMs = range.stepMinutes * minuteMs
  const last = Math.floor(nowMs / stepMs) * stepMs
  const count = Math.ceil(range.minutes / range.stepMinutes)
  return Array.from({ length: count }, (_, index) => last - (count - 1 - index) * stepMs)
}

export const versionsOf = (buckets: readonly MetricBucket[]) =>
  [...new Set(buckets.map((bucket) => bucket.version))].sort((left, right) => left - right)

/** The buckets of each step, by the step's time. */
function byStep(buckets: readonly MetricBucket[], range: Range): Map<number, MetricBucket[]> {
  const stepMs = range.stepMinutes * minuteMs
  const steps = new Map<number, MetricBucket[]>()
  for (const bucket of buckets) {
    const at = Math.floor(Date.parse(bucket.at) / stepMs) * stepMs
    const found = steps.get(at)
    if (found) found.push(bucket)
    else steps.set(at, [bucket])
  }
  return steps
}

/** Requests a second for each version, or a minute where even the busiest step has less than one a second; a step without traffic is zero. */
export function trafficSeries(
  buckets: readonly MetricBucket[],
  range: Range,
  nowMs: number,
): { unit: 'second' | 'minute'; series: Series[] } {
  const steps = byStep(buckets, range)
  const requestsAt = (x: number, version: number) =>
    (steps.get(x) ?? []).filter((one) => one.version === version).reduce((sum, one) => sum + one.requests, 0)
  const counts = versionsOf(buckets).map((version) => ({
    version,
    points: stepsOf(range, nowMs).map((x) => ({ x, y: requestsAt(x, version) })),
  }))
  const busiest = Math.max(0, ...counts.flatMap((one) => one.points.map((point) => point.y)))
  const unit = busiest < range.stepMinutes * 60 ? 'minute' : 'second'
  const share = unit === 'minute' ? range.stepMinutes : range.stepMinutes * 60
  const series = counts.map(({ version, points }) => ({
    key: `v${version}`,
    label: `version ${version}`,
    color: versionColor(version),
    points: points.map(({ x, y }) => ({ x, y: y / share })),
  }))
  return { unit, series }
}

/** Share of errors, 0 to 1, over all versions; a step without traffic is a gap. */
export function errorSeries(buckets: readonly MetricBucket[], range: Range, nowMs: number): Series[] {
  const steps = byStep(buckets, range)
  const points = stepsOf(range, nowMs).map((x) => ({ x, y: errorShare(steps.get(x) ?? []) }))
  return [{ key: 'errors', label: 'errors', color: 5, isGapped: true, points }]
}

export function errorShare(buckets: readonly MetricBucket[]): number | null {
  const requests = buckets.reduce((sum, one) => sum + one.requests, 0)
  return requests === 0 ? null : buckets.reduce((sum, one) => sum + one.errors, 0) / requests
}

const highest = (values: readonly (number | null)[]) => {
  const known = values.filter((value): value is number => value !== null)
  return known.length === 0 ? null : Math.max(...known)
}

/** p50, p95 and p99 of one version in milliseconds; where a step holds several buckets, the slowest of them: percentiles do not average. */
export function latencySeries(buckets: readonly MetricBucket[], version: number, range: Range, nowMs: number): Series[] {
  const steps = byStep(
    buckets.filter((bucket) => bucket.version === version),
    range,
  )
  const xs = stepsOf(range, nowMs)
  return (['p50', 'p95', 'p99'] as const).map((quantile, index): Series => {
    const points: Point[] = xs.map((x) => ({ x, y: highest((steps.get(x) ?? []).map((one) => one.latencyMs[quantile])) }))
    return { key: quantile, label: quantile, color: [0, 1, 5][index] ?? 0, isGapped: true, points }
  })
}

/** A mark where a version first took traffic, if another had it before. */
export function versionMarks(buckets: readonly MetricBucket[]): Mark[] {
  const firsts = new Map<number, number>()
  for (const bucket of buckets) {
    if (bucket.requests === 0) continue
    const at = Date.parse(bucket.at)
    firsts.set(bucket.version, Math.min(at, firsts.get(bucket.version) ?? at))
  }
  return [...firsts]
    .sort((left, right) => left[1] - right[1])
    .slice(1)
    .map(([version, x]) => ({ x, label: `v${version}` }))
}
