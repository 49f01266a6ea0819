import { z } from 'zod'
import { id, name, pageOf, text } from './common.ts'

export const channelKind = z.enum(['webhook', 'slack', 'email'])
export type ChannelKind = z.infer<typeof channelKind>

export const channelEvents = [
  'alert.firing',
  'alert.resolved',
  'deployment.ready',
  'deployment.degraded',
  'deployment.failed',
  'training.succeeded',
  'training.failed',
  'version.ready',
  'version.rejected',
] as const
export const channelEvent = z.enum(channelEvents)
export type ChannelEvent = z.infer<typeof channelEvent>

const deliveryStatus = z.enum(['waiting', 'delivered', 'failed'])

export const channel = z.object({
  id: z.string(),
  name: z.string(),
  kind: channelKind,
  /** Where it leads, without the secret part of an address. */
  target: z.string(),
  events: z.array(channelEvent),
  isEnabled: z.boolean(),
  failingSince: z.iso.datetime().nullable(),
  disabledReason: z.string().nullable(),
  waiting: z.number().int(),
  /** The latest message: when it was written, and what has become of it. */
  lastDelivery: z.object({ status: deliveryStatus, at: z.iso.datetime() }).nullable(),
  createdAt: z.iso.datetime(),
})
export type Channel = z.infer<typeof channel>

/** `target` is an address, or e-mail addresses separated by commas. */
export const createChannel = z.object({
  name,
  kind: channelKind,
  target: text(2000).min(1),
  events: z.array(channelEvent).min(1).max(channelEvents.length).default(['alert.firing', 'alert.resolved']),
})
export type CreateChannel = z.infer<typeof createChannel>
export const channelRef = z.object({ id })
export const updateChannel = channelRef.extend({
  name: name.optional(),
  target: text(2000).min(1).optional(),
  events: z.array(channelEvent).min(1).max(channelEvents.length).optional(),
  isEnabled: z.boolean().optional(),
})
/** `secret` signs what a webhook gets (Standard Webhooks); it is shown this once. */
export const createdChannel = z.object({ channel, secret: z.string().nullable() })

export const delivery = z.object({
  id: z.string(),
  channelId: z.string(),
  event: z.string(),
  status: deliveryStatus,
  attempts: z.number().int(),
  nextAt: z.iso.datetime(),
  answerStatus: z.number().int().nullable(),
  answer: z.string().nullable(),
  error: z.string().nullable(),
  durationMs: z.number().nullable(),
  payload: z.record(z.string(), z.unknown()),
  isReplay: z.boolean(),
  createdAt: z.iso.datetime(),
  deliveredAt: z.iso.datetime().nullable(),
})
export type Delivery = z.infer<typeof delivery>
export const listDeliveries = channelRef.extend({
  limit: z.number().int().min(1).max(1000).default(50),
  cursor: text(500).optional(),
})
export const deliveryPage = pageOf(delivery)
