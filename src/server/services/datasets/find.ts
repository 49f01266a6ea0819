import { and, asc, desc, eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { isUuid, type Page } from '#src/contracts/common.ts'
import type { Dataset, DatasetDetail, listDatasets as listInput } from '#src/contracts/dataset.ts'
import { db, type Queryable } from '#src/server/db/client.ts'
import { datasetFiles, datasets, datasetVersions, trainingJobs, users } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from '../access.ts'
import { afterCursor, countCap, encodeCursor, likePattern, listPlace } from '../paging.ts'
import { searching } from '../searching.ts'

export type DatasetRow = typeof datasets.$inferSelect
export type DatasetVersionRow = typeof datasetVersions.$inferSelect

export async function findDatasetRow(on: Queryable, caller: Caller, ref: string, lock = false): Promise<DatasetRow> {
  const byRef = isUuid(ref) ? eq(datasets.id, ref) : eq(datasets.name, ref)
  const query = on
    .select()
    .from(datasets)
    .where(and(eq(datasets.projectId, caller.project.id), byRef))
  const [row] = lock ? await query.for('update') : await query
  if (!row)
    throw new AppError(
      'not_found',
      `There is no data set "${ref.slice(0, 100)}" in this project. Look at the list of data sets for its name.`,
    )
  return row
}

export async function findDatasetVersion(on: Queryable, dataset: DatasetRow, version = dataset.latestVersion): Promise<DatasetVersionRow> {
  const [row] = await on
    .select()
    .from(datasetVersions)
    .where(and(eq(datasetVersions.datasetId, dataset.id), eq(datasetVersions.version, version)))
  if (!row) throw new AppError('not_found', `${dataset.name} has no version ${version}.`)
  return row
}

const view = (row: DatasetRow, version: DatasetVersionRow, project: string, createdBy: string | null): Dataset => ({
  id: row.id,
  name: row.name,
  description: row.description,
  version: version.version,
  versionId: version.id,
  status: version.status,
  reason: version.reason,
  format: version.format,
  rows: version.rows,
  sizeBytes: version.sizeBytes,
  columns: version.columns,
  project,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
  createdBy,
})

const isLatest = and(eq(datasetVersions.datasetId, datasets.id), eq(datasetVersions.version, datasets.latestVersion))

export async function listDatasets(caller: Caller, input: z.infer<typeof listInput>): Promise<Page<Dataset>> {
  const place = listPlace('datasets', caller.project.id, input)
  const where = and(eq(datasets.projectId, caller.project.id), input.q ? sql`${datasets.name} ilike ${likePattern(input.q)}` : undefined)
  const some = db().select({ one: sql`1` }).from(datasets).where(where).limit(countCap).as('some')
  const [rows, [count]] = await searching({ q: input.q }, (on) =>
    Promise.all([
      on
        .select({ dataset: datasets, version: datasetVersions, email: users.email })
        .from(datasets)
        .innerJoin(datasetVersions, isLatest)
        .leftJoin(users, eq(users.id, datasets.createdBy))
        .where(and(where, afterCursor(place, input.cursor, datasets.updatedAt, datasets.id, 'desc')))
        .orderBy(desc(datasets.updatedAt), desc(datasets.id))
        .limit(input.limit + 1)
        .offset(input.cursor ? 0 : input.skip),
      on.select({ count: sql<number>`count(*)::int` }).from(some),
    ]),
  )
  const shown = rows.slice(0, input.limit)
  const last = rows.length > input.limit ? shown.at(-1) : undefined
  return {
    items: shown.map((row) => view(row.dataset, row.version, caller.project.name, row.email)),
    nextCursor: last ? encodeCursor(place, last.dataset.updatedAt, last.dataset.id) : null,
    total: count?.count ?? 0,
  }
}

export async function getDataset(
  caller: Caller,
  input: { dataset: string; version?: number | undefined },
  on: Queryable = db(),
): Promise<DatasetDetail> {
  const row = await findDatasetRow(on, caller, input.dataset)
  const version = await findDatasetVersion(on, row, input.version)
  const [files, versions, usedBy, [creator]] = await Promise.all([
    on
      .select({ path: datasetFiles.path, sha256: datasetFiles.sha256, sizeBytes: datasetFiles.sizeBytes })
      .from(datasetFiles)
      .where(eq(datasetFiles.datasetVersionId, version.id))
      .orderBy(asc(datasetFiles.position)),
    on
      .select({
        version: datasetVersions.version,
        status: datasetVersions.status,
        rows: datasetVersions.rows,
        createdAt: datasetVersions.createdAt,
      })
      .from(datasetVersions)
      .where(eq(datasetVersions.datasetId, row.id))
      .orderBy(desc(datasetVersions.version))
      .limit(200),
    on
      .select({ jobId: trainingJobs.id, name: trainingJobs.name, status: trainingJobs.status })
      .from(trainingJobs)
      .where(eq(trainingJobs.datasetVersionId, version.id))
      .orderBy(desc(trainingJobs.createdAt))
      .limit(50),
    on
      .select({ email: users.email })
      .from(users)
      .where(eq(users.id, row.createdBy ?? row.id)),
  ])
  return {
    ...view(row, version, caller.project.name, creator?.email ?? null),
    preview: version.preview,
    files,
    versions: versions.map((item) => ({ ...item, createdAt: item.createdAt.toISOString() })),
    usedBy,
  }
}
