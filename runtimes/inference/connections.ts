/** Bounds what callers take of the files that this process may have open. */
import { readFileSync } from 'node:fs'

/** Replicas' pipes, files of models and calls to web need some as well, and without one left nothing works. */
const shareOfFiles = 0.75

/** Node has raised its soft limit to the hard one. Systems without /proc get the least that any of them gives. */
function openFilesLimit(): number {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft ? Number(soft) : Number.POSITIVE_INFINITY
  } catch {
    return 1024
  }
}

/** How many connections are served at a time; more are closed without a word. */
export const maxConnections = (): number => Math.floor(openFilesLimit() * shareOfFiles)
