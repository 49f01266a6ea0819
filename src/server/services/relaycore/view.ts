/** The link to RelayCore and what waits for it, as people see and manage them. */
import { and, count, desc, eq, gt, inArray, lt, min, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Page } from '#src/contracts/common.ts'
import type { listOutbox as listInput, OutboxEntry, OutboxKind, RelaycoreLink } from '#src/contracts/relaycore.ts'
import { db, type Tx, transaction } from '#src/server/db/client.ts'
import { models, relaycoreLink, relaycoreOutbox } from '#src/server/db/schema.ts'
import { env } from '#src/server/env.ts'
import { AppError } from '#src/server/errors.ts'
import { readAnalytics } from '#src/server/relaycore/client.ts'
import type { Caller } from '../access.ts'
import { recordAudit } from '../audit.ts'

type Row = typeof relaycoreOutbox.$inferSelect

const view = (row: Row): OutboxEntry => ({
  seq: row.seq,
  modelId: row.modelId,
  model: row.modelName,
  kind: row.kind,
  status: row.status,
  payload: row.payload,
  attempts: row.attempts,
  nextAt: row.nextAt.toISOString(),
  isHeld: row.status === 'waiting' && row.heldUntil !== null && row.heldUntil > new Date(),
  lastError: row.lastError,
  createdAt: row.createdAt.toISOString(),
  deliveredAt: row.deliveredAt?.toISOString() ?? null,
})

export async function readLink(): Promise<RelaycoreLink> {
  const url = env().RELAYCORE_URL ?? null
  const [[row], counts] = await Promise.all([
    db().select().from(relaycoreLink),
    db()
      .select({ status: relaycoreOutbox.status, count: count(), oldest: min(relaycoreOutbox.createdAt) })
      .from(relaycoreOutbox)
      .groupBy(relaycoreOutbox.status),
  ])
  const known = row && row.url === url ? row : undefined
  const of = (status: Row['status']) => counts.find((found) => found.status === status)
  return {
    url,
    state: url === null ? 'off' : known ? (known.isUp ? 'up' : 'down') : 'unknown',
    since: known?.since.toISOString() ?? null,
    checkedAt: known?.checkedAt.toISOString() ?? null,
    lastError: known?.lastError ?? null,
    registeredAt: known?.registeredAt?.toISOString() ?? null,
    waiting: of('waiting')?.count ?? 0,
    oldestWaitingAt: of('waiting')?.oldest?.toISOString() ?? null,
    delivered: of('delivered')?.count ?? 0,
    refused: of('refused')?.count ?? 0,
  }
}

/** Messages, the newest first. */
export async function listOutbox(input: z.infer<typeof listInput>): Promise<Page<OutboxEntry>> {
  const byStatus = input.status ? eq(relaycoreOutbox.status, input.status) : undefined
  const after = input.cursor && /^\d{1,15}$/.test(input.cursor) ? lt(relaycoreOutbox.seq, Number(input.cursor)) : undefined
  if (input.cursor && !after) throw new AppError('bad_request', 'cursor: is not one that a list gave.')
  const [rows, total] = await Promise.all([
    db()
      .select()
      .from(relaycoreOutbox)
      .where(and(byStatus, after))
      .orderBy(desc(relaycoreOutbox.seq))
      .limit(input.limit + 1),
    db().$count(relaycoreOutbox, byStatus),
  ])
  const shown = rows.slice(0, input.limit)
  return { items: shown.map(view), nextCursor: rows.length > input.limit ? String(shown.at(-1)?.seq) : null, total }
}

/** What says the same or the opposite of a message: once one of these went out later, the message is old news. */
const overridden: Record<OutboxKind, OutboxKind[]> = {
  provider: ['provider'],
  register: ['register', 'remove'],
  remove: ['register'],
  performance: ['performance', 'remove'],
  status: ['status', 'remove'],
}

/** @throws AppError conflict when RelayCore was told something newer, which sending this again would undo. */
async function refuseOldNews(tx: Tx, row: Row): Promise<void> {
  const isNewer = and(
    sql`${relaycoreOutbox.modelId} is not distinct from ${row.modelId}`,
    gt(relaycoreOutbox.seq, row.seq),
    inArray(relaycoreOutbox.kind, overridden[row.kind]),
    eq(relaycoreOutbox.status, 'delivered'),
  )
  const [newer] = await tx.select({ kind: relaycoreOutbox.kind }).from(relaycoreOutbox).where(isNewer).limit(1)
  if (newer)
    throw new AppError(
      'conflict',
      `RelayCore has been told something newer since (${newer.kind}); this message would undo it. There is nothing to send.`,
    )
}

async function decide(caller: Caller, seq: number, action: 'relaycore.resend' | 'relaycore.drop'): Promise<OutboxEntry> {
  return transaction(async (tx) => {
    const isOpen = and(eq(relaycoreOutbox.seq, seq), inArray(relaycoreOutbox.status, ['waiting', 'refused', 'dropped']))
    const set =
      action === 'relaycore.resend' ? { status: 'waiting' as const, nextAt: sql`now()`, attempts: 0 } : { status: 'dropped' as const }
    const [before] = await tx.select().from(relaycoreOutbox).where(isOpen).for('update')
    const [row] = before ? await tx.update(relaycoreOutbox).set(set).where(eq(relaycoreOutbox.seq, seq)).returning() : []
    if (!before || !row) throw new AppError('not_found', 'There is no such message, or it was delivered.')
    if (action === 'relaycore.resend') await refuseOldNews(tx, row)
    await recordAudit(tx, caller, {
      action,
      targetType: 'relaycore_message',
      targetId: String(seq),
      targetName: `${row.kind} ${row.modelName ?? ''}`.trim(),
      before: { status: before.status },
      after: { status: row.status },
      projectId: null,
    })
    return view(row)
  })
}

/** Makes a message due at once, also one that was refused or given up. @throws AppError not_found, conflict */
export const resend = (caller: Caller, seq: number) => decide(caller, seq, 'relaycore.resend')
/** Gives a message up: what comes after it for the same model goes on. */
export const drop = (caller: Caller, seq: number) => decide(caller, seq, 'relaycore.drop')

/** What RelayCore routed to a model. @throws AppError not_found, unavailable */
export async function getAnalytics(caller: Caller, modelId: string): Promise<{ model: string; data: unknown }> {
  if (!env().RELAYCORE_URL) throw new AppError('conflict', 'No RelayCore is set up. Set RELAYCORE_URL and start again.')
  const [model] = await db()
    .select({ id: models.id, name: models.name })
    .from(models)
    .where(and(eq(models.id, modelId), eq(models.projectId, caller.project.id)))
  if (!model) throw new AppError('not_found', 'There is no such model in this project.')
  const data = await readAnalytics(model.id, caller.correlationId).catch((cause) => {
    throw new AppError('unavailable', 'RelayCore does not answer this just now. Try again in a moment.', { cause, retryAfterSeconds: 5 })
  })
  return { model: model.name, data }
}
