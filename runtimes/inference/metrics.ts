import { collectDefaultMetrics, Registry } from 'prom-client'
import { bucketBoundsMs, bucketOf, emptyHistogram, mergeHistograms } from '#src/contracts/latency.ts'
import type { MetricReport } from '#src/contracts/runtime.ts'

type Series = { deploymentId: string; versionId: string; deployment: string; version: string }
type Total = Series & { requests: number; errors: number; latency: number[]; queue: number[]; latencySumMs: number }

/** Older minutes than this are folded into the oldest one kept while web is away. */
const maxUnacknowledgedMinutes = 10

/** Counts since this process started. `errors` are answers 429 and 5xx; a caller's own mistake counts as a request only. */
export class Metrics {
  readonly #minutes = new Map<string, MetricReport>()
  readonly #totals = new Map<string, Total>()
  readonly #processRegistry = new Registry()

  readonly #clock: () => number

  /** @param clock gives the time by which minutes are counted, in milliseconds */
  constructor(clock: () => number = Date.now) {
    this.#clock = clock
    collectDefaultMetrics({ register: this.#processRegistry })
  }

  /** @param queueMs undefined when the request never reached a queue */
  record(series: Series, status: number, latencyMs: number, queueMs: number | undefined, now: number = this.#clock()): void {
    const minute = new Date(now - (now % 60_000)).toISOString()
    const report = this.#minute(series, minute)
    const total = this.#total(series)
    const latencyBucket = bucketOf(latencyMs)
    for (const counts of [report.latency_counts, total.latency]) counts[latencyBucket] = (counts[latencyBucket] ?? 0) + 1
    total.latencySumMs += latencyMs
    report.requests++
    total.requests++
    if (status === 429 || status >= 500) {
      report.errors++
      total.errors++
    }
    if (queueMs === undefined) return
    const queueBucket = bucketOf(queueMs)
    for (const counts of [report.queue_counts, total.queue]) counts[queueBucket] = (counts[queueBucket] ?? 0) + 1
  }

  #minute({ deploymentId, versionId }: Series, minute: string): MetricReport {
    const key = `${deploymentId} ${versionId} ${minute}`
    const known = this.#minutes.get(key)
    if (known) return known
    const made: MetricReport = {
      deployment_id: deploymentId,
      version_id: versionId,
      minute,
      requests: 0,
      errors: 0,
      latency_counts: emptyHistogram(),
      queue_counts: emptyHistogram(),
    }
    this.#minutes.set(key, made)
    return made
  }

  #total(series: Series): Total {
    const key = `${series.deploymentId} ${series.versionId}`
    const known = this.#totals.get(key)
    if (known) return known
    const made: Total = { ...series, requests: 0, errors: 0, latency: emptyHistogram(), queue: emptyHistogram(), latencySumMs: 0 }
    this.#totals.set(key, made)
    return made
  }

  /** Every minute that web has not acknowledged, and the current one. */
  pending(): MetricReport[] {
    this.#foldOldMinutes()
    return [...this.#minutes.values()].map((report) => ({
      ...report,
      latency_counts: [...report.latency_counts],
      queue_counts: [...report.queue_counts],
    }))
  }

  /** Forgets past minutes that web has taken as they are now; the current one is sent again, since it still grows. */
  acknowledge(reports: readonly MetricReport[], now: number = this.#clock()): void {
    const current = new Date(now - (now % 60_000)).toISOString()
    for (const report of reports) {
      const key = `${report.deployment_id} ${report.version_id} ${report.minute}`
      if (report.minute < current && this.#minutes.get(key)?.requests === report.requests) this.#minutes.delete(key)
    }
  }

  /** Keeps the reports bounded while web is away: what is older moves into the oldest minute kept, and no request is lost. */
  #foldOldMinutes(): void {
    const minutes = [...new Set([...this.#minutes.values()].map((report) => report.minute))].sort()
    const oldestKept = minutes.at(-maxUnacknowledgedMinutes)
    if (oldestKept === undefined) return
    for (const [key, report] of this.#minutes) {
      if (report.minute >= oldestKept) continue
      this.#minutes.delete(key)
      const into = this.#minute(
        { deploymentId: report.deployment_id, versionId: report.version_id, deployment: '', version: '' },
        oldestKept,
      )
      into.requests += report.requests
      into.errors += report.errors
      into.latency_counts = mergeHistograms(into.latency_counts, report.latency_counts)
      into.queue_counts = mergeHistograms(into.queue_counts, report.queue_counts)
    }
  }

  /** Prometheus text of the process and of those deployments that the caller may see. */
  async exposition(isVisible: (deployment: string) => boolean): Promise<string> {
    const totals = [...this.#totals.values()].filter((total) => isVisible(total.deployment))
    const lines = [
      ...counter('nw_inference_requests_total', 'Requests answered, by deployment and version.', totals, (total) => total.requests),
      ...counter('nw_inference_errors_total', 'Requests answered with 429 or 5xx.', totals, (total) => total.errors),
      '# HELP nw_inference_latency_ms Time from the whole request to the whole answer, in milliseconds.',
      '# TYPE nw_inference_latency_ms histogram',
      ...totals.flatMap((total) => histogram('nw_inference_latency_ms', total)),
    ]
    return `${lines.join('\n')}\n${await this.#processRegistry.metrics()}`
  }
}

const labelsOf = ({ deployment, version }: Series) => `deployment="${deployment.replaceAll(/["\\\n]/g, '_')}",version="${version}"`

function counter(name: string, help: string, totals: Total[], read: (total: Total) => number): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} counter`, ...totals.map((total) => `${name}{${labelsOf(total)}} ${read(total)}`)]
}

function histogram(name: string, total: Total): string[] {
  let cumulative = 0
  const buckets = total.latency.map((count, index) => {
    cumulative += count
    return `${name}_bucket{${labelsOf(total)},le="${bucketBoundsMs[index]?.toPrecision(6) ?? '+Inf'}"} ${cumulative}`
  })
  return [...buckets, `${name}_sum{${labelsOf(total)}} ${total.latencySumMs}`, `${name}_count{${labelsOf(total)}} ${total.requests}`]
}
