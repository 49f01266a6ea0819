import type { Thresholds } from '#src/contracts/performance.ts'
import type { MeasuredFigures } from './figures.ts'

export type Verdict = { health: 'unknown' | 'healthy' | 'degraded'; reason: string | null }

/** Below this share of successes a model is degraded whatever its thresholds say: they know no such figure. */
const minSuccessRate = 0.9

const percent = (share: number) => `${(share * 100).toFixed(1)} %`
const worse = (...values: (number | null)[]) => {
  const known = values.filter((value) => value !== null)
  return known.length > 0 ? Math.max(...known) : null
}

/**
 * Holds figures to thresholds. There is no verdict before `minRequests` requests, or as many reports of others, fell into the window:
 * one slow call at night must not move anything.
 */
export function judge(figures: MeasuredFigures, limits: Thresholds, minRequests: number): Verdict {
  const seen = Math.max(figures.requests, figures.qualityReports)
  if (seen < minRequests) return { health: 'unknown', reason: `${seen} of the ${minRequests} requests that a verdict needs.` }
  const latencyMs = worse(figures.latencyMs.p95, figures.reportedLatencyMs)
  const throughput = figures.requests > 0 ? figures.throughputRps : figures.reportedThroughputRps
  const breaches = [
    figures.successRate !== null && figures.successRate < minSuccessRate
      ? `Only ${percent(figures.successRate)} of its requests succeed, below ${percent(minSuccessRate)}.`
      : undefined,
    limits.minAccuracy !== null && figures.accuracy !== null && figures.accuracy < limits.minAccuracy
      ? `Accuracy is ${percent(figures.accuracy)}, below ${percent(limits.minAccuracy)}.`
      : undefined,
    limits.maxLatencyMs !== null && latencyMs !== null && latencyMs > limits.maxLatencyMs
      ? `Latency is ${Math.round(latencyMs)} ms, above ${Math.round(limits.maxLatencyMs)} ms.`
      : undefined,
    limits.minThroughputRps !== null && throughput !== null && throughput < limits.minThroughputRps
      ? `Throughput is ${throughput.toFixed(2)} requests a second, below ${limits.minThroughputRps}.`
      : undefined,
    limits.maxCostPerRequest !== null && figures.costPerRequest !== null && figures.costPerRequest > limits.maxCostPerRequest
      ? `A request costs ${figures.costPerRequest.toPrecision(3)}, above ${limits.maxCostPerRequest}.`
      : undefined,
  ].filter((breach) => breach !== undefined)
  return breaches.length > 0 ? { health: 'degraded', reason: breaches.join(' ') } : { health: 'healthy', reason: null }
}
