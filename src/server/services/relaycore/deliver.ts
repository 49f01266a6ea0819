/** Delivers the outbox: in order for each model, models side by side, at least once. Run by the worker. */
import { setTimeout as pause } from 'node:timers/promises'
import { and, eq, inArray, isNull, lt, lte, or, sql } from 'drizzle-orm'
import { db, type Queryable, type Tx, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { deployments, models, relaycoreLink, relaycoreOutbox } from '#src/server/db/schema.ts'
import { env } from '#src/server/env.ts'
import { createLog } from '#src/server/log.ts'
import { deliver, knows, type Outcome, probe, providerPayload } from '#src/server/relaycore/client.ts'
import type { ModelRow } from '../models/view.ts'
import { lastMinutes, windowFigures } from '../performance/figures.ts'
import { programVersion } from '../system.ts'
import { enqueue, isOn, registrationOf, tellPerformance, tellRegistered } from './outbox.ts'

type Row = typeof relaycoreOutbox.$inferSelect
type Link = typeof relaycoreLink.$inferSelect

const log = createLog('relaycore')
const linkId = 1
/** Longer than a message, its model's registration, the message again and the probe after them may take. */
const leaseSeconds = () => (5 * env().RELAYCORE_TIMEOUT_MS) / 1000
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

/** Each start of the worker registers the provider, whatever an earlier one did. */
let hasRegistered = false
const registration = () => `${programVersion} ${env().webUrl}`

async function listServing(modelId?: string): Promise<ModelRow[]> {
  const serving = db()
    .select({ id: deployments.modelId })
    .from(deployments)
    .where(and(inArray(deployments.status, ['ready', 'degraded']), modelId === undefined ? undefined : eq(deployments.modelId, modelId)))
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
 * and at a restart those that RelayCore has forgotten. That it is back is written in the same transaction, so that neither is lost without the other.
 */
async function registerProvider(link: Link | undefined, noteReturn?: (tx: Tx) => Promise<void>): Promise<void> {
  const isKnown = link?.registeredAs === registration()
  const correlationId = newId()
  const rows = await listServing()
  const untold = isKnown ? await listForgotten(rows, correlationId) : rows
  await transaction(async (tx) => {
    await noteReturn?.(tx)
    if (noteReturn) await tx.update(relaycoreOutbox).set({ nextAt: sql`now()` }).where(eq(relaycoreOutbox.status, 'waiting'))
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
  hasRegistered = true
}

/**
 * Takes the first waiting message of each model, those that are due longest first. Nothing of a model goes out before its provider has,
 * or while another of its messages is held: a person may have put an older one in front of it.
 */
async function claim(limit: number): Promise<Row[]> {
  const isFree = or(isNull(relaycoreOutbox.heldUntil), lt(relaycoreOutbox.heldUntil, sql`now()`))
  const heads = sql`
    select min(seq) from relaycore_outbox where status = 'waiting'
      and (model_id is null or not exists (select 1 from relaycore_outbox p where p.status = 'waiting' and p.kind = 'provider'))
    group by model_id
    having bool_and(held_until is null or held_until < now())`
  const due = db()
    .select({ seq: relaycoreOutbox.seq })
    .from(relaycoreOutbox)
    .where(and(sql`${relaycoreOutbox.seq} in (${heads})`, lte(relaycoreOutbox.nextAt, sql`now()`), isFree))
    .orderBy(relaycoreOutbox.nextAt)
    .limit(limit)
    .for('update', { skipLocked: true })
  return db()
    .update(relaycoreOutbox)
    .set({ heldUntil: sql`now() + make_interval(secs => ${leaseSeconds()})`, attempts: sql`${relaycoreOutbox.attempts} + 1` })
    .where(and(inArray(relaycoreOutbox.seq, due), isFree, eq(relaycoreOutbox.status, 'waiting')))
    .returning()
}

const backoffSeconds = (attempts: number) => Math.min(longestBackoffSeconds, 2 ** Math.min(attempts - 1, 6)) * (0.75 + Math.random() / 2)

type Settled = Exclude<Outcome, { is: 'unknown' }>

/** Writes an outcome, unless a person has decided about the message in the meantime. */
async function settle(row: Row, outcome: Settled): Promise<void> {
  const lastError = 'reason' in outcome ? outcome.reason : null
  const set = {
    delivered: { status: 'delivered' as const, deliveredAt: new Date(), lastError },
    refused: { status: 'refused' as const, lastError },
    failed: { nextAt: sql`now() + make_interval(secs => ${backoffSeconds(row.attempts)})`, lastError },
    // It is due again as soon as the link is back.
    down: { nextAt: sql`now()`, lastError },
  }
  await db()
    .update(relaycoreOutbox)
    .set({ ...set[outcome.is], heldUntil: null })
    .where(and(eq(relaycoreOutbox.seq, row.seq), eq(relaycoreOutbox.status, 'waiting')))
  if (outcome.is === 'refused') log.warn('RelayCore refused a message', { data: { seq: row.seq, kind: row.kind, reason: outcome.reason } })
  if (row.kind === 'provider' && outcome.is === 'delivered')
    await db().update(relaycoreLink).set({ registeredAt: new Date() }).where(eq(relaycoreLink.id, linkId))
}

let lastProbe = 0
let probing: Promise<string | undefined> | undefined

/** Asks RelayCore whether it answers, once for all who want to know just now, and writes what was found. @returns why it does not. */
function checkLink(): Promise<string | undefined> {
  probing ??= (async () => {
    lastProbe = Date.now()
    const error = await probe(newId())
    await noteLink(await readLink(), error)
    return error
  })().finally(() => {
    probing = undefined
  })
  return probing
}

/** A model that serves is registered anew; one that does not will be when it is ready. @returns undefined for that. */
async function registerForgotten(row: Row): Promise<Outcome | undefined> {
  const [model] = row.modelId ? await listServing(row.modelId) : []
  if (!model) return undefined
  log.info('RelayCore has forgotten a model; it is told of it again', { correlationId: row.correlationId, data: { modelId: model.id } })
  const payload = await registrationOf(db(), model)
  const outcome = await deliver('register', model.id, payload, row.correlationId)
  if (outcome.is === 'delivered') await noteRegistered(model, payload, row.correlationId)
  return outcome
}

/** It went out ahead of what waits; the list shows it, and what RelayCore heard before it no longer counts as known there. */
const noteRegistered = ({ id, name }: ModelRow, payload: Record<string, unknown>, correlationId: string) =>
  db().insert(relaycoreOutbox).values({
    modelId: id,
    modelName: name,
    kind: 'register',
    payload,
    correlationId,
    status: 'delivered',
    attempts: 1,
    deliveredAt: new Date(),
  })

/**
 * Sends a message. Where RelayCore has forgotten its model, it is told of the model first and then once more: nothing else of the
 * model goes out in between, because the message is held.
 */
async function tell(row: Row): Promise<Settled> {
  const sendIt = () => deliver(row.kind, row.modelId ?? '', row.payload, row.correlationId)
  const refuse = (outcome: Outcome): Settled => (outcome.is === 'unknown' ? { is: 'refused', reason: outcome.reason } : outcome)
  const first = await sendIt()
  if (first.is !== 'unknown') return first
  const registered = (await registerForgotten(row)) ?? first
  return registered.is === 'delivered' ? refuse(await sendIt()) : refuse(registered)
}

/** A call that got no answer says nothing of the link: one message may hang while RelayCore answers all others. */
async function send(row: Row): Promise<void> {
  const outcome = await tell(row)
  const isHangUp = outcome.is === 'down' && (await checkLink()) === undefined
  await settle(row, isHangUp ? { is: 'failed', reason: outcome.reason } : outcome)
}

/** True while RelayCore answers; asks again now and then, more often while it does not. */
async function isReachable(link: Link | undefined): Promise<boolean> {
  const everyMs = link?.isUp ? upEveryMs : downEveryMs
  if (link && Date.now() - lastProbe < everyMs) return link.isUp
  return (await checkLink()) === undefined
}

const inFlight = new Set<Promise<void>>()
/** How long those that have their answer wait for the others before more are taken. */
const patienceMs = 100

function start(row: Row): void {
  const sending = send(row)
    // It is held no longer than the lease, and goes out again after it.
    .catch((error) => log.warn('the outcome of a message to RelayCore could not be written', { error, data: { seq: row.seq } }))
    .finally(() => inFlight.delete(sending))
  inFlight.add(sending)
}

/** Sends what is due; called by the worker twice a second. What waits for its answer holds up nothing but its own model. */
export async function deliverOutbox(): Promise<void> {
  if (!isOn()) return
  const link = await readLink()
  if (!(await isReachable(link))) return
  if (link?.isUp && (!hasRegistered || link.registeredAs !== registration())) await registerProvider(link)
  while (inFlight.size < sideBySide) {
    const rows = await claim(sideBySide - inFlight.size)
    for (const row of rows) start(row)
    if (rows.length === 0) return
    await Promise.race([Promise.all(inFlight), pause(patienceMs)])
    if (!(await readLink())?.isUp) return
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
