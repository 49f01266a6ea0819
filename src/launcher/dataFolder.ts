import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LauncherError } from '#src/launcher/terminal.ts'

/** As much as must fit for a start to be worth while: lists of processes, log lines, the database's first pages. */
const probeBytes = 1_000_000

const another = (setting: string) => `Choose another folder with ${setting}.`
const roomier = (setting: string) => `Free some space, or choose a folder on another disk with ${setting}.`

const explanations: Record<string, (setting: string) => string> = {
  ENOSPC: (setting) => `its disk is full. ${roomier(setting)}`,
  EDQUOT: (setting) => `its disk quota is used up. ${roomier(setting)}`,
  EACCES: (setting) =>
    `this user may not write there. Give the folder to the user that runs NeuroWeaver, or choose another one with ${setting}.`,
  EROFS: (setting) => `it is on a file system that is mounted read-only. ${another(setting)}`,
  // What Node says when it makes several folders at once on such a file system.
  ENOENT: (setting) => `it can not be made there; the file system may be mounted read-only. ${another(setting)}`,
  ENOTDIR: (setting) => `a part of its path is a file. ${another(setting)}`,
  EEXIST: (setting) => `it is a file. ${another(setting)}`,
}

/** The data folder of an installation; a machine that joins has another one. */
const ofInstallation = { noun: 'data folder', setting: 'NEUROWEAVER_DATA_DIR' }

/** Makes the folder when there is none, and writes a megabyte for trial. @returns why that fails and what to do; undefined when it works. */
export function findFolderProblem(dataDir: string, { noun, setting } = ofInstallation): string | undefined {
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
    return `The ${noun} ${dataDir} can not be written: ${explanations[code]?.(setting) ?? message}`
  } finally {
    // Where a part of the path is a file, even removing throws.
    if (existsSync(probe)) rmSync(probe, { force: true })
  }
}

/** @throws LauncherError that says what to do. */
export function checkDataFolder(dataDir: string, what = ofInstallation): void {
  const problem = findFolderProblem(dataDir, what)
  if (problem) throw new LauncherError(problem)
}
