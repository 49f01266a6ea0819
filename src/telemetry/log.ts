import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { format, stripVTControlCharacters } from 'node:util'
import { hideByName, mask } from './mask.ts'
import { LogSink } from './sink.ts'

type RequestScope = { correlationId: string; userId?: string | null; sessionId?: string | null }

/** Carries the correlation id and the person through every await of one request or job. */
export const requestScope = new AsyncLocalStorage<RequestScope>()

const levels = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 } as const
type Level = Exclude<keyof typeof levels, 'silent'>
/** `duration` is in milliseconds. */
export type LogFields = {
  data?: Record<string, unknown>
  error?: unknown
  duration?: number
  statusCode?: number
  correlationId?: string | undefined
}
export type Log = Record<Level, (message: string, fields?: LogFields) => void>

const print = process.stdout.write.bind(process.stdout)
const least = levels[(process.env.LOG_LEVEL ?? 'info') as keyof typeof levels] ?? levels.info
const sink = process.env.LOG_SINK_URL
  ? new LogSink({
      url: process.env.LOG_SINK_URL,
      token: process.env.LOG_SINK_TOKEN,
      describeLoss: (lines) =>
        lineOf('warn', 'log', `${lines} log lines were lost: the sink did not take them in time`, { data: { lines } }),
    })
  : undefined

/**
 * One JSON object a line on standard output, always with the same keys: id, timestamp, level, system, component, message, data,
 * correlationId, userId, sessionId, error, duration (ms), statusCode. What has no value is null.
 */
export function createLog(component: string): Log {
  const write = (level: Level) => (message: string, fields?: LogFields) => {
    if (levels[level] < least) return
    const line = lineOf(level, component, message, fields)
    print(`${line}\n`)
    sink?.push(line)
  }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

function lineOf(level: Level, component: string, message: string, fields: LogFields = {}): string {
  const scope = requestScope.getStore()
  const line = {
    id: randomUUID(),
    timestamp: new Date().toISOString(),
    level,
    system: 'neuroweaver',
    component,
    message,
    data: fields.data ?? null,
    correlationId: fields.correlationId ?? scope?.correlationId ?? null,
    userId: scope?.userId ?? null,
    sessionId: scope?.sessionId ?? null,
    error: fields.error === undefined ? null : describeError(fields.error),
    duration: fields.duration === undefined ? null : Math.round(fields.duration * 100) / 100,
    statusCode: fields.statusCode ?? null,
  }
  return mask(textOf(line))
}

/** A line is written whatever stands in its data. */
function textOf(line: Record<string, unknown>): string {
  try {
    return JSON.stringify(line, hideByName)
  } catch {
    return JSON.stringify({ ...line, data: { unreadable: format('%o', line.data).slice(0, 2_000) } }, hideByName)
  }
}

function describeError(error: unknown, depth = 0): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { code } = error as { code?: unknown }
  // A failed query's message goes on with its parameters, which may be anybody's data, and may look like anything.
  const message = error.message.split('\nparams: ', 1)[0] ?? ''
  return {
    name: error.name,
    message,
    stack: error.stack?.replace(error.message, () => message),
    ...(code === undefined ? {} : { code: String(code) }),
    ...(error.cause && depth < 4 ? { cause: describeError(error.cause, depth + 1) } : {}),
  }
}

/** Turns what is written past the log into lines of it; what is no whole line yet waits for its end. */
function wrapStream(stream: NodeJS.WriteStream, say: (text: string) => void): void {
  let rest = ''
  stream.write = ((chunk: string | Uint8Array, encoding?: unknown, done?: unknown) => {
    const lines = (rest + (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())).split('\n')
    rest = (lines.pop() ?? '').slice(-10_000)
    for (const line of lines) say(stripVTControlCharacters(line))
    const callback = typeof encoding === 'function' ? encoding : done
    if (typeof callback === 'function') process.nextTick(callback as () => void)
    return true
  }) as typeof stream.write
}

/** Makes lines of what libraries print, of warnings, and of the error that ends the process. */
export function watchProcess(log: Log): void {
  const say =
    (level: Level) =>
    (first?: unknown, ...rest: unknown[]) => {
      const error = [first, ...rest].find((part) => part instanceof Error)
      const text = typeof first === 'string' ? format(first, ...rest) : format('', first, ...rest)
      const message = error instanceof Error ? error.message : text.trim()
      if (message) log[level](message, error === undefined ? {} : { error })
    }
  wrapStream(process.stdout, say('info'))
  wrapStream(process.stderr, say('warn'))
  Object.assign(console, { debug: say('debug'), log: say('info'), info: say('info'), warn: say('warn'), error: say('error') })
  process.removeAllListeners('warning')
  process.on('warning', (warning) => log.warn(warning.message, { error: warning }))
  process.on('unhandledRejection', (error) => log.error('an unhandled rejection', { error }))
  process.on('uncaughtException', (error) => {
    log.error('the process ends', { error })
    process.exit(1)
  })
}

/** Ships what waits for the sink, for at most so long; for a process that is about to end. */
export const flushLogs = (limitMs: number): Promise<void> => sink?.flush(limitMs) ?? Promise.resolve()
