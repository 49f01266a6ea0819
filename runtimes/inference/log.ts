import { randomUUID } from 'node:crypto'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
type Details = { data?: unknown; correlationId?: string; error?: string; duration?: number; statusCode?: number }

/** Writes one JSON object a line on standard output; `duration` is in milliseconds. */
export function log(level: LogLevel, component: string, message: string, details: Details = {}): void {
  if (level === 'debug' && process.env.LOG_LEVEL !== 'debug') return
  if (process.env.LOG_LEVEL === 'silent') return
  const line = { id: randomUUID(), timestamp: new Date().toISOString(), level, system: 'neuroweaver', component, message, ...details }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
