import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const limitBytes = 10_000_000
const keptFiles = 3
const longestLine = 64_000

/** Cuts a stream of chunks into lines; a line longer than 64 kB is cut, so that memory stays bounded. */
export function splitLines(onLine: (line: string) => void): (chunk: Buffer) => void {
  let rest = ''
  const decoder = new TextDecoder()
  return (chunk) => {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > longestLine) lines.push(rest)
    if (rest.length > longestLine) rest = ''
    for (const line of lines) if (line) onLine(line)
  }
}

/** Appends lines to a file that is renamed to `.1`, `.2`, `.3` when it has grown past 10 MB. */
export function createLogFile(path: string): (line: string) => void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  let size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  const rotate = () => {
    for (let number = keptFiles; number > 0; number -= 1) {
      const from = number === 1 ? path : `${path}.${number - 1}`
      if (statSync(from, { throwIfNoEntry: false })) renameSync(from, `${path}.${number}`)
    }
    size = 0
  }
  return (line) => {
    try {
      if (size > limitBytes) rotate()
      appendFileSync(path, `${line}\n`, { mode: 0o600 })
      size += Buffer.byteLength(line) + 1
    } catch {
      // A full disk must not take the processes down with their log.
    }
  }
}

/** The last lines of a log, for a person. */
export function tailOf(path: string, lines = 15): string {
  try {
    return readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-lines)
      .map((line) => toText(line))
      .join('\n')
  } catch {
    return '(nothing was logged)'
  }
}

type Entry = { level?: string | number; message?: string; msg?: string; error?: { message?: string } | string; timestamp?: string }

function parseEntry(line: string): Entry | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line) as Entry
  } catch {
    return undefined
  }
}

/** Somebody else's words may be in a line: none of them may steer the terminal, or turn what is read around. */
const steering = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

function toText(line: string): string {
  const entry = parseEntry(line)
  if (!entry) return stripVTControlCharacters(line).replace(steering, ' ')
  const error = typeof entry.error === 'string' ? entry.error : entry.error?.message
  return [String(entry.level ?? 'info').toUpperCase(), entry.message ?? entry.msg ?? '', error ? `(${error})` : '']
    .filter(Boolean)
    .map((part) => stripVTControlCharacters(part).replace(steering, ' '))
    .join(' ')
}

const quiet = new Set(['trace', 'debug', 'info'])

/**
 * What the terminal shows of a line that a process printed: warnings and errors of its JSON log, and what it wrote to standard
 * error; `isVerbose` shows all. undefined for a line that belongs to the log file alone.
 */
export function forTerminal(line: string, isError: boolean, isVerbose: boolean): string | undefined {
  const entry = parseEntry(line)
  if (!entry) return isError || isVerbose ? toText(line) : undefined
  const isQuiet = typeof entry.level === 'number' ? entry.level < 40 : quiet.has(String(entry.level ?? 'info').toLowerCase())
  return isQuiet && !isVerbose ? undefined : toText(line)
}
