import { createLog, flushLogs, type Log, type LogFields, requestScope, watchProcess as watch } from '#src/telemetry/log.ts'

type Details = Omit<LogFields, 'data'> & { data?: unknown }

const logs = new Map<string, Log>()

function logOf(component: string): Log {
  const found = logs.get(component) ?? createLog(`inference.${component}`)
  logs.set(component, found)
  return found
}

/** Writes one JSON object a line on standard output; `duration` is in milliseconds. */
export function log(level: keyof Log, component: string, message: string, { data, ...fields }: Details = {}): void {
  logOf(component)[level](message, data === undefined ? fields : { ...fields, data: data as Record<string, unknown> })
}

export const watchProcess = () => watch(logOf('server'))
export { flushLogs, requestScope }
