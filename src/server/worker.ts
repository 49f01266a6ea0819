/** The worker process: the control plane's own jobs, and what must be looked after by the clock. */
import { connect, disconnect } from './db/client.ts'
import { env } from './env.ts'
import { startHandlers, sweeps } from './jobs/handlers.ts'
import { startQueues, stopQueues } from './jobs/queues.ts'
import { createLog } from './log.ts'
import { openStores } from './storage/index.ts'

const log = createLog('worker')
const retryMs = 1_000

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function keepSweeping(sweep: (typeof sweeps)[number]): Promise<never> {
  while (true) {
    await sweep.run().catch((error) => log.warn(`the sweep of ${sweep.name} failed; it runs again`, { error }))
    await pause(sweep.everyMs)
  }
}

async function startWhenDatabaseAnswers(url: string): Promise<void> {
  while (true) {
    try {
      await startQueues(url, 'worker')
      return
    } catch (error) {
      log.warn('the queues could not be started; trying again', { error })
      await pause(retryMs)
    }
  }
}

const settings = env()
connect(settings.DATABASE_URL, { max: 8, statementTimeoutMs: 60_000 })
openStores(settings)
await startWhenDatabaseAnswers(settings.DATABASE_URL)
await startHandlers()
for (const sweep of sweeps) void keepSweeping(sweep)
log.info('worker is ready')

let isStopping = false
async function stop(): Promise<void> {
  if (isStopping) return
  isStopping = true
  await Promise.allSettled([stopQueues(), disconnect()])
  process.exit(0)
}
process.on('SIGTERM', () => void stop())
process.on('SIGINT', () => void stop())
process.on('unhandledRejection', (error) => log.error('an unhandled rejection', { error }))
