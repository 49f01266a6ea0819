/** Verifying an upload: its digest, what it is, its place in the store. Safe to run twice, and to be killed anywhere. */
import { createHash } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import { and, eq, sql } from 'drizzle-orm'
import type { Signature } from '#src/contracts/signature.ts'
import type { ArtifactFormat } from '#src/contracts/upload.ts'
import { db, type Tx, transaction } from '#src/server/db/client.ts'
import { artifactGrants, artifacts, uploads } from '#src/server/db/schema.ts'
import { createLog } from '#src/server/log.ts'
import { codeOf, ifPresent } from '#src/server/storage/durable.ts'
import { staging, store } from '#src/server/storage/index.ts'
import { announce } from '../audit.ts'
import { settleDatasetsOf } from '../datasets/settle.ts'
import { type Inspection, inspectFile } from '../inspect/detect.ts'
import { settleVersionsOf } from '../models/settle.ts'
import type { UploadRow } from './uploads.ts'

const chunkBytes = 1024 * 1024
const log = createLog('uploads')

/** The handler of the queue `verify-upload`. Does nothing for an upload that is settled, or gone. */
export async function verifyUpload(uploadId: string): Promise<void> {
  const [row] = await db().select().from(uploads).where(eq(uploads.id, uploadId))
  if (row?.status !== 'verifying') return
  const verdict = await examine(row)
  await transaction((tx) => settle(tx, row, verdict))
  await staging().remove(row.id)
}

type Verdict =
  | { status: 'ready'; sha256: string; format: ArtifactFormat; signature: Signature | null; rejection: string | null }
  | { status: 'rejected'; sha256: string | null; reason: string }

async function examine(row: UploadRow): Promise<Verdict> {
  const path = await findBytes(row)
  if (!path) return { status: 'rejected', sha256: null, reason: 'The bytes of this upload are no longer there. Upload it again.' }
  const { size } = await stat(path)
  const sha256 = row.sha256 ?? (await digestOf(path))
  const reject = (reason: string): Verdict => ({ status: 'rejected', sha256, reason })
  if (size !== row.sizeBytes) return reject(`The upload has ${size} bytes, but ${row.sizeBytes} were announced. Upload it again.`)
  if (row.expectedSha256 && row.expectedSha256 !== sha256) {
    return reject(`The SHA-256 is ${sha256}, but ${row.expectedSha256} was announced: the content changed on its way. Upload it again.`)
  }
  const inspection = await inspect(path, row)
  if (!inspection.ok) return reject(inspection.reason)
  // Written before the file moves, so that a run that is cut off here finds it under its digest.
  await db()
    .update(uploads)
    .set({ sha256 })
    .where(and(eq(uploads.id, row.id), eq(uploads.status, 'verifying')))
  if (path === staging().pathOf(row.id)) await store().adopt(path, sha256)
  return { status: 'ready', sha256, format: inspection.format, signature: inspection.signature, rejection: inspection.rejection }
}

/** A file that breaks its reader would break it at every try: it is refused, while trouble with the disk is tried again. */
async function inspect(path: string, row: UploadRow): Promise<Inspection> {
  try {
    return await inspectFile(path, row.filename)
  } catch (error) {
    if (codeOf(error)?.startsWith('E')) throw error
    log.error('an upload could not be inspected', { error, data: { uploadId: row.id } })
    return { ok: false, reason: 'The content could not be read to its end. Save the file again, and tell an admin if that does not help.' }
  }
}

/** The staged file, or its place in the store when an earlier run had brought it there. */
async function findBytes(row: UploadRow): Promise<string | undefined> {
  const staged = staging().pathOf(row.id)
  if (await ifPresent(stat(staged))) return staged
  if (row.sha256 && (await store().has(row.sha256))) return store().pathOf(row.sha256)
  return undefined
}

/** SHA-256 of a file in hex: 2 MiB of memory, one half read while the other is hashed. */
async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  const file = await open(path, 'r')
  try {
    let [free, full] = [Buffer.allocUnsafeSlow(chunkBytes), Buffer.allocUnsafeSlow(chunkBytes)]
    for (let reading = file.read(free); ; ) {
      const { bytesRead } = await reading
      if (bytesRead === 0) return hash.digest('hex')
      ;[free, full] = [full, free]
      reading = file.read(free)
      hash.update(full.subarray(0, bytesRead))
    }
  } finally {
    await file.close()
  }
}

async function settle(tx: Tx, row: UploadRow, verdict: Verdict): Promise<void> {
  if (verdict.status === 'ready') await keepArtifact(tx, row, verdict)
  const values =
    verdict.status === 'ready'
      ? { status: verdict.status, sha256: verdict.sha256, format: verdict.format, reason: null }
      : { status: verdict.status, sha256: verdict.sha256, reason: verdict.reason }
  await settleRow(tx, row, 'verifying', values)
}

/** Moves an upload to its end and tells whatever was waiting for it. Nothing happens when it is there already. */
export async function settleRow(tx: Tx, row: UploadRow, from: 'uploading' | 'verifying', values: Partial<UploadRow>): Promise<void> {
  const isOpen = and(eq(uploads.id, row.id), eq(uploads.status, from))
  const [moved] = await tx
    .update(uploads)
    .set({ ...values, updatedAt: sql`now()` })
    .where(isOpen)
    .returning()
  if (!moved) return
  await settleVersionsOf(tx, row.id)
  await settleDatasetsOf(tx, row.id)
  await announce(tx, 'upload', row.projectId, row.id)
}

async function keepArtifact(tx: Tx, row: UploadRow, verdict: Extract<Verdict, { status: 'ready' }>): Promise<void> {
  const { sha256, format, signature, rejection } = verdict
  await tx
    .insert(artifacts)
    .values({ sha256, sizeBytes: row.sizeBytes, format, signature, rejection })
    // The same bytes under a telling name: text is CSV or not by what it is called.
    .onConflictDoUpdate({
      target: artifacts.sha256,
      set: { format, signature, rejection },
      setWhere: sql`${artifacts.format} = 'unknown' and excluded.format <> 'unknown'`,
    })
  await tx.insert(artifactGrants).values({ projectId: row.projectId, sha256 }).onConflictDoNothing()
}
