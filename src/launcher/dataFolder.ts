import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LauncherError } from '#src/launcher/terminal.ts'

/** As much as must fit for a start to be worth while: lists of processes, log lines, the database's first pages. */
const probeBytes = 1_000_000

const explanations: Record<string, string> = {
  ENOSPC: 'its disk is full. Free some space, or choose a folder on another disk with NEUROWEAVER_DATA_DIR.',
  EDQUOT: 'its disk quota is used up. Free some space, or choose a folder on another disk with NEUROWEAVER_DATA_DIR.',
  EACCES:
    'this user may not write there. Give the folder to the user that runs NeuroWeaver, or choose another one with NEUROWEAVER_DATA_DIR.',
  EROFS: 'it is on a file system that is mounted read-only. Choose another folder with NEUROWEAVER_DATA_DIR.',
  ENOTDIR: 'a part of its path is a file. Choose another folder with NEUROWEAVER_DATA_DIR.',
  EEXIST: 'it is a file. Choose another folder with NEUROWEAVER_DATA_DIR.',
}

/** Makes the folder when there is none, and writes a megabyte for trial. @returns why that fails and what to do; undefined when it works. */
export function findFolderProblem(dataDir: string): string | undefined {
  const probe = join(dataDir, `.probe-${process.pid}`)
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    const file = openSync(probe, 'w', 0o600)
    try {
      // Writes all of it or throws, where a single write may stop at the last free block.
      writeFileSync(file, Buffer.alloc(probeBytes, 1))
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    return undefined
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    return `The data folder ${dataDir} can not be written: ${explanations[code] ?? message}`
  } finally {
    // Where a part of the path is a file, even removing throws.
    if (existsSync(probe)) rmSync(probe, { force: true })
  }
}

/** @throws LauncherError that says what to do. */
export function checkDataFolder(dataDir: string): void {
  const problem = findFolderProblem(dataDir)
  if (problem) throw new LauncherError(problem)
}
