/** The worker process: the control plane's own jobs, and what must be looked after by the clock. */
import { writeFile } from 'node:fs/promises'
import { connect, disconnect } from './db/client.ts'
import { env } from './env.ts'
import { startHandlers, sweeps } from './jobs/handlers.ts'
import { startQueues, stopQueues } from './jobs/queues.ts'
import { createLog, flushLogs, watchProcess } from './log.ts'
import { startTracing, stopTracing } from '#src/telemetry/tracing.ts'
import { openStores } from './storage/index.ts'

const log = createLog('worker')
const retryMs = 1_000
/** While the database is away, a sweep that comes often would fill the log. */
const failedPauseMs = 2_000

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * The health check of a container asks how old this file is. A sweep that failed counts too: the worker lives, and starting it
 * anew would not bring the database back.
 */
async function beat(): Promise<void> {
  const file = process.env.NEUROWEAVER_BEAT_PATH
  if (file) await writeFile(file, '').catch((error) => log.warn('the sign of life could not be written', { error, data: { file } }))
}

async function keepSweeping(sweep: (typeof sweeps)[number]): Promise<never> {
  while (true) {
    const isDone = await sweep.run().then(
      () => true,
      (error) => void log.warn(`the sweep of ${sweep.name} failed; it runs again`, { error }),
    )
    await beat()
    await pause(isDone ? sweep.everyMs : Math.max(sweep.everyMs, failedPauseMs))
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

watchProcess(log)
await startTracing('worker')
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
  await Promise.all([flushLogs(1_000), stopTracing(1_000)])
  process.exit(0)
}
process.on('SIGTERM', () => void stop())
process.on('SIGINT', () => void stop())
