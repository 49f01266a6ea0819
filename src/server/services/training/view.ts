import { and, eq, getTableColumns, type SQL } from 'drizzle-orm'
import type { Job, JobSummary } from '#src/contracts/training.ts'
import { db, type Queryable } from '#src/server/db/client.ts'
import { datasets, datasetVersions, models, modelVersions, runtimes, trainingJobs, users } from '#src/server/db/schema.ts'

export type JobRow = typeof trainingJobs.$inferSelect

/** Jobs with the names that stand beside them. */
export const selectJobs = (on: Queryable, where: SQL | undefined) =>
  on
    .select({
      ...getTableColumns(trainingJobs),
      datasetName: datasets.name,
      datasetId: datasets.id,
      datasetVersion: datasetVersions.version,
      email: users.email,
      runtimeName: runtimes.name,
    })
    .from(trainingJobs)
    .innerJoin(datasetVersions, eq(datasetVersions.id, trainingJobs.datasetVersionId))
    .innerJoin(datasets, eq(datasets.id, datasetVersions.datasetId))
    .leftJoin(users, eq(users.id, trainingJobs.createdBy))
    .leftJoin(runtimes, eq(runtimes.id, trainingJobs.runtimeId))
    .where(where)
    .$dynamic()

export type NamedJobRow = Awaited<ReturnType<typeof selectJobs>>[number]

export const summarise = (row: NamedJobRow): JobSummary => ({
  id: row.id,
  name: row.name,
  recipe: row.recipe,
  status: row.status,
  reason: row.reason,
  progress: row.progress,
  step: row.step,
  etaSeconds: row.etaSeconds,
  attempt: row.attempt,
  device: row.device,
  modelName: row.modelName,
  modelId: row.modelId,
  version: row.version,
  datasetName: row.datasetName,
  datasetVersion: row.datasetVersion,
  metrics: row.metrics,
  error: row.errorCode ? { code: row.errorCode, message: row.errorMessage ?? '' } : null,
  isCancelRequested: row.cancelRequestedAt !== null,
  createdBy: row.email,
  createdAt: row.createdAt.toISOString(),
  startedAt: row.startedAt?.toISOString() ?? null,
  finishedAt: row.finishedAt?.toISOString() ?? null,
})

export const viewJob = (row: NamedJobRow, project: string, base: Job['base'], waitingFor: string | null): Job => ({
  ...summarise(row),
  datasetId: row.datasetId,
  base,
  columns: row.spec.columns,
  hyperParameters: row.spec.hyperParameters,
  split: row.spec.split,
  resources: row.spec.resources,
  seed: row.spec.seed,
  runtimeName: row.runtimeName,
  waitingFor,
  project,
})

export async function findBase(row: JobRow): Promise<Job['base']> {
  if (!row.baseVersionId) return null
  const [base] = await db()
    .select({ model: models.name, version: modelVersions.version })
    .from(modelVersions)
    .innerJoin(models, eq(models.id, modelVersions.modelId))
    .where(and(eq(modelVersions.id, row.baseVersionId)))
  return base ?? null
}
