import type { TrainingEvent } from '#src/contracts/training.ts'
import { stripAnsi } from './ansi.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export const logLevels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

export type LogLine = {
  /** Unique in the job: one event may hold several lines. */
  key: string
  at: string
  attempt: number
  level: LogLevel
  /** As it came, with its colours. */
  raw: string
  /** As it reads. */
  text: string
  isMark: boolean
}

function wordsOf(event: TrainingEvent): { level: LogLevel; message: string; isMark: boolean } | null {
  if (event.type === 'log') return { level: event.level, message: event.message, isMark: false }
  if (event.type === 'warning') return { level: 'warn', message: event.message, isMark: false }
  if (event.type !== 'state') return null
  return {
    level: event.state === 'failed' ? 'error' : 'info',
    message: event.message ? `${event.state}: ${event.message}` : event.state,
    isMark: true,
  }
}

/** The lines of one event; none for figures, which the charts show. */
export function linesOf(event: TrainingEvent): LogLine[] {
  const words = wordsOf(event)
  if (!words) return []
  const { level, message, isMark } = words
  return message
    .replace(/\n$/, '')
    .split('\n')
    .map((raw, index) => ({ key: `${event.seq}.${index}`, at: event.at, attempt: event.attempt, level, raw, text: stripAnsi(raw), isMark }))
}

/** Lines of at least this level; marks of the job's state always stay, so that the reader keeps the thread. */
export function atLevel(lines: readonly LogLine[], least: LogLevel): readonly LogLine[] {
  if (least === 'debug') return lines
  const floor = logLevels.indexOf(least)
  return lines.filter((line) => line.isMark || logLevels.indexOf(line.level) >= floor)
}

export type Hit = { line: number; start: number; end: number }

/** Where the words occur, in any case, line by line. */
export function find(lines: readonly LogLine[], words: string): Hit[] {
  const wanted = words.toLowerCase()
  if (wanted === '') return []
  const hits: Hit[] = []
  lines.forEach(({ text }, line) => {
    const lower = text.toLowerCase()
    for (let start = lower.indexOf(wanted); start !== -1; start = lower.indexOf(wanted, start + wanted.length)) {
      hits.push({ line, start, end: start + wanted.length })
    }
  })
  return hits
}
