/** What is asked of each part, and what its answer means. A part that fails to answer never fails the others. */
import { readFile } from 'node:fs/promises'
import { sql } from 'drizzle-orm'
import type { HealthPart } from '#src/contracts/health.ts'
import type { RuntimeKind } from '#src/contracts/runtime.ts'
import { db } from '#src/server/db/client.ts'
import { env } from '#src/server/env.ts'
import { diskSpace, probeStorage } from '#src/server/storage/probe.ts'
import { trainingMissing } from '../system.ts'

type Details = HealthPart['details']
type Found = Omit<HealthPart, 'latencyMs'>

const limitMs = 3_000
const warnFree = 0.1
const criticalFree = 0.03
/** A job that waits longer than this is a sign that nobody works. */
const oldJobSeconds = 60

const ok = (message: string, details: Details = {}): Found => ({ status: 'ok', message, details })
const degraded = (message: string, details: Details = {}): Found => ({ status: 'degraded', message, details })
const unavailable = (message: string, details: Details = {}): Found => ({ status: 'unavailable', message, details })

/** Asks one part, for three seconds at most. */
export async function look(find: () => Promise<Found>, whenSilent: string): Promise<HealthPart> {
  const startedAt = performance.now()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Found>((resolve) => {
    timer = setTimeout(() => resolve(unavailable(whenSilent)), limitMs)
  })
  const found = await Promise.race([find().catch(() => unavailable(whenSilent)), late])
  clearTimeout(timer)
  return { ...found, latencyMs: Math.round((performance.now() - startedAt) * 10) / 10 }
}

const rowsOf = async <T>(query: ReturnType<typeof sql>): Promise<T[]> => (await db().execute(query)).rows as T[]

export async function lookAtDatabase(): Promise<Found> {
  const [row] = await rowsOf<{ version: string; used: number; most: number }>(sql`
    select current_setting('server_version') as version, current_setting('max_connections')::int as most,
      (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as used`)
  const details = { version: row?.version ?? '', connections: row?.used ?? 0, maxConnections: row?.most ?? 0 }
  if (details.connections > 0.9 * details.maxConnections)
    return degraded('Nearly all connections are in use. Raise max_connections, or end what holds them.', details)
  return ok(`PostgreSQL ${details.version} answers.`, details)
}

const journal = new URL('../../../../drizzle/meta/_journal.json', import.meta.url)

export async function lookAtMigrations(): Promise<Found> {
  const { entries } = JSON.parse(await readFile(journal, 'utf8')) as { entries: { when: number; tag: string }[] }
  const newest = entries.reduce((latest, entry) => (entry.when > latest.when ? entry : latest))
  const [row] = await rowsOf<{ newest: string | null }>(sql`select max(created_at) as newest from drizzle.__drizzle_migrations`)
  const applied = Number(row?.newest ?? 0)
  const details = { newest: newest.tag, count: entries.length }
  if (applied < newest.when)
    return unavailable('The database is older than this program. Start NeuroWeaver anew: the start brings it up to date.', details)
  if (applied > newest.when)
    return degraded('The database was brought up to date by a newer program. Start that version everywhere.', details)
  return ok('The database has the tables of this version.', details)
}

export async function lookAtQueue(): Promise<Found> {
  const [row] = await rowsOf<{ depth: number; oldest: number | null; training: number; failed: number }>(sql`
    select count(*) filter (where name not like 'training.%' and state in ('created', 'retry') and start_after <= now())::int as depth,
      extract(epoch from now() - min(created_on) filter (where name not like 'training.%' and state in ('created', 'retry') and start_after <= now()))::int as oldest,
      count(*) filter (where name like 'training.%' and state = 'created')::int as training,
      count(*) filter (where state = 'failed' and completed_on > now() - interval '1 hour')::int as failed
    from pgboss.job`)
  const details = {
    depth: row?.depth ?? 0,
    oldestSeconds: row?.oldest ?? null,
    trainingWaiting: row?.training ?? 0,
    failedLastHour: row?.failed ?? 0,
  }
  if ((details.oldestSeconds ?? 0) > oldJobSeconds)
    return degraded(`A job has waited for ${details.oldestSeconds} s. See that the worker runs, or start another one.`, details)
  return ok(details.depth === 0 ? 'Nothing waits.' : `${details.depth} ${details.depth === 1 ? 'job waits' : 'jobs wait'}.`, details)
}

/** The worker is known by its connections to the database, which end with it. */
export async function lookAtWorker(): Promise<Found> {
  const found = await rowsOf(
    sql`select 1 from pg_stat_activity where application_name = 'neuroweaver-worker' and datname = current_database() limit 1`,
  )
  if (found.length === 0)
    return unavailable('No worker runs: uploads stay unverified, and nobody watches over jobs and deployments. Start one.')
  return ok('A worker runs.')
}

export async function lookAtRuntimes(kind: RuntimeKind): Promise<Found> {
  const [row] = await rowsOf<{ live: number; silent: number; lost: number; draining: number }>(sql`
    select count(*) filter (where silent < 15)::int as live, count(*) filter (where silent between 15 and 120)::int as silent,
      count(*) filter (where silent > 120)::int as lost, count(*) filter (where silent < 15 and is_draining)::int as draining
    from (select is_draining, extract(epoch from now() - coalesce(last_heartbeat_at, created_at)) as silent
      from runtimes where kind = ${kind} and removed_at is null) as known`)
  const details = { live: row?.live ?? 0, silent: row?.silent ?? 0, lost: row?.lost ?? 0, draining: row?.draining ?? 0 }
  if (details.live === 0) return unavailable(whyNone(kind, details.silent + details.lost), details)
  if (details.silent > 0)
    return degraded(`${details.silent} of them ${details.silent === 1 ? 'is' : 'are'} not heard of. Look at that machine.`, details)
  if (details.draining === details.live) return degraded('All of them are draining and take no new work.', details)
  return ok(`${details.live} ${details.live === 1 ? 'is' : 'are'} connected.`, details)
}

function whyNone(kind: RuntimeKind, away: number): string {
  const missing = kind === 'training' ? trainingMissing() : null
  if (missing) return missing
  return away > 0
    ? `No ${kind} runtime is heard of. Start it again, or remove it under Settings → Runtimes.`
    : `No ${kind} runtime has joined. Start one.`
}

let probed: { found: Promise<Found>; until: number } | undefined
const probeMs = 5_000

/** At most once in five seconds: it writes. */
export function lookAtStorage(): Promise<Found> {
  if (probed && probed.until > Date.now()) return probed.found
  const found = probeStorage().then(
    () => ok('Files can be written and read.'),
    (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'ENOSPC'
          ? 'The disk is full: free space.'
          : 'See that the data folder is there and that this program may write in it.'
      return unavailable(`Files can not be written. ${why}`, { code: error.code ?? null })
    },
  )
  probed = { found, until: Date.now() + probeMs }
  return found
}

export async function lookAtDisk(): Promise<Found> {
  const { free, total } = await diskSpace()
  const share = total === 0 ? 1 : free / total
  const details = { freeBytes: free, totalBytes: total, freePercent: Math.round(share * 1000) / 10 }
  if (share < criticalFree)
    return unavailable(`${details.freePercent} % of the disk is free. Free space now: uploads and results will be refused.`, details)
  if (share < warnFree) return degraded(`${details.freePercent} % of the disk is free. Free space, or move the data folder.`, details)
  return ok(`${details.freePercent} % of the disk is free.`, details)
}

export async function lookAtRelaycore(): Promise<Found> {
  if (!env().RELAYCORE_URL) return { status: 'off', message: 'No RelayCore is set: RELAYCORE_URL names one.', details: {} }
  const [link] = await rowsOf<{ is_up: boolean; waiting: number }>(sql`
    select is_up, (select count(*)::int from relaycore_outbox where status = 'waiting') as waiting from relaycore_link limit 1`)
  if (!link) return degraded('RelayCore has not been asked yet. See that the worker runs.')
  const details = { waiting: link.waiting }
  if (!link.is_up) return degraded('RelayCore does not answer. What it must know is kept, and delivered when it is back.', details)
  return ok('RelayCore answers.', details)
}
