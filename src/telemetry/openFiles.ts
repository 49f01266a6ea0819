/** What this process may take of the system. */
import { readFileSync } from 'node:fs'

/** How many files and sockets this process may have open; Node has raised its soft limit to the hard one. */
export function openFilesLimit(): number {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft ? Number(soft) : Number.POSITIVE_INFINITY
  } catch {
    // Systems without /proc; the least that any of them gives.
    return 1024
  }
}
