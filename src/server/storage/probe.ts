import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { env } from '#src/server/env.ts'

/** Writes a few bytes where artifacts live and reads them back. @throws Error when they are not the same, or of the disk. */
export async function probeStorage(): Promise<void> {
  const bytes = randomBytes(32)
  const path = join(env().artifactDir, `.probe-${bytes.toString('hex', 0, 8)}`)
  try {
    // The first artifact makes it; a data folder that is gone is not made anew.
    await mkdir(env().artifactDir, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    await writeFile(path, bytes)
    if (!bytes.equals(await readFile(path))) throw new Error('what was written is not what is read')
  } finally {
    await rm(path, { force: true })
  }
}

/** Of the disk that the data folder is on, in bytes; `free` is what this program may still use. */
export async function diskSpace(): Promise<{ free: number; total: number }> {
  const { bavail, blocks, bsize } = await statfs(env().dataDir)
  return { free: bavail * bsize, total: blocks * bsize }
}
