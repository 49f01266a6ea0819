/** Delivers what `emit` wrote: tried again with growing pauses for some hours, then given up. Run by the worker. */
import { and, asc, eq, inArray, lte, sql } from 'drizzle-orm'
import { db } from '#src/server/db/client.ts'
import { channelDeliveries, channels } from '#src/server/db/schema.ts'
import { createLog } from '#src/server/log.ts'
import { unseal } from '#src/server/sealing.ts'
import { announce, recordSystemAudit } from '../audit.ts'
import { type Receipt, send } from './send.ts'

type Delivery = typeof channelDeliveries.$inferSelect
type Channel = typeof channels.$inferSelect

const log = createLog('channels')
/** Seconds before each further try: about six hours in all. */
const pauses = [5, 30, 120, 600, 1800, 3600, 7200, 7200]
const leaseSeconds = 40
const sideBySide = 16
const failingDays = 3

async function claim(): Promise<Delivery[]> {
  const due = db()
    .select({ id: channelDeliveries.id })
    .from(channelDeliveries)
    .where(and(eq(channelDeliveries.status, 'waiting'), lte(channelDeliveries.nextAt, sql`now()`)))
    .orderBy(asc(channelDeliveries.nextAt))
    .limit(sideBySide)
    .for('update', { skipLocked: true })
  return db()
    .update(channelDeliveries)
    .set({ nextAt: sql`now() + make_interval(secs => ${leaseSeconds})`, attempts: sql`${channelDeliveries.attempts} + 1` })
    .where(and(inArray(channelDeliveries.id, due), eq(channelDeliveries.status, 'waiting'), lte(channelDeliveries.nextAt, sql`now()`)))
    .returning()
}

/** Sends one delivery now and writes what came of it. */
export async function deliverNow(delivery: Delivery, channel: Channel): Promise<Receipt> {
  const started = performance.now()
  const receipt = await sendUnsealed(delivery, channel)
  const pause = pauses[delivery.attempts - 1]
  const isOver = !receipt.isDelivered && (pause === undefined || delivery.event === 'test')
  await db()
    .update(channelDeliveries)
    .set({
      status: receipt.isDelivered ? 'delivered' : isOver ? 'failed' : 'waiting',
      answerStatus: receipt.status,
      answer: receipt.answer,
      error: receipt.error,
      durationMs: Math.round(performance.now() - started),
      deliveredAt: receipt.isDelivered ? new Date() : null,
      ...(pause === undefined ? {} : { nextAt: sql`now() + make_interval(secs => ${pause})` }),
    })
    .where(eq(channelDeliveries.id, delivery.id))
  await noteChannel(channel, receipt)
  return receipt
}

async function sendUnsealed(delivery: Delivery, channel: Channel): Promise<Receipt> {
  try {
    const secret = channel.sealedSecret ? unseal(channel.sealedSecret) : null
    return await send({ ...delivery, kind: channel.kind, target: unseal(channel.sealedTarget), secret })
  } catch (error) {
    return { isDelivered: false, status: null, answer: null, error: (error as Error).message }
  }
}

/** A channel that fails for days is switched off, and says so, rather than tried for ever. */
async function noteChannel(channel: Channel, { isDelivered, error }: Receipt): Promise<void> {
  if (isDelivered && !channel.failingSince) return
  if (isDelivered) await db().update(channels).set({ failingSince: null }).where(eq(channels.id, channel.id))
  else if (!channel.failingSince) await db().update(channels).set({ failingSince: new Date() }).where(eq(channels.id, channel.id))
  else if (Date.now() - channel.failingSince.getTime() > failingDays * 24 * 3_600_000) await switchOff(channel, error)
  await announce(db(), 'channel', channel.projectId, channel.id)
}

async function switchOff(channel: Channel, error: string | null): Promise<void> {
  const disabledReason = `Nothing got through for ${failingDays} days: ${error ?? 'it did not answer'}`
  await db().update(channels).set({ isEnabled: false, disabledReason }).where(eq(channels.id, channel.id))
  await recordSystemAudit(db(), { action: 'channel.disable', targetType: 'channel', targetId: channel.id, targetName: channel.name, after: { disabledReason }, projectId: channel.projectId })
}

/** Sends all that is due; called by the worker every second. */
export async function deliverChannels(): Promise<void> {
  for (let rows = await claim(); rows.length > 0; rows = await claim()) {
    const found = await db()
      .select()
      .from(channels)
      .where(inArray(channels.id, rows.map((row) => row.channelId)))
    const sends = rows.map((row) => {
      const channel = found.find(({ id }) => id === row.channelId)
      return channel ? deliverNow(row, channel) : undefined
    })
    for (const outcome of await Promise.allSettled(sends))
      if (outcome.status === 'rejected') log.warn('a delivery could not be settled; it is tried again', { error: outcome.reason })
  }
}

const keptDays = 30

export const sweepDeliveries = () =>
  db()
    .delete(channelDeliveries)
    .where(sql`${channelDeliveries.status} <> 'waiting' and ${channelDeliveries.createdAt} < now() - make_interval(days => ${keptDays})`)
