import type { DeploymentStatus } from '#src/contracts/deployment.ts'

export const deploymentStatuses: readonly DeploymentStatus[] = ['ready', 'loading', 'pending', 'degraded', 'failed', 'stopped']

/** The query behind an address of the list of deployments; a status that there is not means all. */
export const deploymentListInput = ({ q, status }: { q?: string; status?: string }) => ({
  q: q || undefined,
  status: deploymentStatuses.find((one) => one === status),
  limit: 50,
})
