import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FileRef } from '#src/contracts/runtime.ts'
import { Backoff, type ControlPlane, ControlUnavailable } from './control.ts'
import { LoadFailure, messageOf } from './errors.ts'

const maxStreams = 4
const pieceBytes = 1024 * 1024
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
    } catch (error) {
      if (!isDiskFull(error)) throw error
      // What is left of it would keep the disk full for everything else.
      await rm(part, { force: true })
      throw new LoadFailure('download', await this.#diskFull(file), { cause: error })
    } finally {
      this.#giveStream()
    }
    // No sync: whoever takes the file from here reads all of it against its digest first.
    await rename(part, path)
  }

  async #diskFull(file: FileRef): Promise<string> {
    const { bavail, bsize } = await statfs(this.#folder)
    return (
      `The disk of this runtime is full: "${file.path}" has ${mib(file.size_bytes)}, ${mib(bavail * bsize)} are free ` +
      `in ${this.#folder} on ${hostname()}. Free space there, and it is tried again by itself.`
    )
  }

  /** Resumes at the byte that was reached, and gives up after several attempts without a new one. */
  async #fetchAll(file: FileRef, part: string, signal: AbortSignal, onBytes: OnBytes): Promise<void> {
    const backoff = new Backoff(250, 5000)
    let best = -1
    for (let fruitless = 0; ; ) {
      const reached = await sizeOf(part)
      const from = reached < file.size_bytes ? reached : 0
      fruitless = reached > best ? 0 : fruitless + 1
      best = Math.max(best, reached)
      if (fruitless >= maxAttemptsWithoutProgress)
        throw new LoadFailure('download', `The file "${file.path}" could not be fetched from web.`)
      try {
        const digest = reached === file.size_bytes ? await digestOf(part) : await this.#fetchFrom(file, part, from, signal, onBytes)
        if (digest === file.sha256) return
        await rm(part, { force: true })
        throw new LoadFailure('download', `The file "${file.path}" is not what was registered: its size or SHA-256 differs.`)
      } catch (error) {
        if (signal.aborted || isDiskFull(error)) throw error
        if (isFinal(error)) throw new LoadFailure('download', `The file "${file.path}" could not be fetched: ${messageOf(error)}`)
        await sleep(backoff.nextMs(), undefined, { signal })
      }
    }
  }

  /** @returns the SHA-256 of the whole file, which is taken of each piece while the piece is written. */
  async #fetchFrom(file: FileRef, part: string, from: number, signal: AbortSignal, onBytes: OnBytes): Promise<string> {
    const ended = new AbortController()
    const stalled = setTimeout(() => ended.abort(), stallMs)
    try {
      const { status, pieces } = await this.#control.artifact(file.sha256, from, AbortSignal.any([signal, ended.signal]))
      const start = status === 206 ? from : 0
      const hash = createHash('sha256')
      if (start > 0) for await (const chunk of readPart(part, start)) hash.update(chunk as Buffer)
      await using out = await open(part, start > 0 ? 'r+' : 'w', 0o600)
      let received = start
      for await (const piece of pieces) {
        stalled.refresh()
        if (received + piece.length > file.size_bytes)
          throw new LoadFailure('download', `The file "${file.path}" is longer than was registered.`)
        const written = writeAt(out, piece, received)
        hash.update(piece)
        await written
        received += piece.length
        onBytes(received)
      }
      if (received < file.size_bytes) throw new ControlUnavailable('the download ended early')
      return hash.digest('hex')
    } finally {
      clearTimeout(stalled)
      ended.abort()
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

const isDiskFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')
const mib = (bytes: number): string => `${Math.ceil(bytes / 1024 ** 2)} MiB`
const readPart = (path: string, bytes: number) => createReadStream(path, { highWaterMark: pieceBytes, end: bytes - 1 })

/** A disk that is nearly full takes a part, and says so only at the next write. */
async function writeAt(out: FileHandle, piece: Buffer, position: number): Promise<void> {
  for (let done = 0; done < piece.length; ) done += (await out.write(piece, done, piece.length - done, position + done)).bytesWritten
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: pieceBytes })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** Size first, because it is free; then the whole digest, because a disk may lie. */
export async function isIntact(path: string, file: FileRef): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile() || found.size !== file.size_bytes) return false
  return (await digestOf(path).catch(() => undefined)) === file.sha256
}
