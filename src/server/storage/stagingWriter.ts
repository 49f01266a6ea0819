import { createHash, type Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { formatOffset } from './durableCount.ts'

const blockBytes = 1024 * 1024
/** Full blocks that may wait for the disk before the sender is held back. */
const maxWaiting = 2
const checkpointBytes = 64 * 1024 * 1024
const checkpointMs = 5_000
const maxRemembered = 500

/** Running digests of uploads that were broken off, so that a resume in the same process need not read them again. */
const digests = new Map<string, { hash: Hash; offset: number }>()

/** The disk refused to make bytes durable. What it holds is then unknown, and trying again would only seem to succeed. */
export class DiskFailure extends Error {
  override readonly name = 'DiskFailure'
}

type Block = { bytes: Buffer; used: number }

/**
 * Appends to a staged file in writes of 1 MiB, hashing as it goes. Every 64 MiB, or 5 s, what was written is made durable
 * in the background. Memory is bounded while the sender waits for `drained()` whenever `take()` says so.
 */
export class StagingWriter {
  readonly #id: string
  readonly #file: FileHandle
  readonly #counter: FileHandle
  readonly #isTentative: boolean
  readonly #start: number
  readonly #free: Buffer[] = []
  readonly #timer: NodeJS.Timeout
  #filling: Block | undefined
  #waiting: Block[] = []
  #received: number
  #written: number
  #durable: number
  #hash: Hash | undefined
  #flushing: Promise<void> | undefined
  #syncing: Promise<void> | undefined
  #failure: unknown
  #onDrained: (() => void) | undefined

  /** @param isTentative nothing counts as durable before `end()`: the bytes have still to prove themselves. */
  constructor(id: string, file: FileHandle, counter: FileHandle, offset: number, isTentative: boolean) {
    this.#id = id
    this.#file = file
    this.#counter = counter
    this.#isTentative = isTentative
    this.#start = this.#received = this.#written = this.#durable = offset
    this.#hash = digestAt(id, offset)
    this.#timer = setInterval(() => this.#checkpoint(), checkpointMs)
    this.#timer.unref()
  }

  get received(): number {
    return this.#received
  }

  get failure(): unknown {
    return this.#failure
  }

  /** Takes a chunk, always all of it; false asks the sender to wait for `drained()`. */
  take(chunk: Buffer): boolean {
    if (this.#failure) return true
    for (let at = 0; at < chunk.length; ) {
      this.#filling ??= { bytes: this.#free.pop() ?? Buffer.allocUnsafeSlow(blockBytes), used: 0 }
      const block = this.#filling
      const copied = chunk.copy(block.bytes, block.used, at)
      block.used += copied
      at += copied
      if (block.used === blockBytes) this.#queue()
    }
    this.#received += chunk.length
    return this.#waiting.length < maxWaiting
  }

  /** Resolves when there is room again, or the disk has failed. */
  drained(): Promise<void> {
    if (this.#failure || this.#waiting.length < maxWaiting) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onDrained = resolve
    })
  }

  /**
   * Makes everything received durable and closes the file.
   * @returns bytes that now outlive a power cut, and their SHA-256 where `totalBytes` are there and this process saw them all.
   * @throws what the disk said (ENOSPC …), after making durable what it did take; DiskFailure when that failed.
   */
  async end(totalBytes: number): Promise<{ offset: number; sha256: string | undefined }> {
    clearInterval(this.#timer)
    try {
      this.#queue()
      await this.#flushing
      await this.#syncing
      await this.#sync()
      await this.#counter.datasync()
      if (this.#failure) throw this.#failure
      return { offset: this.#durable, sha256: this.#finishDigest(totalBytes) }
    } finally {
      await this.#close()
    }
  }

  /** Takes back what came since the writer was opened. */
  async rollback(): Promise<void> {
    clearInterval(this.#timer)
    try {
      this.#waiting = []
      await this.#flushing?.catch(() => undefined)
      await this.#syncing
      await this.#file.truncate(this.#start)
    } finally {
      await this.#close()
    }
  }

  async #close(): Promise<void> {
    await this.#file.close()
    await this.#counter.close()
  }

  #queue(): void {
    if (!this.#filling || this.#filling.used === 0) return
    this.#waiting.push(this.#filling)
    this.#filling = undefined
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined
    })
  }

  async #flush(): Promise<void> {
    for (let block = this.#waiting[0]; block; block = this.#waiting[0]) {
      try {
        const writing = this.#writeAll(block.bytes.subarray(0, block.used))
        // The digest is made while the disk works.
        this.#hash?.update(block.bytes.subarray(0, block.used))
        await writing
      } catch (error) {
        this.#fail(error)
        return
      }
      this.#waiting.shift()
      if (this.#free.length < maxWaiting) this.#free.push(block.bytes)
      this.#wake()
      if (this.#written - this.#durable >= checkpointBytes) this.#checkpoint()
    }
  }

  async #writeAll(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, this.#written)
      at += bytesWritten
      this.#written += bytesWritten
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#waiting = []
    this.#filling = undefined
    this.#hash = undefined
    this.#wake()
  }

  #wake(): void {
    this.#onDrained?.()
    this.#onDrained = undefined
  }

  #checkpoint(): void {
    if (this.#failure || this.#isTentative) return
    this.#queue()
    if (this.#written === this.#durable) return
    this.#syncing ??= this.#sync()
      .catch((error) => this.#fail(error))
      .finally(() => {
        this.#syncing = undefined
      })
  }

  async #sync(): Promise<void> {
    if (this.#failure instanceof DiskFailure) throw this.#failure
    const upTo = this.#written
    await this.#file.datasync().catch((cause: unknown) => {
      throw new DiskFailure('the disk did not keep what was written to it', { cause })
    })
    await this.#counter.write(formatOffset(upTo), 0, undefined, 0)
    this.#durable = upTo
  }

  #finishDigest(totalBytes: number): string | undefined {
    if (!this.#hash) return undefined
    if (this.#durable === totalBytes) return this.#hash.digest('hex')
    digests.set(this.#id, { hash: this.#hash, offset: this.#durable })
    const oldest = digests.keys().next().value
    if (digests.size > maxRemembered && oldest !== undefined) digests.delete(oldest)
    return undefined
  }
}

function digestAt(id: string, offset: number): Hash | undefined {
  const known = digests.get(id)
  digests.delete(id)
  if (offset === 0) return createHash('sha256')
  return known?.offset === offset ? known.hash : undefined
}
