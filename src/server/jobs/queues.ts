import { sql } from 'drizzle-orm'
import { fromDrizzle, type Job, PgBoss } from 'pg-boss'
import type { Queryable } from '#src/server/db/client.ts'
import { createLog, requestScope } from '#src/server/log.ts'
import { traced, traceHeaders } from '#src/telemetry/tracing.ts'

/** A job whose worker gives no sign of life for so long goes back into its queue: that a process was killed tells nobody. */
const heartbeatSeconds = 15
/** How often the worker looks for such jobs. */
const superviseSeconds = 5

/** Every queue: what its payload holds (ids only, the row holds the request) and how it is tried again. */
const queues = {
  'verify-upload': { retryLimit: 8, retryDelay: 2, retryBackoff: true, expireInSeconds: 6 * 3600, heartbeatSeconds, notify: true },
  'settle-dataset': { retryLimit: 8, retryDelay: 2, retryBackoff: true, expireInSeconds: 6 * 3600, heartbeatSeconds, notify: true },
  'training.auto': { retryLimit: 0, notify: true },
  'training.cpu': { retryLimit: 0, notify: true },
  'training.cuda': { retryLimit: 0, notify: true },
} as const

export type QueueName = keyof typeof queues
type Payloads = {
  'verify-upload': { uploadId: string }
  'settle-dataset': { datasetVersionId: string }
  'training.auto': { jobId: string }
  'training.cpu': { jobId: string }
  'training.cuda': { jobId: string }
}

/** Whose doing a job is: its lines and spans go on with those of the request that put it in the queue. */
type Origin = { origin?: { correlationId?: string | undefined; traceparent?: string } }

const log = createLog('queues')
let boss: PgBoss | undefined

function build(url: string, role: 'web' | 'worker' | 'migrate'): PgBoss {
  const built = new PgBoss({
    connectionString: url,
    application_name: `neuroweaver-${role}`,
    max: role === 'worker' ? 6 : 2,
    migrate: role === 'migrate',
    createSchema: role === 'migrate',
    supervise: role === 'worker',
    superviseIntervalSeconds: superviseSeconds,
    monitorIntervalSeconds: superviseSeconds,
    schedule: role === 'worker',
    useListenNotify: role === 'worker',
  })
  built.on('error', (error) => log.warn('queue error', { error }))
  return built
}

/** Installs or upgrades the queues' schema; called under the migration lock. */
export async function migrateQueues(url: string): Promise<void> {
  const migrating = build(url, 'migrate')
  await migrating.start()
  for (const [name, options] of Object.entries(queues)) {
    await migrating.createQueue(name, options)
    await migrating.updateQueue(name, options)
  }
  await migrating.stop({ graceful: false })
}

export async function startQueues(url: string, role: 'web' | 'worker'): Promise<void> {
  boss ??= build(url, role)
  await boss.start()
}

export async function stopQueues(): Promise<void> {
  const stopping = boss
  boss = undefined
  await stopping?.stop({ graceful: true, timeout: 5_000 })
}

function started(): PgBoss {
  if (!boss) throw new Error('startQueues() comes before the queues are used')
  return boss
}

/** Puts a job in a queue as part of the caller's transaction: it exists when, and only when, the row does. */
export async function send<Q extends QueueName>(tx: Queryable, queue: Q, payload: Payloads[Q]): Promise<void> {
  const origin = { correlationId: requestScope.getStore()?.correlationId, ...traceHeaders() }
  await started().send(queue, { ...payload, origin }, { db: fromDrizzle(tx, sql) })
}

/** Takes one job out of a queue and completes it, as part of the caller's transaction. */
export async function take<Q extends QueueName>(tx: Queryable, queue: Q): Promise<Payloads[Q] | undefined> {
  const db = fromDrizzle(tx, sql)
  const [job] = await started().fetch<Payloads[Q]>(queue, { batchSize: 1, db })
  if (!job) return undefined
  await started().complete(queue, job.id, null, { db })
  return job.data
}

/** Works a queue off, one job at a time for each of `concurrency` workers. */
export async function work<Q extends QueueName>(queue: Q, handle: (payload: Payloads[Q]) => Promise<void>, concurrency = 1): Promise<void> {
  for (let nth = 0; nth < concurrency; nth++) await startWorker(queue, handle)
}

async function startWorker<Q extends QueueName>(queue: Q, handle: (payload: Payloads[Q]) => Promise<void>): Promise<void> {
  const id = await started().work<Payloads[Q]>(
    queue,
    { batchSize: 1, pollingIntervalSeconds: 2, notifyPollingIntervalSeconds: 10 },
    async (jobs: Job<Payloads[Q]>[]) => {
      // Where one job was there may be more, of whose coming nobody tells: the worker was away, or busy, when they came.
      boss?.notifyWorker(id)
      for (const job of jobs) await handleOne(queue, job, handle)
    },
  )
}

/** The job's own words in the log: how long it took, for whom, and why it failed. */
async function handleOne<Q extends QueueName>(queue: Q, { id, data }: Job<Payloads[Q]>, handle: (payload: Payloads[Q]) => Promise<void>) {
  const { origin, ...payload } = data as Payloads[Q] & Origin
  const startedAt = performance.now()
  const work = () => traced(queue, { kind: 'consumer', from: origin, attributes: { 'messaging.message.id': id } }, () => handle(data))
  await requestScope.run({ correlationId: origin?.correlationId ?? id }, async () => {
    const told = () => ({ duration: performance.now() - startedAt, data: { jobId: id, ...payload } })
    try {
      await work()
      log.info(`${queue} is done`, told())
    } catch (error) {
      log.warn(`${queue} failed; it is tried again`, { ...told(), error })
      throw error
    }
  })
}
