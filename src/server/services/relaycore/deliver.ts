/** Delivers the outbox: in order for each model, models side by side, at least once. Run by the worker. */
import { and, eq, inArray, lte, sql } from 'drizzle-orm'
import { db, type Queryable, type Tx, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { deployments, models, relaycoreLink, relaycoreOutbox } from '#src/server/db/schema.ts'
import { env } from '#src/server/env.ts'
import { createLog } from '#src/server/log.ts'
import { deliver, knows, type Outcome, probe, providerPayload } from '#src/server/relaycore/client.ts'
import type { ModelRow } from '../models/view.ts'
import { lastMinutes, windowFigures } from '../performance/figures.ts'
import { programVersion } from '../system.ts'
import { enqueue, isOn, tellPerformance, tellRegistered } from './outbox.ts'

type Row = typeof relaycoreOutbox.$inferSelect
type Link = typeof relaycoreLink.$inferSelect

const log = createLog('relaycore')
const linkId = 1
/** Longer than a call may take: a worker that dies holding a message delays it by this much. */
const leaseSeconds = 30
const sideBySide = 16
const downEveryMs = 1_500
const upEveryMs = 30_000
const longestBackoffSeconds = 60

async function readLink(): Promise<Link | undefined> {
  const [row] = await db().select().from(relaycoreLink).where(eq(relaycoreLink.id, linkId))
  return row?.url === env().RELAYCORE_URL ? row : undefined
}

/** Writes what was found of the link. When it comes back, all that waits is due at once, and the provider is registered again. */
async function noteLink(before: Link | undefined, error: string | undefined): Promise<void> {
  const isUp = error === undefined
  const isChange = before?.isUp !== isUp
  const values = {
    url: env().RELAYCORE_URL ?? '',
    isUp,
    lastError: error ?? null,
    checkedAt: new Date(),
    ...(isChange ? { since: new Date() } : {}),
  }
  const fresh = before ? {} : { registeredAt: null, registeredAs: null }
  const write = (on: Queryable) =>
    on
      .insert(relaycoreLink)
      .values({ id: linkId, ...values })
      .onConflictDoUpdate({ target: relaycoreLink.id, set: { ...values, ...fresh } })
  if (isUp && isChange) await registerProvider(before, async (tx) => void (await write(tx)))
  else await write(db())
  if (!isChange) return
  log.info(isUp ? 'RelayCore answers' : 'RelayCore does not answer; what it must be told is kept', isUp ? {} : { data: { reason: error } })
}

const registration = () => `${programVersion} ${env().webUrl}`

async function listServing(): Promise<ModelRow[]> {
  const serving = db()
    .select({ id: deployments.modelId })
    .from(deployments)
    .where(inArray(deployments.status, ['ready', 'degraded']))
  return db().select().from(models).where(inArray(models.id, serving))
}

/** Models whose registration waits already: they need no second one. */
async function waitingRegistrations(tx: Tx): Promise<Set<string | null>> {
  const isWaiting = and(eq(relaycoreOutbox.kind, 'register'), eq(relaycoreOutbox.status, 'waiting'))
  const rows = await tx.select({ modelId: relaycoreOutbox.modelId }).from(relaycoreOutbox).where(isWaiting)
  return new Set(rows.map(({ modelId }) => modelId))
}

/** Those that RelayCore does not know, although it was told. */
async function listForgotten(rows: ModelRow[], correlationId: string): Promise<ModelRow[]> {
  const forgotten: ModelRow[] = []
  for (let at = 0; at < rows.length; at += sideBySide) {
    const part = rows.slice(at, at + sideBySide)
    const known = await Promise.all(part.map(({ id }) => knows(id, correlationId)))
    forgotten.push(...part.filter((_, index) => !known[index]))
  }
  return forgotten
}

/**
 * Registers this installation. The first time, or as another one than before, all the models that serve already are told too; later
 * those that RelayCore has forgotten. That it is back is written in the same transaction, so that neither is lost without the other.
 */
async function registerProvider(link: Link | undefined, noteReturn?: (tx: Tx) => Promise<void>): Promise<void> {
  const isKnown = link?.registeredAs === registration()
  const correlationId = newId()
  const rows = await listServing()
  const untold = isKnown ? await listForgotten(rows, correlationId) : rows
  await transaction(async (tx) => {
    await noteReturn?.(tx)
    if (noteReturn) await tx.update(relaycoreOutbox).set({ nextAt: new Date() }).where(eq(relaycoreOutbox.status, 'waiting'))
    const specializations = new Set(rows.flatMap((row) => (row.specialization ?? '').split(',').map((text) => text.trim())).filter(Boolean))
    const capabilities = new Set(rows.flatMap((row) => [...row.capabilities, ...(row.task ? [row.task] : [])]))
    const isSame = and(eq(relaycoreOutbox.kind, 'provider'), eq(relaycoreOutbox.status, 'waiting'))
    await tx.delete(relaycoreOutbox).where(isSame)
    await enqueue(tx, {
      model: null,
      kind: 'provider',
      payload: providerPayload(programVersion, [...(capabilities.size > 0 ? capabilities : ['inference'])], [...specializations]),
      correlationId,
    })
    const waiting = await waitingRegistrations(tx)
    for (const row of untold) if (!waiting.has(row.id)) await tellRegistered(tx, row, correlationId)
    await tx.update(relaycoreLink).set({ registeredAs: registration() }).where(eq(relaycoreLink.id, linkId))
  })
}

/**
 * Takes the first waiting message of each model, if it is due, for as long as a call may take. Nothing of a model goes out before its
 * provider has.
 */
async function claim(): Promise<Row[]> {
  const heads = sql`
    select min(seq) from relaycore_outbox where status = 'waiting'
      and (model_id is null or not exists (select 1 from relaycore_outbox p where p.status = 'waiting' and p.kind = 'provider'))
    group by model_id`
  const due = db()
    .select({ seq: relaycoreOutbox.seq })
    .from(relaycoreOutbox)
    .where(and(sql`${relaycoreOutbox.seq} in (${heads})`, lte(relaycoreOutbox.nextAt, sql`now()`)))
    .limit(sideBySide)
    .for('update', { skipLocked: true })
  return db()
    .update(relaycoreOutbox)
    .set({ nextAt: sql`now() + make_interval(secs => ${leaseSeconds})`, attempts: sql`${relaycoreOutbox.attempts} + 1` })
    .where(and(inArray(relaycoreOutbox.seq, due), lte(relaycoreOutbox.nextAt, sql`now()`), eq(relaycoreOutbox.status, 'waiting')))
    .returning()
}

const backoffSeconds = (attempts: number) => Math.min(longestBackoffSeconds, 2 ** Math.min(attempts - 1, 6)) * (0.75 + Math.random() / 2)

/** Writes an outcome, unless a person has decided about the message in the meantime. */
async function settle(row: Row, outcome: Outcome): Promise<void> {
  const set: Record<Outcome['is'], Partial<Row>> = {
    delivered: { status: 'delivered', deliveredAt: new Date(), lastError: null },
    refused: { status: 'refused', lastError: 'reason' in outcome ? outcome.reason : null },
    failed: { nextAt: new Date(Date.now() + backoffSeconds(row.attempts) * 1000), lastError: 'reason' in outcome ? outcome.reason : null },
    // It is due again as soon as the link is back.
    down: { nextAt: new Date(), lastError: 'reason' in outcome ? outcome.reason : null },
  }
  await db()
    .update(relaycoreOutbox)
    .set(set[outcome.is])
    .where(and(eq(relaycoreOutbox.seq, row.seq), eq(relaycoreOutbox.status, 'waiting')))
  if (outcome.is === 'refused') log.warn('RelayCore refused a message', { data: { seq: row.seq, kind: row.kind, reason: outcome.reason } })
  if (row.kind === 'provider' && outcome.is === 'delivered')
    await db().update(relaycoreLink).set({ registeredAt: new Date() }).where(eq(relaycoreLink.id, linkId))
}

async function send(row: Row): Promise<Outcome> {
  const outcome = await deliver(row.kind, row.modelId ?? '', row.payload, row.correlationId)
  await settle(row, outcome)
  return outcome
}

let lastProbe = 0

/** True while RelayCore answers; asks again now and then, more often while it does not. */
async function isReachable(link: Link | undefined): Promise<boolean> {
  const everyMs = link?.isUp ? upEveryMs : downEveryMs
  if (link && Date.now() - lastProbe < everyMs) return link.isUp
  lastProbe = Date.now()
  const error = await probe(newId())
  await noteLink(link, error)
  return error === undefined
}

/** Sends all that is due; called by the worker twice a second. */
export async function deliverOutbox(): Promise<void> {
  if (!isOn()) return
  const link = await readLink()
  if (!(await isReachable(link))) return
  if (link?.isUp && link.registeredAs !== registration()) await registerProvider(link)
  for (let rows = await claim(); rows.length > 0; rows = await claim()) {
    const outcomes = await Promise.all(rows.map(send))
    const down = outcomes.find((outcome) => outcome.is === 'down')
    if (down?.is === 'down') return noteLink(await readLink(), down.reason)
  }
}

const rollUpMinutes = 10

/** Tells the figures of every model that served lately; called by the worker every minute. */
export async function tellFigures(): Promise<void> {
  if (!isOn()) return
  const serving = db()
    .select({ id: deployments.modelId })
    .from(deployments)
    .where(inArray(deployments.status, ['ready', 'degraded']))
  const rows = await db().select().from(models).where(inArray(models.id, serving)).limit(10_000)
  for (const model of rows) {
    const figures = await windowFigures(db(), { modelId: model.id }, lastMinutes(rollUpMinutes))
    if (figures.requests > 0 || figures.qualityReports > 0) await transaction((tx) => tellPerformance(tx, model, figures, newId()))
  }
}

const keptDays = 14

/** Forgets what was delivered long ago. */
export const sweepOutbox = () =>
  db()
    .delete(relaycoreOutbox)
    .where(sql`${relaycoreOutbox.status} <> 'waiting' and ${relaycoreOutbox.createdAt} < now() - make_interval(days => ${keptDays})`)
