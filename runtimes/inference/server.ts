import { startTracing, stopTracing } from '#src/telemetry/tracing.ts'
import { startRuntime } from './app.ts'
import { readEnv, WrongSettings } from './env.ts'
import { messageOf } from './errors.ts'
import { flushLogs, log, watchProcess } from './log.ts'

/** EX_CONFIG: another start would end the same way, and whoever supervises it knows that by this status. */
const hopelessStatus = 78

/** The inference runtime's entry. */
async function main(): Promise<void> {
  await startTracing('inference')
  const runtime = await startRuntime(readEnv(), (reason) => {
    log('error', 'server', 'web does not take this runtime', { error: reason.message })
    stop('refusal', hopelessStatus)
  })
  let isStopping = false
  function stop(cause: string, status = 0): void {
    if (isStopping) return
    isStopping = true
    log('info', 'server', `stopping on ${cause}`)
    void runtime
      .stop()
      .then(() => Promise.all([flushLogs(1_000), stopTracing(1_000)]))
      .then(() => process.exit(status))
  }
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
}

watchProcess()
main().catch(async (error) => {
  log('error', 'server', 'could not start', { error: messageOf(error) })
  await flushLogs(1_000)
  process.exit(error instanceof WrongSettings ? hopelessStatus : 1)
})
