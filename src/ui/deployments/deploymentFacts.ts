import type { Deployment, DeploymentSummary } from '#src/contracts/deployment.ts'

/** A stopped deployment's name may be another's by now, so its id leads to it. */
export const deploymentHref = (deployment: Pick<Deployment, 'id' | 'name' | 'status'>) =>
  `/deployments/${deployment.status === 'stopped' ? deployment.id : encodeURIComponent(deployment.name)}`

type LastHour = DeploymentSummary['lastHour']

/** Share of the last hour's requests that failed, 0 to 1; null without requests. */
export const errorShareOf = (lastHour: LastHour): number | null => (lastHour.requests === 0 ? null : lastHour.errors / lastHour.requests)

/** Requests a second over the last hour. */
export const perSecond = (lastHour: LastHour): number => lastHour.requests / 3600

/** `0.4/s`, or `12/min` where a second holds less than a tenth of one. */
export function rateText(requestsPerSecond: number): string {
  if (requestsPerSecond === 0) return '0/s'
  if (requestsPerSecond >= 0.1) return `${Number(requestsPerSecond.toPrecision(2)).toLocaleString('en-US')}/s`
  const perMinute = requestsPerSecond * 60
  return perMinute >= 0.1 ? `${Number(perMinute.toPrecision(2))}/min` : '< 0.1/min'
}

const order: Record<Deployment['status'], number> = { failed: 0, degraded: 1, pending: 2, loading: 3, ready: 4, stopped: 5 }

/** What needs a look first, then the busiest. */
export const byAttention = (left: DeploymentSummary, right: DeploymentSummary) =>
  order[left.status] - order[right.status] || right.lastHour.requests - left.lastHour.requests || left.name.localeCompare(right.name)

/** The fleet's last hour; the slowest p95 stands for all, because percentiles do not add up. */
export function fleetOf(deployments: readonly DeploymentSummary[]) {
  const requests = deployments.reduce((sum, one) => sum + one.lastHour.requests, 0)
  const errors = deployments.reduce((sum, one) => sum + one.lastHour.errors, 0)
  const slowest = deployments.reduce<DeploymentSummary | null>(
    (worst, one) => ((one.lastHour.p95Ms ?? -1) > (worst?.lastHour.p95Ms ?? -1) ? one : worst),
    null,
  )
  return {
    requests,
    errorShare: requests === 0 ? null : errors / requests,
    slowest: slowest?.lastHour.p95Ms == null ? null : slowest,
    ready: deployments.filter((one) => one.status === 'ready').length,
  }
}

export const weightsSum = (rows: readonly { weight: string }[]) =>
  rows.reduce((sum, row) => sum + (Number.parseInt(row.weight, 10) || 0), 0)

/** The same whole percent for each, the first ones one more where it does not divide: always 100 together. */
export const evenWeights = (count: number): number[] =>
  Array.from({ length: count }, (_, index) => Math.floor(100 / count) + (index < 100 % count ? 1 : 0))

/** Why these weights cannot be set; null when they can. */
export function weightsProblem(rows: readonly { version: string; weight: string }[]): string | null {
  if (rows.some((row) => row.version === '')) return 'Choose a version in each row.'
  if (new Set(rows.map((row) => row.version)).size !== rows.length) return 'A version stands in two rows. Join them.'
  if (rows.some((row) => !/^\d{1,3}$/.test(row.weight.trim()))) return 'Weights are whole percents.'
  const sum = weightsSum(rows)
  return sum === 100 ? null : `The weights add up to ${sum} %, not 100 %.`
}
