import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FileRef } from '#src/contracts/runtime.ts'
import { Backoff, type ControlPlane, ControlUnavailable } from './control.ts'
import { LoadFailure, messageOf } from './errors.ts'

const maxStreams = 4
const stallMs = 30_000
const maxAttemptsWithoutProgress = 4

export type OnBytes = (bytes: number) => void

/**
 * Files by digest: read in place from a directory shared with web where it has them, else downloaded into a cache.
 * No name that a person chose ever becomes part of a path.
 */
export class ArtifactCache {
  readonly #folder: string
  readonly #shared: string | undefined
  readonly #control: Pick<ControlPlane, 'artifact'>
  readonly #running = new Map<string, Promise<string>>()
  #streams = 0
  #waiting: (() => void)[] = []

  constructor(options: { stateDir: string; artifactDir: string | undefined; control: Pick<ControlPlane, 'artifact'> }) {
    this.#folder = join(options.stateDir, 'cache')
    this.#shared = options.artifactDir
    this.#control = options.control
  }

  /**
   * The path of a file whose size and SHA-256 are right.
   * @throws LoadFailure `download` when it cannot be had, or when its bytes have another digest.
   */
  ensure(file: FileRef, signal: AbortSignal, onBytes: OnBytes = () => {}): Promise<string> {
    const running = this.#running.get(file.sha256)
    if (running) return running
    const ensuring = this.#ensure(file, signal, onBytes).finally(() => this.#running.delete(file.sha256))
    this.#running.set(file.sha256, ensuring)
    return ensuring
  }

  async #ensure(file: FileRef, signal: AbortSignal, onBytes: OnBytes): Promise<string> {
    const shared = this.#shared ? join(this.#shared, file.sha256.slice(0, 2), file.sha256) : undefined
    const cached = join(this.#folder, file.sha256)
    for (const path of [shared, cached]) {
      if (path && (await isIntact(path, file))) {
        onBytes(file.size_bytes)
        return path
      }
    }
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await rm(cached, { force: true })
    await this.#download(file, cached, signal, onBytes)
    return cached
  }

  async #download(file: FileRef, path: string, signal: AbortSignal, onBytes: OnBytes): Promise<void> {
    const part = `${path}.part`
    await this.#takeStream()
    try {
      await this.#fetchAll(file, part, signal, onBytes)
    } finally {
      this.#giveStream()
    }
    if (!(await isIntact(part, file))) {
      await rm(part, { force: true })
      throw new LoadFailure('download', `The file "${file.path}" is not what was registered: its size or SHA-256 differs.`)
    }
    await syncFile(part)
    await rename(part, path)
  }

  /** Resumes at the byte that was reached, and gives up after several attempts without a new one. */
  async #fetchAll(file: FileRef, part: string, signal: AbortSignal, onBytes: OnBytes): Promise<void> {
    const backoff = new Backoff(250, 5000)
    let best = -1
    for (let fruitless = 0; ; ) {
      const from = await sizeOf(part)
      if (from === file.size_bytes) return
      if (from > file.size_bytes) await rm(part, { force: true })
      fruitless = from > best ? 0 : fruitless + 1
      best = Math.max(best, from)
      if (fruitless >= maxAttemptsWithoutProgress)
        throw new LoadFailure('download', `The file "${file.path}" could not be fetched from web.`)
      try {
        await this.#fetchFrom(file, part, from > file.size_bytes ? 0 : from, signal, onBytes)
      } catch (error) {
        if (signal.aborted) throw error
        if (isFinal(error)) throw new LoadFailure('download', `The file "${file.path}" could not be fetched: ${messageOf(error)}`)
        await sleep(backoff.nextMs(), undefined, { signal })
      }
    }
  }

  async #fetchFrom(file: FileRef, part: string, from: number, signal: AbortSignal, onBytes: OnBytes): Promise<void> {
    const stall = new AbortController()
    const timer = setTimeout(() => stall.abort(new Error('the download stalled')), stallMs)
    try {
      const response = await this.#control.artifact(file.sha256, from, AbortSignal.any([signal, stall.signal]))
      const start = response.status === 206 ? from : 0
      let received = start
      const body = Readable.fromWeb(response.body as import('node:stream/web').ReadableStream)
      await pipeline(
        body,
        async function* (chunks: AsyncIterable<Uint8Array>) {
          for await (const chunk of chunks) {
            timer.refresh()
            received += chunk.length
            if (received > file.size_bytes) throw new LoadFailure('download', `The file "${file.path}" is longer than was registered.`)
            onBytes(received)
            yield chunk
          }
        },
        createWriteStream(part, start > 0 ? { flags: 'r+', start, mode: 0o600 } : { flags: 'w', mode: 0o600 }),
      )
    } finally {
      clearTimeout(timer)
    }
  }

  async #takeStream(): Promise<void> {
    if (this.#streams >= maxStreams) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#streams++
  }

  #giveStream(): void {
    this.#streams--
    this.#waiting.shift()?.()
  }

  /** Deletes what no version needs any more. */
  async prune(keep: ReadonlySet<string>): Promise<void> {
    const names = await readdir(this.#folder).catch(() => [])
    for (const name of names) {
      const sha256 = name.slice(0, 64)
      if (!keep.has(sha256) && !this.#running.has(sha256)) await rm(join(this.#folder, name), { force: true })
    }
  }
}

const isFinal = (error: unknown): boolean =>
  error instanceof LoadFailure || (error instanceof ControlUnavailable && [403, 404, 410].includes(error.status ?? 0))
const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(() => undefined))?.size ?? 0

/** Size first, because it is free; then the whole digest, because a disk may lie. */
export async function isIntact(path: string, file: FileRef): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile() || found.size !== file.size_bytes) return false
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer)
  } catch {
    return false
  }
  return hash.digest('hex') === file.sha256
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
