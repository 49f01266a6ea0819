/** How the installation does: a cheap word for load balancers, and a look at each part for people. */
import { and, isNull, sql } from 'drizzle-orm'
import type { HealthPart, HealthReport, PartName } from '#src/contracts/health.ts'
import { db } from '#src/server/db/client.ts'
import { runtimes } from '#src/server/db/schema.ts'
import * as parts from './health/parts.ts'
import { programVersion, trainingMissing } from './system.ts'

type Part = { status: 'ok' | 'unavailable'; message?: string }
export type Health = {
  status: 'ok' | 'degraded' | 'unavailable'
  service: 'neuroweaver'
  version: string
  parts: Record<'database' | 'training' | 'inference', Part>
}

/** Keeps an answer for so long, so that many who ask at once cost one look. */
function keepFor<T>(ms: number, find: () => Promise<T>): () => Promise<T> {
  let kept: { found: Promise<T>; until: number } | undefined
  return () => {
    if (!kept || kept.until < Date.now()) kept = { found: find(), until: Date.now() + ms }
    return kept.found
  }
}

const databaseLimitMs = 2_000

/** The service and what it can not do without; asked of the database at most twice a second. */
export const readHealth = keepFor(500, async (): Promise<Health> => {
  const live = await within(databaseLimitMs, countLive())
  const database: Part = live ? { status: 'ok' } : { status: 'unavailable', message: 'The database does not answer.' }
  const partOf = (kind: 'training' | 'inference', missing: string): Part => {
    if (!live) return { status: 'unavailable', message: 'Not known while the database does not answer.' }
    return live.has(kind) ? { status: 'ok' } : { status: 'unavailable', message: missing }
  }
  const found = {
    database,
    training: partOf('training', trainingMissing() ?? 'No training runtime is connected.'),
    inference: partOf('inference', 'No inference runtime is connected.'),
  }
  const isWhole = Object.values(found).every((part) => part.status === 'ok')
  return { status: live ? (isWhole ? 'ok' : 'degraded') : 'unavailable', service: 'neuroweaver', version: programVersion, parts: found }
})

/** @returns undefined when it fails or takes longer. */
async function within<T>(limitMs: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limitMs)
  })
  const found = await Promise.race([work.catch(() => undefined), late])
  clearTimeout(timer)
  return found
}

async function countLive(): Promise<Set<string>> {
  const isLive = and(isNull(runtimes.removedAt), sql`${runtimes.lastHeartbeatAt} > now() - interval '20 seconds'`)
  const rows = await db().select({ kind: runtimes.kind }).from(runtimes).where(isLive).groupBy(runtimes.kind)
  return new Set(rows.map((row) => row.kind))
}

/** Nothing works without these; what else fails takes only its own work away. */
const vital: PartName[] = ['database', 'migrations', 'storage']

function verdict(found: Record<PartName, HealthPart>): HealthReport['status'] {
  if (vital.some((name) => found[name].status === 'unavailable')) return 'unavailable'
  return Object.values(found).some(({ status }) => status === 'degraded' || status === 'unavailable') ? 'degraded' : 'ok'
}

/** Every part, looked at at most once a second. */
export const inspectHealth = keepFor(1_000, async (): Promise<HealthReport> => {
  const unknown = 'Not known while the database does not answer.'
  const [database, migrations, queue, worker, storage, disk, training, inference, relaycore] = await Promise.all([
    parts.look(
      parts.lookAtDatabase,
      'The database does not answer. Requests are refused until it is back; nothing that was saved is lost.',
    ),
    parts.look(parts.lookAtMigrations, unknown),
    parts.look(parts.lookAtQueue, unknown),
    parts.look(parts.lookAtWorker, unknown),
    parts.look(parts.lookAtStorage, 'The disk does not answer. See that the data folder can be reached.'),
    parts.look(parts.lookAtDisk, 'The free space is not known: the data folder can not be reached.'),
    parts.look(() => parts.lookAtRuntimes('training'), unknown),
    parts.look(() => parts.lookAtRuntimes('inference'), unknown),
    parts.look(parts.lookAtRelaycore, unknown),
  ])
  const found = { database, migrations, queue, worker, storage, disk, training, inference, relaycore }
  return { status: verdict(found), service: 'neuroweaver', version: programVersion, at: new Date().toISOString(), parts: found }
})
