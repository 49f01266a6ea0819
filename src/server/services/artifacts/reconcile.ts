/** What the worker does every few seconds so that no upload is left behind, whatever was killed when. */
import { and, eq, inArray, lt, sql } from 'drizzle-orm'
import { db, sqlState, transaction } from '#src/server/db/client.ts'
import { uploads } from '#src/server/db/schema.ts'
import { send } from '#src/server/jobs/queues.ts'
import { createLog } from '#src/server/log.ts'
import { staging } from '#src/server/storage/index.ts'
import { finishUpload, type UploadRow, uploadTtlMs } from './uploads.ts'
import { settleRow } from './verify.ts'

const restedMs = 2_000
const sweepEveryMs = 600_000
/** Longer than any transaction that has made its file but not yet committed its row. */
const orphanMs = 3_600_000
const batch = 1000
const log = createLog('uploads')

let nextSweepMs = 0

/** Finishes complete uploads, sends lost jobs again, ends expired uploads, and now and then clears files that nobody knows. */
export async function reconcileUploads(nowMs = Date.now()): Promise<void> {
  await finishComplete(nowMs)
  await sendLost()
  await endExpired(nowMs)
  if (nowMs < nextSweepMs) return
  nextSweepMs = nowMs + sweepEveryMs
  await sweepOrphans(nowMs)
}

const isUploading = eq(uploads.status, 'uploading')

/** The last byte came, but the process died, or the database was away, before the row could say so. */
async function finishComplete(nowMs: number): Promise<void> {
  const rows = await db().select().from(uploads).where(isUploading).orderBy(uploads.updatedAt).limit(batch)
  for (const row of rows) {
    const modifiedMs = await staging().modifiedMs(row.id)
    if (modifiedMs === undefined || modifiedMs > nowMs - restedMs) continue
    if ((await staging().durableOffset(row.id)) === row.sizeBytes) await finishUpload(row.id)
  }
}

async function sendLost(): Promise<void> {
  const waits = sql`exists (select 1 from pgboss.job where name = 'verify-upload' and state < 'completed' and data->>'uploadId' = ${uploads.id}::text)`
  const isOld = lt(uploads.updatedAt, sql`now() - interval '30 seconds'`)
  const rows = await db()
    .select({ id: uploads.id })
    .from(uploads)
    .where(and(eq(uploads.status, 'verifying'), isOld, sql`not ${waits}`))
    .limit(batch)
  for (const { id } of rows) await transaction((tx) => send(tx, 'verify-upload', { uploadId: id }))
}

async function endExpired(nowMs: number): Promise<void> {
  const isExpired = lt(uploads.createdAt, new Date(nowMs - uploadTtlMs))
  const rows = await db().select().from(uploads).where(and(isUploading, isExpired)).limit(batch)
  for (const row of rows) {
    await forgetRow(row)
    await staging().remove(row.id)
  }
  if (rows.length > 0) log.info('unfinished uploads have expired', { data: { count: rows.length } })
}

/** A row that a model version or data set waits for stays, rejected, and so are they. */
async function forgetRow(row: UploadRow): Promise<void> {
  try {
    await db()
      .delete(uploads)
      .where(and(eq(uploads.id, row.id), isUploading))
  } catch (error) {
    if (sqlState(error) !== '23503') throw error
    const reason = 'The upload was not finished within 7 days. Upload it again.'
    await transaction((tx) => settleRow(tx, row, 'uploading', { status: 'rejected', reason }))
  }
}

async function sweepOrphans(nowMs: number): Promise<void> {
  const old = (await staging().list()).filter((file) => file.modifiedMs < nowMs - orphanMs).map((file) => file.id)
  for (let at = 0; at < old.length; at += batch) {
    const ids = old.slice(at, at + batch)
    const rows = await db()
      .select({ id: uploads.id })
      .from(uploads)
      .where(and(inArray(uploads.id, ids), inArray(uploads.status, ['uploading', 'verifying'])))
    const wanted = new Set(rows.map((row) => row.id))
    for (const id of ids) if (!wanted.has(id)) await staging().remove(id)
  }
}
