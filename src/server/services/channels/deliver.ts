/** Delivers what `emit` wrote: tried again with growing pauses for some hours, then given up. Run by the worker. */
import { and, asc, eq, inArray, lte, notInArray, sql } from 'drizzle-orm'
import { db, type Tx, transaction } from '#src/server/db/client.ts'
import { channelDeliveries, channels } from '#src/server/db/schema.ts'
import { createLog } from '#src/server/log.ts'
import { unseal } from '#src/server/sealing.ts'
import { announce, recordSystemAudit } from '../audit.ts'
import { UnderWay } from '../underWay.ts'
import { signingSecrets, unsealSecret } from './secret.ts'
import { type Receipt, send } from './send.ts'

type Delivery = typeof channelDeliveries.$inferSelect
type Channel = typeof channels.$inferSelect

const log = createLog('channels')
/** Seconds before each further try: about six hours in all. */
const pauses = [5, 30, 120, 600, 1800, 3600, 7200, 7200]
/** Longer than any try takes: what a worker left behind is taken up again. */
const leaseSeconds = 60
const maxAtOnce = 64
const maxAtOnceOfProject = 16
const maxAtOnceOfChannel = 8
const failingHours = 24
const goneStatus = 410

const underWay = new UnderWay()

/** Takes what is due and not held up by a channel or a project that is busy. */
async function claim(limit: number): Promise<Delivery[]> {
  const busyChannels = underWay.atLeast(maxAtOnceOfChannel)
  const busyProjects = underWay.atLeast(maxAtOnceOfProject)
  return transaction(async (tx) => {
    const due = await tx
      .select({ id: channelDeliveries.id })
      .from(channelDeliveries)
      .innerJoin(channels, and(eq(channels.id, channelDeliveries.channelId), eq(channels.isEnabled, true)))
      .where(
        and(
          eq(channelDeliveries.status, 'waiting'),
          lte(channelDeliveries.nextAt, sql`now()`),
          notInArray(channelDeliveries.channelId, busyChannels),
          notInArray(channels.projectId, busyProjects),
        ),
      )
      .orderBy(asc(channelDeliveries.nextAt))
      .limit(limit)
      .for('update', { of: channelDeliveries, skipLocked: true })
    if (due.length === 0) return []
    return tx
      .update(channelDeliveries)
      .set({
        nextAt: sql`now() + make_interval(secs => ${leaseSeconds})`,
        attempts: sql`${channelDeliveries.attempts} + 1`,
        // Without a duration a try is under way, and nobody hurries it.
        durationMs: null,
      })
      .where(
        inArray(
          channelDeliveries.id,
          due.map(({ id }) => id),
        ),
      )
      .returning()
  })
}

/** Sends one delivery that the caller has taken, and writes what came of it. */
export async function deliverNow(delivery: Delivery, channel: Channel): Promise<void> {
  const started = performance.now()
  const receipt = await sendUnsealed(delivery, channel)
  const durationMs = Math.round(performance.now() - started)
  await transaction(async (tx) => {
    await settle(tx, delivery, receipt, durationMs)
    await noteChannel(tx, channel, receipt)
  })
}

async function settle(tx: Tx, delivery: Delivery, receipt: Receipt, durationMs: number): Promise<void> {
  const pause = pauses[delivery.attempts - 1]
  const isOver = pause === undefined || delivery.event === 'test' || receipt.status === goneStatus
  const status = receipt.isDelivered ? 'delivered' : isOver ? 'failed' : 'waiting'
  // Spread out, so that many that failed together do not come back together.
  const wait = (pause ?? 0) * (0.9 + 0.2 * Math.random())
  await tx
    .update(channelDeliveries)
    .set({
      status,
      answerStatus: receipt.status,
      answer: receipt.answer,
      error: receipt.error,
      durationMs,
      deliveredAt: receipt.isDelivered ? sql`now()` : null,
      ...(status === 'waiting' ? { nextAt: sql`now() + make_interval(secs => ${wait})` } : {}),
    })
    .where(eq(channelDeliveries.id, delivery.id))
}

async function sendUnsealed(delivery: Delivery, channel: Channel): Promise<Receipt> {
  const { event, payload, correlationId } = delivery
  try {
    const secrets = channel.sealedSecret ? signingSecrets(unsealSecret(channel.sealedSecret)) : []
    const id = `msg_${delivery.replayOf ?? delivery.id}`
    const { kind, projectId } = channel
    return await send({ id, event, payload, correlationId, kind, projectId, target: unseal(channel.sealedTarget), secrets })
  } catch (error) {
    return { isDelivered: false, status: null, answer: null, error: (error as Error).message }
  }
}

/** A channel that only fails is switched off after a day, and says so, rather than tried for ever. */
async function noteChannel(tx: Tx, channel: Channel, receipt: Receipt): Promise<void> {
  const [row] = await tx
    .update(channels)
    .set({ failingSince: receipt.isDelivered ? null : sql`coalesce(${channels.failingSince}, now())` })
    .where(eq(channels.id, channel.id))
    .returning()
  if (!row) return
  const hasFailedLong = row.failingSince !== null && Date.now() - row.failingSince.getTime() > failingHours * 3_600_000
  if (row.isEnabled && (receipt.status === goneStatus || hasFailedLong)) await switchOff(tx, row, receipt)
  await announce(tx, 'channel', channel.projectId, channel.id)
}

async function switchOff(tx: Tx, channel: Channel, { status, error }: Receipt): Promise<void> {
  const disabledReason =
    status === goneStatus
      ? 'Its address answered that it is gone (410). Give another one, and switch it on.'
      : `Nothing got through for ${failingHours} hours: ${error ?? 'it did not answer'} Mend it, send a test, and switch it on.`
  await tx.update(channels).set({ isEnabled: false, disabledReason }).where(eq(channels.id, channel.id))
  await recordSystemAudit(tx, {
    action: 'channel.disable',
    targetType: 'channel',
    targetId: channel.id,
    targetName: channel.name,
    after: { disabledReason },
    projectId: channel.projectId,
  })
  log.warn('a channel was switched off', { data: { channelId: channel.id, disabledReason } })
}

/** Starts all that is due and does not wait for it, so that a slow receiver holds up nobody else; called by the worker every second. */
export async function deliverChannels(): Promise<void> {
  const free = maxAtOnce - underWay.total
  if (free <= 0) return
  const rows = await claim(Math.min(free, maxAtOnceOfChannel))
  if (rows.length === 0) return
  const ids = rows.map(({ channelId }) => channelId)
  const found = await db().select().from(channels).where(inArray(channels.id, ids))
  for (const row of rows) {
    const channel = found.find(({ id }) => id === row.channelId)
    if (channel) start(row, channel)
  }
  if (rows.length === maxAtOnceOfChannel) await deliverChannels()
}

function start(delivery: Delivery, channel: Channel): void {
  void underWay
    .hold([channel.id, channel.projectId], () => deliverNow(delivery, channel))
    .catch((error) => log.warn('a delivery could not be settled; it is tried again', { error }))
}

const keptDays = 30

/** Forgets deliveries that were over long ago. */
export const sweepDeliveries = () =>
  db()
    .delete(channelDeliveries)
    .where(sql`${channelDeliveries.status} <> 'waiting' and ${channelDeliveries.createdAt} < now() - make_interval(days => ${keptDays})`)
