/** The log of this side of the product; the inference runtime, which may not see this room, writes with the same. */
export { createLog, flushLogs, requestScope, watchProcess } from '#src/telemetry/log.ts'
