import type { Thresholds } from '#src/contracts/performance.ts'
import type { MeasuredFigures } from './figures.ts'

export type Verdict = { health: 'unknown' | 'healthy' | 'degraded'; reason: string | null }

/** Below this share of successes a model is degraded whatever its thresholds say: they know no such figure. */
const minSuccessRate = 0.9

const percent = (share: number) => `${(share * 100).toFixed(1)} %`
/** A figure, and how many requests or reports it comes from. */
type Seen = { value: number | null; count: number }
type Known = Seen & { value: number }
type Finding = { count: number; breach: string }

/** What others report and what was measured, where it was seen often enough; else all that is known. */
function weighty(seen: Seen[], minRequests: number): Known[] {
  const known = seen.filter((one): one is Known => one.value !== null)
  const enough = known.filter(({ count }) => count >= minRequests)
  return enough.length > 0 ? enough : known
}

type Say = (value: number, limit: number) => string
const breaks = (isBreach: (value: number, limit: number) => boolean) => (seen: Seen | undefined, limit: number | null, say: Say) =>
  seen && seen.value !== null && limit !== null && isBreach(seen.value, limit)
    ? [{ count: seen.count, breach: say(seen.value, limit) }]
    : []
const below = breaks((value, limit) => value < limit)
const above = breaks((value, limit) => value > limit)

function findBreaches(figures: MeasuredFigures, limits: Thresholds, minRequests: number): Finding[] {
  const { requests, reportCounts: counts } = figures
  const accuracy = { value: figures.accuracy, count: counts.accuracy }
  const cost = { value: figures.costPerRequest, count: counts.costPerRequest }
  const [latency] = weighty(
    [
      { value: figures.latencyMs.p95, count: requests },
      { value: figures.reportedLatencyMs, count: counts.latencyMs },
    ],
    minRequests,
  ).sort((left, right) => right.value - left.value)
  const [throughput] = weighty(
    [
      { value: requests > 0 ? figures.throughputRps : null, count: requests },
      { value: figures.reportedThroughputRps, count: counts.throughputRps },
    ],
    minRequests,
  )
  return [
    ...below(
      { value: figures.successRate, count: requests },
      minSuccessRate,
      (value, limit) => `Only ${percent(value)} of its requests succeed, below ${percent(limit)}.`,
    ),
    ...below(accuracy, limits.minAccuracy, (value, limit) => `Accuracy is ${percent(value)}, below ${percent(limit)}.`),
    ...above(latency, limits.maxLatencyMs, (value, limit) => `Latency is ${Math.round(value)} ms, above ${Math.round(limit)} ms.`),
    ...below(throughput, limits.minThroughputRps, (value, limit) => `Throughput is ${value.toFixed(2)} requests a second, below ${limit}.`),
    ...above(cost, limits.maxCostPerRequest, (value, limit) => `A request costs ${value.toPrecision(3)}, above ${limit}.`),
  ]
}

/**
 * Holds figures to thresholds. There is no verdict before `minRequests` requests, or as many reports of the figure itself, fell into the
 * window: one slow call at night must not move anything. A breach that too few have seen is no verdict, but the model is not well either.
 */
export function judge(figures: MeasuredFigures, limits: Thresholds, minRequests: number): Verdict {
  const found = findBreaches(figures, limits, minRequests)
  const certain = found.filter(({ count }) => count >= minRequests)
  if (certain.length > 0) return { health: 'degraded', reason: certain.map(({ breach }) => breach).join(' ') }
  const [doubt] = found
  const seen = doubt?.count ?? Math.max(figures.requests, ...Object.values(figures.reportCounts))
  if (seen < minRequests)
    return { health: 'unknown', reason: `${seen} of the ${minRequests} requests that a verdict needs.${doubt ? ` ${doubt.breach}` : ''}` }
  return { health: 'healthy', reason: null }
}
