import type { CreateJob, Job, JobErrorCode, JobStatus, JobSummary, RecipeName } from '#src/contracts/training.ts'

/** As the contract's `isFinal`, without carrying its schemas into every page. */
const ended: ReadonlySet<JobStatus> = new Set(['succeeded', 'failed', 'cancelled'])
export const hasEnded = (status: JobStatus) => ended.has(status)

const titles: Record<RecipeName, string> = {
  'tabular-classification': 'Tabular classification',
  'tabular-regression': 'Tabular regression',
  'text-classification': 'Text classification',
}
export const recipeTitle = (recipe: RecipeName) => titles[recipe]

export const jobHref = (id: string) => `/training/${id}`
export const againHref = (id: string) => `/training/new?from=${id}`
export const logsHref = (id: string) => `/api/v1/training/jobs/${id}/logs`

/** Seconds from the first start to the end, or to now; null for a job that has not started. */
export function tookSeconds(job: Pick<JobSummary, 'startedAt' | 'finishedAt'>, nowMs: number): number | null {
  if (job.startedAt === null) return null
  const end = job.finishedAt === null ? nowMs : Date.parse(job.finishedAt)
  return Math.max(0, (end - Date.parse(job.startedAt)) / 1000)
}

/** The word for the job's state, fuller than the status where people wait for something. */
export function statusLabel(job: Pick<JobSummary, 'status' | 'progress' | 'isCancelRequested'>): string | undefined {
  if (job.isCancelRequested && !hasEnded(job.status)) return 'Cancelling'
  return job.status === 'running' ? `Running ${Math.floor(job.progress * 100)} %` : undefined
}

const whatToDo: Record<JobErrorCode, string> = {
  invalid_data: 'Mend the rows or columns that the message names, add the data set again as a new version, and train on that.',
  invalid_spec: 'Change the setting that the message names, and run it again.',
  resource_unavailable: 'Run it on another device, or connect a training runtime that has this one.',
  parity:
    'The exported model answered otherwise than the trained one, so no version was made. Run it again with another algorithm or smaller settings, and report it with the log.',
  out_of_memory: 'Use a smaller batch, a smaller model or fewer columns, or a machine with more memory.',
  internal: 'The log says where it stopped. Run it again; if it stays so, report it with the log.',
  lost: 'The training runtime fell silent and no other took over in time. See that one is connected, then run it again.',
  killed: 'The trainer was stopped from outside, most often for want of memory. See that the machine has room, then run it again.',
}
export const adviceFor = (code: JobErrorCode) => whatToDo[code]

/** What makes another job just like this one, on the same version of the data set. */
export const againInput = (job: Job): CreateJob => ({
  name: job.name,
  recipe: job.recipe,
  dataset: job.datasetName,
  datasetVersion: job.datasetVersion,
  columns: job.columns,
  modelName: job.modelName,
  ...(job.base ? { base: job.base } : {}),
  hyperParameters: job.hyperParameters,
  split: job.split,
  resources: job.resources,
  seed: job.seed,
})
