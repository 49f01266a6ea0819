import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import pino from 'pino'

type RequestScope = { correlationId: string; userId?: string; sessionId?: string }

/** Carries the correlation id and the person through every await of one request or job. */
export const requestScope = new AsyncLocalStorage<RequestScope>()

const secretPaths = ['password', 'secret', 'token', 'credential', 'authorization', 'api_key', 'apiKey', 'key'].flatMap((name) => [
  `data.${name}`,
  `data.*.${name}`,
])

/**
 * One JSON object a line on standard output: id, timestamp, level, system, component, message, data,
 * correlationId, userId, sessionId, error, duration (ms), statusCode.
 */
export function createLog(component: string) {
  const base = pino({
    level: process.env.LOG_LEVEL ?? 'info',
    base: { system: 'neuroweaver', component },
    messageKey: 'message',
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: secretPaths, censor: '[redacted]' },
    mixin: () => ({ id: randomUUID(), ...requestScope.getStore() }),
  })
  type Fields = { data?: Record<string, unknown>; error?: unknown; duration?: number; statusCode?: number; correlationId?: string }
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: Fields = {}) => {
      const { error, ...rest } = fields
      base[level]({ ...rest, ...(error === undefined ? {} : { error: describeError(error) }) }, message)
    }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) }
  const { code } = error as { code?: string }
  // A failed query's message goes on with its parameters, which may be anybody's data, and may look like anything.
  const message = error.message.split('\nparams: ', 1)[0] ?? ''
  return {
    name: error.name,
    message,
    code,
    stack: error.stack?.replace(error.message, () => message),
    cause: error.cause ? describeError(error.cause) : undefined,
  }
}
