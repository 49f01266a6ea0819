import { areToolsStopped } from '#src/launcher/tools.ts'

/** An expected failure: its message says what is wrong and what to do, so no stack is printed. */
export class LauncherError extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode = 1) {
    super(message)
    this.name = 'LauncherError'
    this.exitCode = exitCode
  }
}

let stream: NodeJS.WriteStream = process.stdout

/** For commands whose standard output is read by programs. */
export function sayOnStderr(): void {
  stream = process.stderr
}

/** Prints one line for the person at the terminal. */
export function say(line: string): void {
  stream.write(`${line}\n`)
}

/** As a shell reports a program that Ctrl-C ended. */
export const stoppedStatus = 130

const firstLineMs = 1_000
const everyMs = 10_000

/**
 * Runs one piece of set-up. Nothing is printed when it is done within a second; otherwise what it does, a line with the elapsed
 * time and the latest detail every ten seconds, and how long it took.
 */
export async function step<T>(label: string, work: (detail: (text: string) => void) => Promise<T>): Promise<T> {
  const began = performance.now()
  const elapsed = () => `${Math.round((performance.now() - began) / 1000)} s`
  let detail = ''
  let isAnnounced = false
  const first = setTimeout(() => {
    isAnnounced = true
    say(`${label} ...`)
  }, firstLineMs)
  const tick = setInterval(() => say(`${label} ... ${elapsed()}${detail ? `, ${detail}` : ''}`), everyMs)
  try {
    const result = await work((text) => {
      detail = text
    })
    if (isAnnounced) say(`${label}: done in ${elapsed()}`)
    return result
  } catch (error) {
    const isStopped = areToolsStopped() || (error instanceof LauncherError && error.exitCode === stoppedStatus)
    if (isAnnounced && !isStopped) say(`${label}: failed after ${elapsed()}`)
    throw error
  } finally {
    clearTimeout(first)
    clearInterval(tick)
  }
}
