import { formatMetric, isLowerBetter, mainMetric } from '#src/ui/kit/format.ts'

type Measured = { version: number; metrics: Record<string, number | null> }
export type Difference = { text: string; tone: 'good' | 'bad' | 'plain'; before: number }

/** A metric against the same one before: signed, and whether that is better. null when either is missing. */
export function difference(
  name: string,
  value: number | null | undefined,
  before: number | null | undefined,
): Omit<Difference, 'before'> | null {
  if (value == null || before == null) return null
  const change = value - before
  if (Math.abs(change) < 1e-12) return { text: '±0', tone: 'plain' }
  const isBetter = change < 0 === isLowerBetter(name)
  return { text: `${change > 0 ? '+' : '−'}${formatMetric(Math.abs(change))}`, tone: isBetter ? 'good' : 'bad' }
}

/** The newest earlier version that measured this metric. */
export function versionBefore<V extends Measured>(versions: V[], version: number, metric: string): V | undefined {
  return versions
    .filter((each) => each.version < version && each.metrics[metric] != null)
    .sort((left, right) => right.version - left.version)[0]
}

/** The main metric of a version, with its difference to the version before. */
export function mainMetricOf(versions: Measured[], version: number) {
  const own = versions.find((each) => each.version === version)
  const metric = own ? mainMetric(own.metrics) : null
  if (!metric) return null
  const before = versionBefore(versions, version, metric.name)
  const change = before ? difference(metric.name, metric.value, before.metrics[metric.name]) : null
  return { ...metric, change: change && before ? { ...change, before: before.version } : null }
}
