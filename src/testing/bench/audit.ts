/** What the record costs a change, how soon an entry is sealed under load, and how fast the chain is checked. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq, sql } from 'drizzle-orm'
import { connect, db, disconnect, type Tx, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { auditEvents, auditPending, auditSeals, models } from '#src/server/db/schema.ts'
import type { Caller } from '#src/server/services/access.ts'
import { recordAudit } from '#src/server/services/audit.ts'
import { sealEntries } from '#src/server/services/audit/seal.ts'
import { readVerdict } from '#src/server/services/audit/verify.ts'
import { startTestCluster, urlOf } from '../cluster.ts'
import { caller, makeKey, makeUser } from '../factories.ts'
import { startWeb } from '../web.ts'
import { type BenchResult, quantile } from './result.ts'

const rounds = 3_000
const loadSeconds = 10
const entriesASecond = 300
const chainLength = 20_000
/** Entries that the table holds already while changes are timed. */
const earlier = 100_000
const fillStep = 10_000

type Change = (tx: Tx, round: number) => Promise<void>

async function timeMs(change: Change, round: number): Promise<number> {
  const started = performance.now()
  await transaction((tx) => change(tx, round))
  return performance.now() - started
}

/** The same small change with and without its entry, by turns. */
async function measureCost(person: Caller, modelId: string): Promise<BenchResult[]> {
  const bare: Change = async (tx, round) =>
    void (await tx
      .update(models)
      .set({ description: `text ${round}` })
      .where(eq(models.id, modelId)))
  const recorded: Change = async (tx, round) => {
    await bare(tx, round)
    await recordAudit(tx, person, {
      action: 'model.update',
      targetType: 'model',
      targetId: modelId,
      before: { description: `text ${round - 1}`, tags: { team: 'growth' } },
      after: { description: `text ${round}`, tags: { team: 'growth' } },
    })
  }
  const times: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    const [without, with_] =
      round % 2 === 0 ? [await timeMs(bare, round), await timeMs(recorded, round)] : (await both(recorded, bare, round)).reverse()
    if (round < 500) continue
    times[0].push(without as number)
    times[1].push(with_ as number)
  }
  const [floor, value] = times.map((each) => quantile(each, 0.5)) as [number, number]
  return [
    { name: 'audit: a change with its entry, p50', value: round3(value), unit: 'ms', floor: round3(floor), ratio: round3(value / floor) },
    { name: 'audit: what the entry adds, p50', value: round3(value - floor), unit: 'ms', floor: null, ratio: null },
  ]
}

const both = async (first: Change, second: Change, round: number) => [await timeMs(first, round), await timeMs(second, round)]
const round3 = (value: number) => Number(value.toFixed(3))

/** From an entry's moment to its seal's, by the database's clock, while changes come at a steady rate. */
async function measureLag(person: Caller): Promise<BenchResult[]> {
  const started = Date.now()
  const since = new Date(started)
  for (let sent = 0; Date.now() - started < loadSeconds * 1000; sent++) {
    await recordAudit(db(), person, { action: 'model.update', targetType: 'model', targetId: newId(), targetName: 'load', after: { sent } })
    const aheadMs = (sent / entriesASecond) * 1000 - (Date.now() - started)
    if (aheadMs > 2) await new Promise((resolve) => setTimeout(resolve, aheadMs))
  }
  while ((await db().$count(auditPending)) > 0) await new Promise((resolve) => setTimeout(resolve, 50))
  const lag = sql<number>`extract(epoch from ${auditSeals.sealedAt} - ${auditEvents.at})::float8 * 1000`
  const rows = await db()
    .select({ lag })
    .from(auditSeals)
    .innerJoin(auditEvents, eq(auditEvents.id, auditSeals.eventId))
    .where(sql`${auditEvents.at} > ${since}`)
  const name = `audit: entry to seal at ${Math.round(rows.length / loadSeconds)} changes a second`
  return [0.5, 0.99].map((share) => ({
    name: `${name}, p${share * 100}`,
    value: Math.round(
      quantile(
        rows.map((row) => row.lag),
        share,
      ),
    ),
    unit: 'ms',
    floor: null,
    ratio: null,
  }))
}

async function fill(count: number): Promise<void> {
  for (let done = 0; done < count; done += fillStep)
    await db().execute(sql`
      insert into audit_events (id, action, target_type, target_id, actor_name, after, correlation_id)
      select gen_random_uuid(), 'model.update', 'model', gen_random_uuid()::text, 'somebody@example.test',
        jsonb_build_object('description', 'text ' || n, 'tags', jsonb_build_object('team', 'growth')), gen_random_uuid()::text
      from generate_series(1, ${fillStep}) n`)
}

async function measureChain(): Promise<BenchResult[]> {
  await fill(chainLength)
  const started = performance.now()
  const sealed = await sealEntries()
  const sealMs = performance.now() - started
  const { checked, durationMs, isIntact } = await readVerdict()
  if (!isIntact) throw new Error('the chain is broken')
  const rate = (name: string, count: number, ms: number): BenchResult => ({
    name: `audit: ${name}`,
    value: Math.round((count * 1000) / ms),
    unit: 'entries/s',
    floor: null,
    ratio: null,
  })
  return [rate('sealed', sealed, sealMs), rate('checked', checked, durationMs)]
}

export async function benchAudit(): Promise<BenchResult[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'neuroweaver-bench-'))
  const stops: (() => unknown)[] = [() => rmSync(dataDir, { recursive: true, force: true })]
  try {
    const cluster = await startTestCluster()
    stops.push(cluster.stop)
    const databaseUrl = urlOf(cluster.adminUrl, cluster.template)
    connect(databaseUrl, { max: 4, statementTimeoutMs: 60_000 })
    stops.push(disconnect)
    const person = await caller(await makeKey(await makeUser('manager')))
    const modelId = newId()
    await db().insert(models).values({ id: modelId, projectId: person.project.id, name: 'bench', latestVersion: 0 })
    const chain = await measureChain()
    await fill(earlier)
    await db().execute(sql`vacuum analyze audit_events`)
    const cost = await measureCost(person, modelId)
    await sealEntries()
    const web = await startWeb({ databaseUrl, dataDir, worker: true })
    stops.push(web.stop)
    return [...cost, ...(await measureLag(person)), ...chain]
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}
