/** Receives the bytes of an upload: one writer at a time, at the offset that both sides agree on. */
import { and, eq, sql } from 'drizzle-orm'
import { transaction } from '#src/server/db/client.ts'
import { uploads } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import { createLog } from '#src/server/log.ts'
import { staging } from '#src/server/storage/index.ts'
import { DiskFailure, type StagingWriter } from '#src/server/storage/stagingWriter.ts'
import type { Caller } from '../access.ts'
import { announce } from '../audit.ts'
import { holdUpload, releaseStalled } from './locks.ts'
import { authorizeUpload, finishUpload, getOwnRow, offsetOf, type UploadRow } from './uploads.ts'

const stalledMs = 3_000
const log = createLog('uploads')

/** The bytes that an upload has for good. Those of a sender that fell silent are made durable first, so that they count. */
export async function currentOffset(caller: Caller, id: string): Promise<{ row: UploadRow; offset: number }> {
  authorizeUpload(caller)
  await getOwnRow(caller, id)
  await releaseStalled(id)
  const row = await getOwnRow(caller, id)
  return { row, offset: await offsetOf(row) }
}

/** One request's right to append. Exactly one of `commit` and `discard` ends it. */
export class Receiver {
  readonly row: UploadRow
  readonly offset: number
  /** Aborted when somebody else needs the upload: keep what came and let go. */
  readonly stopping: AbortSignal
  readonly #writer: StagingWriter | undefined
  readonly #release: () => void
  #lastMs = Date.now()
  #isWaitingForDisk = false

  constructor(row: UploadRow, offset: number, writer: StagingWriter | undefined, stopping: AbortSignal, release: () => void) {
    this.row = row
    this.stopping = stopping
    this.offset = offset
    this.#writer = writer
    this.#release = release
  }

  get received(): number {
    return this.#writer?.received ?? this.offset
  }

  get remainingBytes(): number {
    return this.row.sizeBytes - this.received
  }

  get failure(): unknown {
    return this.#writer?.failure
  }

  isStalled(): boolean {
    return !this.#isWaitingForDisk && Date.now() - this.#lastMs > stalledMs
  }

  /** Takes all of a chunk; false asks for a pause until `drained()`. */
  take(chunk: Buffer): boolean {
    this.#lastMs = Date.now()
    return this.#writer?.take(chunk) ?? true
  }

  async drained(): Promise<void> {
    this.#isWaitingForDisk = true
    await this.#writer?.drained()
    this.#isWaitingForDisk = false
    this.#lastMs = Date.now()
  }

  /**
   * Makes what came durable, and sends the upload to be verified when it is whole.
   * @returns the offset from which to go on.
   * @throws AppError insufficient_storage on a full disk, after keeping what did fit.
   */
  async commit(): Promise<number> {
    try {
      const { offset, sha256 } = (await this.#end()) ?? { offset: this.offset, sha256: undefined }
      if (offset === this.row.sizeBytes && this.row.status === 'uploading') await this.#finish(sha256)
      return offset
    } finally {
      this.#release()
    }
  }

  /** Forgets what came with this request. */
  async discard(): Promise<void> {
    try {
      await this.#writer?.rollback()
    } finally {
      this.#release()
    }
  }

  async #end() {
    try {
      return await this.#writer?.end(this.row.sizeBytes)
    } catch (error) {
      if (error instanceof DiskFailure) await failUpload(this.row, error)
      throw error
    }
  }

  /** The bytes are safe and the client may be told so; a row that could not be moved now is moved by the worker. */
  async #finish(sha256: string | undefined): Promise<void> {
    await finishUpload(this.row.id, sha256).catch((error) => log.warn('a complete upload could not be sent to be verified yet', { error }))
  }
}

/** The disk can not be trusted with these bytes: the client must send them anew. */
async function failUpload(row: UploadRow, cause: DiskFailure): Promise<never> {
  log.error('the disk failed to keep an upload', { error: cause, data: { uploadId: row.id } })
  const reason = 'The disk failed while this was written. Upload it again; when it happens again, have the disk checked.'
  await transaction(async (tx) => {
    const isOpen = and(eq(uploads.id, row.id), eq(uploads.status, 'uploading'))
    const [failed] = await tx.update(uploads).set({ status: 'rejected', reason, updatedAt: sql`now()` }).where(isOpen).returning()
    if (failed) await announce(tx, 'upload', row.projectId, row.id)
  })
  await staging().remove(row.id)
  throw new AppError('internal', reason, { cause })
}

/**
 * Opens an upload for a request that wants to append `lengthBytes` (undefined: not said) at `offset`.
 * @param options.isTentative the bytes count only when `commit` is reached, not while they come.
 * @throws AppError not_found, gone; conflict for another offset or another writer; payload_too_large for more than is missing.
 */
export async function openReceiver(
  caller: Caller,
  id: string,
  { offset, lengthBytes, isTentative = false }: { offset: number; lengthBytes: number | undefined; isTentative?: boolean },
): Promise<Receiver> {
  authorizeUpload(caller)
  await getOwnRow(caller, id)
  let receiver: Receiver | undefined
  const stopping = new AbortController()
  const release = await holdUpload(id, { isStalled: () => receiver?.isStalled() ?? false, stop: () => stopping.abort() })
  try {
    // Asked again: the request that held it until now may have finished it.
    const row = await getOwnRow(caller, id)
    await checkOffset(row, offset, lengthBytes)
    const isWhole = offset === row.sizeBytes
    const writer = isWhole ? undefined : await staging().openWriter(id, offset, isTentative)
    receiver = new Receiver(row, offset, writer, stopping.signal, release)
    return receiver
  } catch (error) {
    release()
    throw error
  }
}

async function checkOffset(row: UploadRow, offset: number, lengthBytes: number | undefined): Promise<void> {
  const current = await offsetOf(row)
  if (offset !== current) throw new AppError('conflict', `This upload is at byte ${current}, not ${offset}. Go on from there.`)
  if (lengthBytes !== undefined && lengthBytes > row.sizeBytes - offset) {
    throw new AppError('payload_too_large', `Only ${row.sizeBytes - offset} bytes are missing, but ${lengthBytes} are announced.`)
  }
}
