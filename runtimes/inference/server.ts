import { startRuntime } from './app.ts'
import { readEnv } from './env.ts'
import { messageOf } from './errors.ts'
import { log } from './log.ts'

/** The inference runtime's entry. */
async function main(): Promise<void> {
  const runtime = await startRuntime(readEnv())
  let isStopping = false
  const stop = (signal: string) => {
    if (isStopping) return
    isStopping = true
    log('info', 'server', `stopping on ${signal}`)
    void runtime.stop().then(() => process.exit(0))
  }
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
}

main().catch((error) => {
  log('error', 'server', 'could not start', { error: messageOf(error) })
  process.exit(1)
})
