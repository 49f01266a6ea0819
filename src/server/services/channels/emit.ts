/** Events that people subscribe to: a delivery is written for each channel in the transaction that causes the event. */
import { and, eq, inArray, sql } from 'drizzle-orm'
import type { ChannelEvent } from '#src/contracts/channel.ts'
import type { Queryable } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { channelDeliveries, channels } from '#src/server/db/schema.ts'

/** @param only the channels that are meant; left out, every one of the project that subscribes to the event. */
export async function emit(
  tx: Queryable,
  projectId: string,
  event: ChannelEvent,
  data: Record<string, unknown> & { correlation_id: string },
  only?: readonly string[],
): Promise<void> {
  const isMeant = only && only.length > 0 ? inArray(channels.id, [...only]) : sql`${channels.events} ? ${event}`
  const rows = await tx
    .select({ id: channels.id })
    .from(channels)
    .where(and(eq(channels.projectId, projectId), eq(channels.isEnabled, true), isMeant))
  if (rows.length === 0) return
  const payload = { type: event, timestamp: new Date().toISOString(), data }
  await tx
    .insert(channelDeliveries)
    .values(rows.map(({ id }) => ({ id: newId(), channelId: id, event, payload, correlationId: data.correlation_id })))
}
