/** Where a project's news go: webhooks, Slack, e-mail. */
import { z } from 'zod'
import { channelEvent, channelEvents, channelKind } from '#src/contracts/channel.ts'
import { name, text } from '#src/contracts/common.ts'
import * as channels from '#src/server/services/channels/change.ts'
import { pageQuery } from './fields.ts'
import { listOf, sliceOf } from './paging.ts'
import { route } from './route.ts'
import * as shape from './shapes/alerts.ts'

const tag = 'Channels'
const { limit, skip, cursor } = pageQuery
const events = z.array(channelEvent).min(1).max(channelEvents.length)
const target = text(2000).min(1).meta({ description: 'An address, or e-mail addresses separated by commas' })

export const channelRoutes = [
  route({
    method: 'GET',
    path: '/channels',
    rule: 'read',
    tag,
    summary: 'List channels',
    query: z.strictObject({ limit, skip }),
    response: shape.channel,
    isList: true,
    handle: async ({ caller, query }) => sliceOf(await channels.listChannels(caller), query, shape.presentChannel),
  }),
  route({
    method: 'POST',
    path: '/channels',
    rule: 'admin',
    tag,
    summary: 'Make a channel',
    description:
      'A webhook gets each event as JSON (type, timestamp, data, a title for people and the url of its page) by POST ' +
      'with the headers webhook-id, webhook-timestamp and webhook-signature of Standard Webhooks. ' +
      'Private addresses are refused unless a setting names them.',
    status: 201,
    body: z
      .strictObject({ name, kind: channelKind, target, events: events.default(['alert.firing', 'alert.resolved']) })
      .meta({ title: 'CreateChannel' }),
    response: shape.createdChannel,
    example: { name: 'on-call', kind: 'webhook', target: 'https://example.org/hooks/neuroweaver' },
    handle: async ({ caller, body }) => shape.presentCreated(await channels.createChannel(caller, body)),
  }),
  route({
    method: 'GET',
    path: '/channels/{channel}',
    rule: 'read',
    tag,
    summary: 'Get a channel',
    response: shape.channel,
    handle: async ({ caller, params }) => shape.presentChannel(await channels.getChannel(caller, params.channel)),
  }),
  route({
    method: 'PATCH',
    path: '/channels/{channel}',
    rule: 'admin',
    tag,
    summary: 'Change a channel, or switch it on or off',
    body: z
      .strictObject({ name: name.optional(), target: target.optional(), events: events.optional(), enabled: z.boolean().optional() })
      .transform(({ enabled: isEnabled, ...rest }) => ({ ...rest, isEnabled }))
      .meta({ title: 'UpdateChannel' }),
    response: shape.channel,
    example: { enabled: false },
    handle: async ({ caller, params, body }) => shape.presentChannel(await channels.updateChannel(caller, { id: params.channel, ...body })),
  }),
  route({
    method: 'DELETE',
    path: '/channels/{channel}',
    rule: 'admin',
    tag,
    summary: 'Delete a channel, with its log of deliveries',
    status: 204,
    handle: ({ caller, params }) => channels.deleteChannel(caller, params.channel),
  }),
  route({
    method: 'POST',
    path: '/channels/{channel}/rotate',
    rule: 'admin',
    tag,
    summary: 'Give a webhook a new secret',
    description: 'For a day the old one signs beside it.',
    response: shape.createdChannel,
    handle: async ({ caller, params }) => shape.presentCreated(await channels.rotateSecret(caller, params.channel)),
  }),
  route({
    method: 'POST',
    path: '/channels/{channel}/test',
    rule: 'deploy',
    tag,
    summary: 'Send a test at once, and see what became of it',
    response: shape.delivery,
    handle: async ({ caller, params }) => shape.presentDelivery(await channels.testChannel(caller, params.channel)),
  }),
  route({
    method: 'GET',
    path: '/channels/{channel}/deliveries',
    rule: 'deploy',
    tag,
    summary: 'List what was sent through a channel, newest first',
    query: z.strictObject({ limit, cursor }),
    response: shape.delivery,
    isList: true,
    handle: async ({ caller, params, query }) =>
      listOf(await channels.listDeliveries(caller, { id: params.channel, ...query }), shape.presentDelivery),
  }),
  route({
    method: 'POST',
    path: '/channels/{channel}/deliveries/{delivery}/replay',
    rule: 'deploy',
    tag,
    summary: 'Send a delivery once more, under the same webhook id',
    description: 'One that still waits is tried now, and is the one that is answered.',
    status: 202,
    response: shape.delivery,
    handle: async ({ caller, params }) =>
      shape.presentDelivery(await channels.replayDelivery(caller, { id: params.channel, delivery: params.delivery })),
  }),
]
