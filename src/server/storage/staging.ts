import { constants } from 'node:fs'
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isUuid } from '#src/contracts/common.ts'
import { ifPresent, syncFolder } from './durable.ts'
import { formatOffset, offsetBytes, parseOffset } from './durableCount.ts'
import { StagingWriter } from './stagingWriter.ts'

const suffix = '.durable'

export type StagedFile = { id: string; modifiedMs: number }

/**
 * Unfinished uploads: `<id>` holds the bytes, `<id>.durable` the count of those that are known to be on the disk.
 * After a power cut a file can be longer than what was written to it, so the smaller of the two counts.
 */
export class Staging {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  /** Path of an upload's bytes. @throws Error for anything but a UUID. */
  pathOf(id: string): string {
    if (!isUuid(id)) throw new Error('a staged file is named by a UUID')
    return join(this.#root, id.toLowerCase())
  }

  /** Makes the empty file; once it returns, a power cut leaves it there. */
  async create(id: string): Promise<void> {
    const path = this.pathOf(id)
    const made = await mkdir(this.#root, { recursive: true, mode: 0o700 })
    if (made) await syncFolder(join(made, '..'))
    await (await open(path, 'wx', 0o600)).close()
    const counter = await open(path + suffix, 'wx', 0o600)
    try {
      await counter.write(formatOffset(0), 0)
      await counter.datasync()
    } finally {
      await counter.close()
    }
    await syncFolder(this.#root)
  }

  /** Bytes that outlive a power cut; undefined when nothing is staged under this id. */
  async durableOffset(id: string): Promise<number | undefined> {
    const file = await ifPresent(stat(this.pathOf(id)))
    if (!file) return undefined
    const counter = await ifPresent(open(this.pathOf(id) + suffix, 'r'))
    if (!counter) return 0
    try {
      const { buffer, bytesRead } = await counter.read(Buffer.alloc(offsetBytes), 0, offsetBytes, 0)
      return Math.min(parseOffset(buffer.subarray(0, bytesRead)), file.size)
    } finally {
      await counter.close()
    }
  }

  /** When the bytes were last written to, in ms since 1970; undefined when nothing is staged under this id. */
  async modifiedMs(id: string): Promise<number | undefined> {
    return (await ifPresent(stat(this.pathOf(id))))?.mtimeMs
  }

  /** Opens for writing at `offset`; what stands behind it was never acknowledged and is cut off. */
  async openWriter(id: string, offset: number, isTentative = false): Promise<StagingWriter> {
    const flags = constants.O_RDWR | constants.O_NOFOLLOW
    const file = await open(this.pathOf(id), flags)
    try {
      await file.truncate(offset)
      const counter = await open(this.pathOf(id) + suffix, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
      return new StagingWriter(id, file, counter, offset, isTentative)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  async remove(id: string): Promise<void> {
    const path = this.pathOf(id)
    await rm(path, { force: true })
    await rm(path + suffix, { force: true })
  }

  /** Everything staged here, also what no row knows of any more. */
  async list(): Promise<StagedFile[]> {
    const names = new Set(((await ifPresent(readdir(this.#root))) ?? []).map((name) => name.replace(suffix, '')).filter(isUuid))
    const files = await Promise.all([...names].map(async (id) => ({ id, modifiedMs: (await this.modifiedMs(id)) ?? 0 })))
    return files
  }
}
