/** Uploads as rows: who may make, see and end them. The bytes themselves are `receiver.ts`. */
import { and, desc, eq, gt, sql } from 'drizzle-orm'
import { limits } from '#src/contracts/common.ts'
import type { Upload } from '#src/contracts/upload.ts'
import { db, type Queryable, sqlState, type Tx, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { projects, trainingJobs, uploads } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import { send } from '#src/server/jobs/queues.ts'
import { staging } from '#src/server/storage/index.ts'
import { authorize, type Caller } from '../access.ts'
import { announce, recordAudit } from '../audit.ts'
import { stopReceiving } from './locks.ts'

export type UploadRow = typeof uploads.$inferSelect

export const uploadTtlMs = 7 * 24 * 3600 * 1000
const maxOpenUploads = 200
const foreignKeyViolation = '23503'

/** Who may upload: whoever may write in the project, and training runtimes, which bring checkpoints and results. */
export function authorizeUpload(caller: Caller): void {
  if (caller.kind === 'runtime') authorize(caller, 'runtime-training')
  else authorize(caller, 'write')
}

/** Time-ordered, so that an id tells the age of its upload. */
export const newUploadId = (): string => newId()

export const expiryOf = (row: UploadRow): Date => new Date(row.createdAt.getTime() + uploadTtlMs)

/** The first 48 bits of a UUIDv7 are the ms at which it was made, so an id tells its age when its row is long gone. */
const madeAtMs = (id: string): number => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)

function unknownUpload(id: string): AppError {
  if (madeAtMs(id) + uploadTtlMs < Date.now())
    return new AppError('gone', 'This upload is gone: unfinished uploads are kept for 7 days. Start it again.')
  return new AppError('not_found', 'There is no such upload.')
}

const isOwn = (caller: Caller, row: UploadRow): boolean =>
  caller.kind === 'runtime'
    ? row.runtimeId !== null && row.runtimeId === caller.runtimeId
    : row.userId !== null && row.userId === caller.userId && row.projectId === caller.project.id

/** @throws AppError not_found or gone; the same for another's upload as for none. */
export async function getOwnRow(caller: Caller, id: string): Promise<UploadRow> {
  const [row] = await db().select().from(uploads).where(eq(uploads.id, id))
  if (!row || !isOwn(caller, row)) throw unknownUpload(id)
  if (row.status === 'uploading' && expiryOf(row).getTime() < Date.now())
    throw new AppError('gone', 'This upload has expired: unfinished uploads are kept for 7 days. Start it again.')
  return row
}

export type NewUpload = { id: string; filename: string; sizeBytes: number; expectedSha256: string | null; metadata: string | null }

/**
 * Opens an upload: its row and its empty file.
 * @throws AppError payload_too_large above the limit, too_many_requests when the caller has too many unfinished ones.
 */
export async function createUpload(caller: Caller, input: NewUpload): Promise<UploadRow> {
  authorizeUpload(caller)
  if (input.sizeBytes > limits.uploadBytes)
    throw new AppError('payload_too_large', `An upload may have at most ${limits.uploadBytes} bytes.`)
  const owner = caller.runtimeId ?? caller.userId
  return transaction(async (tx) => {
    await refuseTooMany(tx, caller, String(owner))
    const projectId = caller.kind === 'runtime' ? await projectOfRuntime(tx, String(caller.runtimeId)) : caller.project.id
    const [row] = await tx
      .insert(uploads)
      .values({ ...input, projectId, userId: caller.userId, runtimeId: caller.runtimeId, status: 'uploading' })
      .returning()
    await recordAudit(tx, caller, {
      action: 'upload.create',
      targetType: 'upload',
      targetId: input.id,
      after: { filename: input.filename, sizeBytes: input.sizeBytes },
      projectId,
    })
    await staging().create(input.id)
    return row as UploadRow
  })
}

async function refuseTooMany(tx: Queryable, caller: Caller, owner: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${owner}, 1))`)
  const mine = caller.kind === 'runtime' ? eq(uploads.runtimeId, owner) : eq(uploads.userId, owner)
  const open = and(mine, eq(uploads.status, 'uploading'), gt(uploads.createdAt, new Date(Date.now() - uploadTtlMs)))
  if ((await tx.$count(uploads, open)) < maxOpenUploads) return
  throw new AppError('too_many_requests', `You have ${maxOpenUploads} unfinished uploads. Finish or delete some of them first.`, {
    retryAfterSeconds: 60,
  })
}

/** What a runtime brings belongs to the job that it works on. */
async function projectOfRuntime(tx: Queryable, runtimeId: string): Promise<string> {
  const isRunning = and(eq(trainingJobs.runtimeId, runtimeId), eq(trainingJobs.status, 'running'))
  const [job] = await tx
    .select({ projectId: trainingJobs.projectId })
    .from(trainingJobs)
    .where(isRunning)
    .orderBy(desc(trainingJobs.startedAt))
    .limit(1)
  if (job) return job.projectId
  const [project] = await tx.select({ id: projects.id }).from(projects).where(eq(projects.name, 'default'))
  if (!project) throw new AppError('unavailable', 'The project "default" is missing. Start the web process once.')
  return project.id
}

/** All bytes are on the disk: the row and the job that verifies them move together. Twice is the same as once. */
export async function finishUpload(id: string, sha256?: string): Promise<void> {
  await transaction((tx) => moveToVerifying(tx, id, sha256))
}

async function moveToVerifying(tx: Tx, id: string, sha256?: string): Promise<void> {
  const isOpen = and(eq(uploads.id, id), eq(uploads.status, 'uploading'))
  const [row] = await tx
    .update(uploads)
    .set({ status: 'verifying', sha256: sha256 ?? null, updatedAt: sql`now()` })
    .where(isOpen)
    .returning()
  if (!row) return
  await send(tx, 'verify-upload', { uploadId: id })
  await announce(tx, 'upload', row.projectId, id)
}

/**
 * Moves on an unfinished upload that has all its bytes: the process died, or the database was away, before its row could say so,
 * but its sender was told that it is whole.
 * @returns whether it had them all.
 */
export async function finishWhenWhole(tx: Tx, row: UploadRow): Promise<boolean> {
  if ((await offsetOf(row)) < row.sizeBytes) return false
  await moveToVerifying(tx, row.id)
  return true
}

/**
 * Ends an upload and forgets its bytes.
 * @throws AppError conflict when its content is kept already, or something was made from it.
 */
export async function terminateUpload(caller: Caller, id: string): Promise<void> {
  authorizeUpload(caller)
  await getOwnRow(caller, id)
  await stopReceiving(id)
  try {
    await transaction(async (tx) => {
      const [row] = await tx
        .delete(uploads)
        .where(and(eq(uploads.id, id), sql`${uploads.status} in ('uploading', 'rejected')`))
        .returning()
      if (!row)
        throw new AppError('conflict', 'This upload is complete, and is kept for what is made from it until its project is deleted.')
      await recordAudit(tx, caller, {
        action: 'upload.delete',
        targetType: 'upload',
        targetId: id,
        before: { filename: row.filename },
        projectId: row.projectId,
      })
      await announce(tx, 'upload', row.projectId, id)
    })
  } catch (error) {
    if (sqlState(error) === foreignKeyViolation)
      throw new AppError('conflict', 'A model version or data set was made from this upload: delete that first.')
    throw error
  }
  await staging().remove(id)
}

/** Bytes that the server has for good. */
export async function offsetOf(row: UploadRow): Promise<number> {
  if (row.status !== 'uploading') return row.sizeBytes
  return (await staging().durableOffset(row.id)) ?? 0
}

async function view(row: UploadRow): Promise<Upload> {
  return {
    id: row.id,
    status: row.status,
    filename: row.filename,
    sizeBytes: row.sizeBytes,
    offsetBytes: await offsetOf(row),
    sha256: row.sha256,
    format: row.format,
    reason: row.reason,
    createdAt: row.createdAt.toISOString(),
  }
}

/** One's own upload, or one of a project that the caller may read. @throws AppError not_found. */
export async function getUpload(caller: Caller, id: string): Promise<Upload> {
  authorize(caller, caller.kind === 'runtime' ? 'runtime' : 'read')
  const [row] = await db().select().from(uploads).where(eq(uploads.id, id))
  const isVisible = row && (isOwn(caller, row) || (caller.kind !== 'runtime' && row.projectId === caller.project.id))
  if (!isVisible) throw unknownUpload(id)
  return view(row)
}

/** One's own uploads in the project, newest first. */
export async function listUploads(caller: Caller, { limit }: { limit: number }): Promise<Upload[]> {
  authorize(caller, 'read')
  if (!caller.userId) return []
  const mine = and(eq(uploads.userId, caller.userId), eq(uploads.projectId, caller.project.id))
  const rows = await db().select().from(uploads).where(mine).orderBy(desc(uploads.createdAt)).limit(limit)
  return Promise.all(rows.map(view))
}
