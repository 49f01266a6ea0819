import type { JobStatus } from '#src/contracts/training.ts'

export const jobStatuses: readonly JobStatus[] = ['queued', 'running', 'succeeded', 'failed', 'cancelled']

/** The query behind an address of the list of jobs; a status that there is not means all. */
export const jobListInput = ({ q, status }: { q?: string; status?: string }) => ({
  q: q || undefined,
  status: jobStatuses.find((one) => one === status),
  limit: 50,
})
