/** A data set version is settled by the worker: its files are all there, then they are read, and it is ready or rejected. */
import { createHash } from 'node:crypto'
import { and, asc, eq, isNull, sql } from 'drizzle-orm'
import type { ArtifactFormat } from '#src/contracts/upload.ts'
import { db, type Queryable, type Tx, transaction } from '#src/server/db/client.ts'
import { artifacts, datasetFiles, datasets, datasetVersions, uploads } from '#src/server/db/schema.ts'
import { send } from '#src/server/jobs/queues.ts'
import { store } from '#src/server/storage/index.ts'
import { announce, recordSystemAudit } from '../audit.ts'
import { inspectTabular } from '../inspect/tabular.ts'

/** Called in the transaction that settles an upload: what waits for it goes to the worker, or is rejected with it. */
export async function settleDatasetsOf(tx: Tx, uploadId: string): Promise<void> {
  const [upload] = await tx.select().from(uploads).where(eq(uploads.id, uploadId))
  if (!upload || !['ready', 'rejected'].includes(upload.status)) return
  const rows = await tx
    .selectDistinct({ versionId: datasetFiles.datasetVersionId })
    .from(datasetFiles)
    .where(eq(datasetFiles.uploadId, uploadId))
  if (rows.length === 0) return
  if (upload.status === 'ready') await tx.update(datasetFiles).set({ sha256: upload.sha256 }).where(eq(datasetFiles.uploadId, uploadId))
  for (const { versionId } of rows) {
    if (upload.status === 'rejected')
      await finish(tx, versionId, { status: 'rejected', reason: `${upload.filename}: ${upload.reason ?? 'its content can not be used'}` })
    else await queueWhenComplete(tx, versionId)
  }
}

/** Sends a version whose files are all there to be read. */
export async function queueWhenComplete(tx: Queryable, versionId: string): Promise<void> {
  const isOf = eq(datasetFiles.datasetVersionId, versionId)
  const [missing] = await tx
    .select({ path: datasetFiles.path })
    .from(datasetFiles)
    .where(and(isOf, isNull(datasetFiles.sha256)))
    .limit(1)
  if (!missing) await send(tx, 'settle-dataset', { datasetVersionId: versionId })
}

/** Reads a complete data set version: types, rows, figures and a preview. Safe to run twice. */
export async function settleDataset(versionId: string): Promise<void> {
  const [version] = await db().select().from(datasetVersions).where(eq(datasetVersions.id, versionId))
  if (version?.status !== 'pending') return
  const files = await db()
    .select({ path: datasetFiles.path, sha256: artifacts.sha256, format: artifacts.format })
    .from(datasetFiles)
    .innerJoin(artifacts, eq(artifacts.sha256, datasetFiles.sha256))
    .where(eq(datasetFiles.datasetVersionId, versionId))
    .orderBy(asc(datasetFiles.position))
  const digest = createHash('sha256')
    .update(files.map((file) => file.sha256).join('\n'))
    .digest('hex')
  const result = await read(files)
  await transaction((tx) => finish(tx, versionId, { ...result, digest }))
}

type Outcome = Partial<typeof datasetVersions.$inferInsert> & { status: 'ready' | 'rejected' }

async function read(files: { path: string; sha256: string; format: ArtifactFormat }[]): Promise<Outcome> {
  const formats = new Set(files.map((file) => formatOf(file)))
  const format = [...formats][0]
  if (formats.size !== 1 || !format) {
    const named = files.map((file) => file.path).join(', ')
    return { status: 'rejected', reason: `${named}: a data set is made of CSV files or of JSON Lines files, all of one kind.` }
  }
  const inspected = await inspectTabular(
    files.map((file) => ({ name: file.path, path: store().pathOf(file.sha256) })),
    format,
  )
  if (!inspected.ok) return { status: 'rejected', reason: inspected.reason, format }
  return { status: 'ready', reason: null, format, rows: inspected.rows, columns: inspected.columns, preview: inspected.preview }
}

/** What the bytes are, or what the name says where the bytes may be anything, as they may in text. */
function formatOf(file: { path: string; format: ArtifactFormat }): 'csv' | 'jsonl' | undefined {
  if (file.format === 'csv' || file.format === 'jsonl') return file.format
  if (file.format !== 'unknown' && file.format !== 'json') return undefined
  if (/\.(jsonl|ndjson|json)$/i.test(file.path)) return 'jsonl'
  return /\.(csv|tsv|txt)$/i.test(file.path) ? 'csv' : undefined
}

async function finish(tx: Queryable, versionId: string, outcome: Outcome): Promise<void> {
  const [row] = await tx
    .update(datasetVersions)
    .set(outcome)
    .where(and(eq(datasetVersions.id, versionId), eq(datasetVersions.status, 'pending')))
    .returning()
  if (!row) return
  await tx.update(datasets).set({ updatedAt: sql`now()` }).where(eq(datasets.id, row.datasetId))
  if (outcome.status === 'rejected')
    await recordSystemAudit(tx, {
      action: 'dataset.reject',
      targetType: 'dataset',
      targetId: row.datasetId,
      after: { version: row.version, status: 'rejected', reason: row.reason },
      projectId: row.projectId,
    })
  await announce(tx, 'dataset', row.projectId, row.datasetId)
}
