import { startTracing, stopTracing } from '#src/telemetry/tracing.ts'
import { startRuntime } from './app.ts'
import { readEnv } from './env.ts'
import { messageOf } from './errors.ts'
import { flushLogs, log, watchProcess } from './log.ts'

/** The inference runtime's entry. */
async function main(): Promise<void> {
  await startTracing('inference')
  const runtime = await startRuntime(readEnv())
  let isStopping = false
  const stop = (signal: string) => {
    if (isStopping) return
    isStopping = true
    log('info', 'server', `stopping on ${signal}`)
    void runtime
      .stop()
      .then(() => Promise.all([flushLogs(1_000), stopTracing(1_000)]))
      .then(() => process.exit(0))
  }
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
}

watchProcess()
main().catch(async (error) => {
  log('error', 'server', 'could not start', { error: messageOf(error) })
  await flushLogs(1_000)
  process.exit(1)
})
