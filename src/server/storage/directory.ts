import { constants, createReadStream } from 'node:fs'
import { chmod, copyFile, lstat, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { asDigest } from './digest.ts'
import { codeOf, ifPresent, syncFolder } from './durable.ts'
import type { ArtifactStore, ByteRange } from './store.ts'

const chunkBytes = 1024 * 1024
const readOnly = 0o444

/** Artifacts as files of a directory: `<first two hex digits>/<sha256>`, mode 0444, never written in place. */
export class DirectoryStore implements ArtifactStore {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  pathOf(sha256: string): string {
    const digest = asDigest(sha256)
    return join(this.#root, digest.slice(0, 2), digest)
  }

  async has(sha256: string): Promise<boolean> {
    return (await ifPresent(lstat(this.pathOf(sha256))))?.isFile() ?? false
  }

  async sizeOf(sha256: string): Promise<number> {
    return (await lstat(this.pathOf(sha256))).size
  }

  async open(sha256: string, range?: ByteRange): Promise<Readable> {
    const file = await open(this.pathOf(sha256), constants.O_RDONLY | constants.O_NOFOLLOW)
    return createReadStream('', { fd: file, highWaterMark: chunkBytes, ...range })
  }

  async adopt(stagingPath: string, sha256: string): Promise<void> {
    const path = this.pathOf(sha256)
    await makeFolder(dirname(path))
    if (await this.has(sha256)) await rm(stagingPath, { force: true })
    else {
      await seal(stagingPath)
      await moveTo(stagingPath, path)
    }
    // Also when the content was there: whoever put it there may have died before this.
    await syncFolder(dirname(path))
  }

  async remove(sha256: string): Promise<void> {
    await rm(this.pathOf(sha256), { force: true })
  }
}

async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true })
  if (!first) return
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
}

/** A second name (hard link) would let its holder change the content behind the digest's back. */
async function seal(path: string): Promise<void> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    const stat = await file.stat()
    if (!stat.isFile() || stat.nlink !== 1) throw new Error('only a file of one name can become an artifact')
    await file.sync()
  } finally {
    await file.close()
  }
  await chmod(path, readOnly)
}

/** Renames; where the two folders are on different disks, copies beside the target first, so that the name appears whole. */
async function moveTo(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw error
    const beside = `${to}.${process.pid}.part`
    await copyFile(from, beside)
    await seal(beside)
    await rename(beside, to)
    await rm(from, { force: true })
  }
}
