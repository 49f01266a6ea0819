/** Channels: where alerts and events are sent to. */
import { and, asc, desc, eq, isNotNull, or, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { email } from '#src/contracts/access.ts'
import type {
  Channel,
  ChannelKind,
  CreateChannel,
  Delivery,
  listDeliveries as listDeliveriesInput,
  updateChannel as updateInput,
} from '#src/contracts/channel.ts'
import type { Page } from '#src/contracts/common.ts'
import { db, isUniqueViolation, type Queryable, type Tx, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { channelDeliveries, channels } from '#src/server/db/schema.ts'
import { env } from '#src/server/env.ts'
import { AppError } from '#src/server/errors.ts'
import { checkOutboundUrl } from '#src/server/outbound.ts'
import { seal } from '#src/server/sealing.ts'
import type { Caller } from '../access.ts'
import { announce, recordAudit } from '../audit.ts'
import { afterCursor, encodeCursor, listPlace } from '../paging.ts'
import { deliverNow } from './deliver.ts'
import { newSecret, rotated, sealSecret } from './secret.ts'

type Row = typeof channels.$inferSelect

const badTarget = (message: string) => new AppError('bad_request', `target: ${message}`, { details: [{ path: 'target', message }] })

/** Checks where a channel leads. @returns the form that may be shown: of an address its origin, since its path may be a password. */
async function checkTarget(kind: ChannelKind, target: string): Promise<string> {
  if (kind === 'email') {
    const addresses = target.split(',').map((one) => email.safeParse(one.trim()))
    if (addresses.some(({ success }) => !success)) throw badTarget('must be e-mail addresses, separated by commas')
    if (!env().SMTP_URL) throw new AppError('conflict', 'No mail server is set up. Set SMTP_URL and start again.')
    return addresses.map(({ data }) => data).join(', ')
  }
  const url = await checkOutboundUrl(target).catch((error) => {
    throw error instanceof AppError ? badTarget(error.message.replace(/^url: /, '')) : error
  })
  return url.pathname === '/' && url.search === '' ? url.origin : `${url.origin}/…`
}

async function read(where: ReturnType<typeof and>): Promise<Channel[]> {
  const last = sql<{
    status: Delivery['status']
    at: string
  } | null>`(select json_build_object('status', d.status, 'at', d.created_at) from channel_deliveries d
    where d.channel_id = channels.id order by d.created_at desc limit 1)`
  const waiting = sql<number>`(select count(*)::int from channel_deliveries d where d.channel_id = channels.id and d.status = 'waiting')`
  const rows = await db().select({ row: channels, last, waiting }).from(channels).where(where).orderBy(asc(channels.name)).limit(1000)
  return rows.map(({ row, last: latest, waiting: count }) => ({
    id: row.id,
    name: row.name,
    kind: row.kind,
    target: row.target,
    events: row.events,
    isEnabled: row.isEnabled,
    failingSince: row.failingSince?.toISOString() ?? null,
    disabledReason: row.disabledReason,
    waiting: count,
    lastDelivery: latest ? { status: latest.status, at: new Date(latest.at).toISOString() } : null,
    createdAt: row.createdAt.toISOString(),
  }))
}

const inProject = (caller: Caller) => eq(channels.projectId, caller.project.id)

export const listChannels = (caller: Caller): Promise<Channel[]> => read(inProject(caller))

export async function getChannel(caller: Caller, id: string): Promise<Channel> {
  const [channel] = await read(and(inProject(caller), eq(channels.id, id)))
  if (!channel) throw missing()
  return channel
}

const missing = () => new AppError('not_found', 'There is no such channel in this project.')

async function findRow(on: Queryable, caller: Caller, id: string): Promise<Row> {
  const [row] = await on
    .select()
    .from(channels)
    .where(and(inProject(caller), eq(channels.id, id)))
  if (!row) throw missing()
  return row
}

const taken = (name: string) =>
  new AppError('conflict', `There is already a channel named "${name}". Choose another name.`, {
    details: [{ path: 'name', message: 'is taken' }],
  })

/** Makes a channel. @returns it, with the secret that signs what a webhook gets, which is shown this once. */
export async function createChannel(caller: Caller, input: CreateChannel): Promise<{ channel: Channel; secret: string | null }> {
  const target = await checkTarget(input.kind, input.target)
  const secret = input.kind === 'webhook' ? newSecret() : null
  const id = newId()
  try {
    await transaction(async (tx) => {
      await tx.insert(channels).values({
        id,
        projectId: caller.project.id,
        name: input.name,
        kind: input.kind,
        target,
        sealedTarget: seal(input.target),
        sealedSecret: secret ? sealSecret({ current: secret }) : null,
        events: input.events,
        createdBy: caller.userId,
      })
      await recordAudit(tx, caller, {
        action: 'channel.create',
        targetType: 'channel',
        targetId: id,
        after: { name: input.name, kind: input.kind, target, events: input.events },
      })
      await announce(tx, 'channel', caller.project.id, id)
    })
  } catch (error) {
    if (isUniqueViolation(error)) throw taken(input.name)
    throw error
  }
  return { channel: await getChannel(caller, id), secret }
}

const factsOf = ({ name, target, events, isEnabled }: Row) => ({ name, target, events, isEnabled })

export async function updateChannel(caller: Caller, { id, ...input }: z.infer<typeof updateInput>): Promise<Channel> {
  const known = await findRow(db(), caller, id)
  const target = input.target === undefined ? undefined : await checkTarget(known.kind, input.target)
  try {
    await transaction(async (tx) => {
      const before = await findRow(tx, caller, id)
      const [row] = await tx
        .update(channels)
        .set({
          ...(input.name === undefined ? {} : { name: input.name }),
          ...(input.events === undefined ? {} : { events: input.events }),
          ...(input.isEnabled === undefined ? {} : { isEnabled: input.isEnabled }),
          ...(input.isEnabled ? { failingSince: null, disabledReason: null } : {}),
          ...(target === undefined || input.target === undefined ? {} : { target, sealedTarget: seal(input.target) }),
          updatedAt: new Date(),
        })
        .where(eq(channels.id, id))
        .returning()
      if (!row) throw missing()
      await recordAudit(tx, caller, {
        action: 'channel.update',
        targetType: 'channel',
        targetId: id,
        before: factsOf(before),
        after: factsOf(row),
      })
      await announce(tx, 'channel', caller.project.id, id)
    })
  } catch (error) {
    if (isUniqueViolation(error)) throw taken(input.name ?? '')
    throw error
  }
  return getChannel(caller, id)
}

export async function deleteChannel(caller: Caller, id: string): Promise<void> {
  await transaction(async (tx) => {
    const row = await findRow(tx, caller, id)
    await recordAudit(tx, caller, { action: 'channel.delete', targetType: 'channel', targetId: id, before: factsOf(row) })
    await tx.delete(channels).where(eq(channels.id, id))
    await announce(tx, 'channel', caller.project.id, id)
  })
}

/** A new secret for a webhook; for a day the old one signs beside it. @returns the new one, this once. */
export async function rotateSecret(caller: Caller, id: string): Promise<{ channel: Channel; secret: string | null }> {
  const secret = newSecret()
  await transaction(async (tx) => {
    const row = await findRow(tx, caller, id)
    if (row.sealedSecret === null) throw new AppError('conflict', 'Only what a webhook gets is signed.')
    await tx
      .update(channels)
      .set({ sealedSecret: sealSecret(rotated(row.sealedSecret, secret)) })
      .where(eq(channels.id, id))
    await recordAudit(tx, caller, { action: 'channel.rotate_secret', targetType: 'channel', targetId: id, targetName: row.name })
  })
  return { channel: await getChannel(caller, id), secret }
}

const viewDelivery = (row: typeof channelDeliveries.$inferSelect): Delivery => ({
  id: row.id,
  channelId: row.channelId,
  event: row.event,
  status: row.status,
  attempts: row.attempts,
  nextAt: row.nextAt.toISOString(),
  answerStatus: row.answerStatus,
  answer: row.answer,
  error: row.error,
  durationMs: row.durationMs,
  payload: row.payload,
  isReplay: row.replayOf !== null,
  createdAt: row.createdAt.toISOString(),
  deliveredAt: row.deliveredAt?.toISOString() ?? null,
})

/** What was sent to a channel, the latest first. */
export async function listDeliveries(caller: Caller, input: z.infer<typeof listDeliveriesInput>): Promise<Page<Delivery>> {
  const place = listPlace('deliveries', caller.project.id, input)
  await findRow(db(), caller, input.id)
  const where = eq(channelDeliveries.channelId, input.id)
  const [rows, total] = await Promise.all([
    db()
      .select()
      .from(channelDeliveries)
      .where(and(where, afterCursor(place, input.cursor, channelDeliveries.createdAt, channelDeliveries.id, 'desc')))
      .orderBy(desc(channelDeliveries.createdAt), desc(channelDeliveries.id))
      .limit(input.limit + 1),
    db().$count(channelDeliveries, where),
  ])
  const shown = rows.slice(0, input.limit)
  const last = rows.length > input.limit ? shown.at(-1) : undefined
  return { items: shown.map(viewDelivery), nextCursor: last ? encodeCursor(place, last.createdAt, last.id) : null, total }
}

/** Sends a test at once and says what came of it. */
export async function testChannel(caller: Caller, id: string): Promise<Delivery> {
  const channel = await findRow(db(), caller, id)
  const payload = { type: 'test', timestamp: new Date().toISOString(), data: { channel: { id, name: channel.name } } }
  const delivery = await transaction(async (tx) => {
    // It is sent here and now: the worker must not send it too.
    const nextAt = new Date(Date.now() + 60_000)
    const [row] = await tx
      .insert(channelDeliveries)
      .values({ id: newId(), channelId: id, event: 'test', payload, attempts: 1, nextAt, correlationId: caller.correlationId })
      .returning()
    await recordAudit(tx, caller, { action: 'channel.test', targetType: 'channel', targetId: id, targetName: channel.name })
    return row
  })
  if (!delivery) throw new AppError('internal', 'The test was not written.')
  await deliverNow(delivery, channel)
  return readDelivery(delivery.id)
}

async function readDelivery(id: string): Promise<Delivery> {
  const [row] = await db().select().from(channelDeliveries).where(eq(channelDeliveries.id, id))
  if (!row) throw new AppError('not_found', 'There is no such delivery.')
  return viewDelivery(row)
}

/** Brings the next try of a delivery forward to now, unless a try is under way: two at once would send it twice. */
async function hurry(tx: Tx, id: string): Promise<void> {
  const isResting = or(eq(channelDeliveries.attempts, 0), isNotNull(channelDeliveries.durationMs))
  const hurried = await tx
    .update(channelDeliveries)
    .set({ nextAt: sql`least(${channelDeliveries.nextAt}, now())` })
    .where(and(eq(channelDeliveries.id, id), eq(channelDeliveries.status, 'waiting'), isResting))
    .returning({ id: channelDeliveries.id })
  if (hurried.length === 0) throw new AppError('conflict', 'This delivery is just being sent. Look again in a moment.')
}

/** Sends a delivery again, as a new one; one that still waits is sent now instead. */
export async function replayDelivery(caller: Caller, input: { id: string; delivery: string }): Promise<Delivery> {
  const id = await transaction(async (tx) => {
    const channel = await findRow(tx, caller, input.id)
    const [old] = await tx
      .select()
      .from(channelDeliveries)
      .where(and(eq(channelDeliveries.id, input.delivery), eq(channelDeliveries.channelId, channel.id)))
    if (!old) throw new AppError('not_found', 'There is no such delivery of this channel.')
    if (!channel.isEnabled) throw new AppError('conflict', `The channel "${channel.name}" is off. Switch it on first.`)
    const sent = old.status === 'waiting' ? old.id : newId()
    if (sent === old.id) await hurry(tx, sent)
    else
      await tx.insert(channelDeliveries).values({
        id: sent,
        channelId: channel.id,
        event: old.event,
        payload: old.payload,
        replayOf: old.replayOf ?? old.id,
        correlationId: old.correlationId,
      })
    await recordAudit(tx, caller, {
      action: 'channel.replay',
      targetType: 'channel',
      targetId: channel.id,
      targetName: channel.name,
      after: { delivery: old.id },
    })
    await announce(tx, 'channel', caller.project.id, channel.id)
    return sent
  })
  return readDelivery(id)
}
