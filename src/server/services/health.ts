import { and, isNull, sql } from 'drizzle-orm'
import { db } from '#src/server/db/client.ts'
import { runtimes } from '#src/server/db/schema.ts'
import { programVersion, trainingMissing } from './system.ts'

type Part = { status: 'ok' | 'unavailable'; message?: string }
export type Health = {
  status: 'ok' | 'degraded' | 'unavailable'
  service: 'neuroweaver'
  version: string
  parts: Record<'database' | 'training' | 'inference', Part>
}

const cacheMs = 500
let cached: { health: Promise<Health>; until: number } | undefined

/** The service and each part it depends on; asked of the database at most twice a second. */
export function readHealth(): Promise<Health> {
  if (cached && cached.until > Date.now()) return cached.health
  cached = { health: look(), until: Date.now() + cacheMs }
  return cached.health
}

async function look(): Promise<Health> {
  const live = await countLive().catch(() => undefined)
  const database: Part = live ? { status: 'ok' } : { status: 'unavailable', message: 'The database does not answer.' }
  const partOf = (kind: 'training' | 'inference', missing: string): Part => {
    if (!live) return { status: 'unavailable', message: 'Not known while the database does not answer.' }
    return live.has(kind) ? { status: 'ok' } : { status: 'unavailable', message: missing }
  }
  const parts = {
    database,
    training: partOf('training', trainingMissing() ?? 'No training runtime is connected.'),
    inference: partOf('inference', 'No inference runtime is connected.'),
  }
  const isWhole = Object.values(parts).every((part) => part.status === 'ok')
  return { status: live ? (isWhole ? 'ok' : 'degraded') : 'unavailable', service: 'neuroweaver', version: programVersion, parts }
}

async function countLive(): Promise<Set<string>> {
  const isLive = and(isNull(runtimes.removedAt), sql`${runtimes.lastHeartbeatAt} > now() - interval '20 seconds'`)
  const rows = await db().select({ kind: runtimes.kind }).from(runtimes).where(isLive).groupBy(runtimes.kind)
  return new Set(rows.map((row) => row.kind))
}
