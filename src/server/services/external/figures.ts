/** Figures of the requests that web itself answers: kept here for a second, then written as those of a runtime are. */
import { bucketOf, emptyHistogram } from '#src/contracts/latency.ts'
import type { MetricReport } from '#src/contracts/runtime.ts'
import { transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { createLog } from '#src/server/log.ts'
import { recordMetrics } from '../deployments/metrics.ts'

const log = createLog('inference')
/** Stands in `performance_metrics` where a runtime's id does. */
const webId = '00000000-0000-0000-0000-000000000000'
const bootId = newId()
const flushMs = 1_000
const minuteMs = 60_000
/** While the database is away; what is older is given up, oldest first. */
const maxReports = 10_000

/** Cumulative for this process, deployment, version and minute, so that writing one again counts nothing twice. */
const reports = new Map<string, MetricReport>()
const changed = new Set<string>()
let timer: NodeJS.Timeout | undefined

/** @param status of the answer: 429 and 5xx count as errors, a caller's own mistake as a request only. */
export function recordCall(deploymentId: string, versionId: string, status: number, latencyMs: number): void {
  const minute = new Date(Math.floor(Date.now() / minuteMs) * minuteMs).toISOString()
  const key = `${deploymentId} ${versionId} ${minute}`
  const report = reports.get(key) ?? {
    deployment_id: deploymentId,
    version_id: versionId,
    minute,
    requests: 0,
    errors: 0,
    latency_counts: emptyHistogram(),
    queue_counts: emptyHistogram(),
  }
  const bucket = bucketOf(latencyMs)
  report.requests += 1
  if (status === 429 || status >= 500) report.errors += 1
  report.latency_counts[bucket] = (report.latency_counts[bucket] ?? 0) + 1
  reports.set(key, report)
  changed.add(key)
  timer ??= setTimeout(() => void flushFigures(), flushMs).unref()
}

/** Writes what is not written yet; called once a second while there are requests, and when web stops. */
export async function flushFigures(): Promise<void> {
  clearTimeout(timer)
  timer = undefined
  const keys = [...changed]
  changed.clear()
  try {
    await transaction((tx) =>
      recordMetrics(
        tx,
        webId,
        bootId,
        keys.flatMap((key) => reports.get(key) ?? []),
      ),
    )
    forgetPast()
  } catch (error) {
    log.warn('figures could not be written; they are tried again', { error })
    for (const key of keys) changed.add(key)
    for (const key of [...reports.keys()].slice(0, Math.max(0, reports.size - maxReports))) reports.delete(key)
    timer ??= setTimeout(() => void flushFigures(), flushMs).unref()
  }
}

function forgetPast(): void {
  const current = new Date(Math.floor(Date.now() / minuteMs) * minuteMs).toISOString()
  for (const [key, report] of reports) if (report.minute < current && !changed.has(key)) reports.delete(key)
}
