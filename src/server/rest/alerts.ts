/** Alerts and their rules. */
import { z } from 'zod'
import { alertDefaults, alertFigure, listAlerts as listContract, type UpdateRule } from '#src/contracts/alert.ts'
import { id, text } from '#src/contracts/common.ts'
import * as alerts from '#src/server/services/alerts/alerts.ts'
import { previewRule } from '#src/server/services/alerts/preview.ts'
import * as rules from '#src/server/services/alerts/rules.ts'
import { pageQuery } from './fields.ts'
import { listOf, sliceOf } from './paging.ts'
import { route } from './route.ts'
import * as shape from './shapes/alerts.ts'

const tag = 'Alerts'
const { limit, skip, cursor } = pageQuery
const reference = text(200).min(1).nullable()
const threshold = z.number().min(0).max(1e9).nullable()
const minutes = (min: number, max: number) => z.int().min(min).max(max)

const scope = {
  deployment: reference.optional().meta({ description: 'Id or name of the one deployment that it watches' }),
  model: reference.optional().meta({ description: 'Id or name of a model, each of whose deployments it watches' }),
}
const timing = {
  window_minutes: minutes(1, 1440),
  min_requests: z.int().min(0).max(1_000_000),
  for_minutes: minutes(0, 60),
  cooldown_minutes: minutes(0, 1440),
}
const channelIds = z.array(id).max(20)

const createRule = z
  .strictObject({
    name: text(100).min(1),
    figure: alertFigure,
    ...scope,
    warning: threshold.default(null),
    critical: threshold.default(null),
    window_minutes: timing.window_minutes.default(alertDefaults.windowMinutes),
    min_requests: timing.min_requests.default(alertDefaults.minRequests),
    for_minutes: timing.for_minutes.default(alertDefaults.forMinutes),
    cooldown_minutes: timing.cooldown_minutes.default(alertDefaults.cooldownMinutes),
    channels: channelIds.default([]).meta({ description: 'Ids of the channels that alone are told' }),
  })
  .meta({ title: 'CreateAlertRule' })

const updateRule = z
  .strictObject({
    name: text(100).min(1).optional(),
    ...scope,
    warning: threshold.optional(),
    critical: threshold.optional(),
    window_minutes: timing.window_minutes.optional(),
    min_requests: timing.min_requests.optional(),
    for_minutes: timing.for_minutes.optional(),
    cooldown_minutes: timing.cooldown_minutes.optional(),
    channels: channelIds.optional(),
    enabled: z.boolean().optional(),
  })
  .meta({ title: 'UpdateAlertRule' })

const previewBody = z
  .strictObject({
    figure: alertFigure,
    ...scope,
    warning: threshold.default(null),
    critical: threshold.default(null),
    window_minutes: timing.window_minutes.default(alertDefaults.windowMinutes),
    min_requests: timing.min_requests.default(alertDefaults.minRequests),
    for_minutes: timing.for_minutes.default(alertDefaults.forMinutes),
    hours: z.int().min(1).max(168).default(24),
  })
  .meta({ title: 'PreviewAlertRule' })

const camel: Record<string, string> = {
  window_minutes: 'windowMinutes',
  min_requests: 'minRequests',
  for_minutes: 'forMinutes',
  cooldown_minutes: 'cooldownMinutes',
  channels: 'channelIds',
  enabled: 'isEnabled',
}
/** The fields as services name them. */
const renamed = <T>(fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [camel[name] ?? name, value])) as T

export const alertRoutes = [
  route({
    method: 'GET',
    path: '/alerts',
    rule: 'read',
    tag,
    summary: 'List alerts, newest first',
    query: z.strictObject({
      status: listContract.shape.status.meta({ description: '`open` is what fires or is acknowledged' }),
      deployment: text(200).min(1).optional(),
      limit,
      cursor,
    }),
    response: shape.alert,
    isList: true,
    handle: async ({ caller, query }) => listOf(await alerts.listAlerts(caller, query), shape.presentAlert),
  }),
  route({
    method: 'GET',
    path: '/alerts/{alert}',
    rule: 'read',
    tag,
    summary: 'Get an alert',
    response: shape.alert,
    handle: async ({ caller, params }) => shape.presentAlert(await alerts.getAlert(caller, params.alert)),
  }),
  route({
    method: 'POST',
    path: '/alerts/{alert}/acknowledge',
    rule: 'deploy',
    tag,
    summary: 'Say that somebody looks after an alert',
    body: z.strictObject({ note: text(1000).optional() }).meta({ title: 'AcknowledgeAlert' }),
    response: shape.alert,
    example: { note: 'Rolling back to version 3' },
    handle: async ({ caller, params, body }) => shape.presentAlert(await alerts.acknowledgeAlert(caller, { id: params.alert, ...body })),
  }),
  route({
    method: 'POST',
    path: '/alerts/{alert}/resolve',
    rule: 'deploy',
    tag,
    summary: 'Close an alert by hand',
    description: 'The same does not open again within the cooldown of its rule, unless it gets worse.',
    response: shape.alert,
    handle: async ({ caller, params }) => shape.presentAlert(await alerts.resolveAlert(caller, params.alert)),
  }),
  route({
    method: 'GET',
    path: '/alert-rules',
    rule: 'read',
    tag,
    summary: 'List alert rules',
    query: z.strictObject({ limit, skip }),
    response: shape.alertRule,
    isList: true,
    handle: async ({ caller, query }) => sliceOf(await rules.listRules(caller), query, shape.presentRule),
  }),
  route({
    method: 'POST',
    path: '/alert-rules',
    rule: 'deploy',
    tag,
    summary: 'Make an alert rule',
    description:
      'Shares are from 0 to 1, times in milliseconds. With neither a deployment nor a model it watches every deployment of the project. ' +
      '`no_requests` is the minutes since the last request of a deployment that had `min_requests` within the window, `runtime_silent` the ' +
      'seconds since the last heartbeat of a runtime that was heard of within the window, `disk_free` the free share of the data disk; ' +
      'their window must be longer than their thresholds.',
    status: 201,
    body: createRule,
    response: shape.alertRule,
    example: { name: 'Slow answers', figure: 'latency_p95', warning: 200, critical: 1000 },
    handle: async ({ caller, body }) => shape.presentRule(await rules.createRule(caller, renamed(body))),
  }),
  route({
    method: 'POST',
    path: '/alert-rules/preview',
    rule: 'read',
    tag,
    summary: 'See what a rule would have done in the past',
    description: 'Of `runtime_silent` and `disk_free` no past is kept: the answer is empty.',
    body: previewBody,
    response: z.array(shape.rulePreview),
    example: { figure: 'latency_p95', warning: 200, hours: 24 },
    handle: async ({ caller, body }) => (await previewRule(caller, renamed(body))).deployments.map(shape.presentPreview),
  }),
  route({
    method: 'GET',
    path: '/alert-rules/{rule}',
    rule: 'read',
    tag,
    summary: 'Get an alert rule',
    response: shape.alertRule,
    handle: async ({ caller, params }) => shape.presentRule(await rules.getRule(caller, params.rule)),
  }),
  route({
    method: 'PATCH',
    path: '/alert-rules/{rule}',
    rule: 'deploy',
    tag,
    summary: 'Change an alert rule',
    description: 'What is left out stays as it is.',
    body: updateRule,
    response: shape.alertRule,
    example: { critical: 2000, enabled: true },
    handle: async ({ caller, params, body }) =>
      shape.presentRule(await rules.updateRule(caller, { ...renamed<Omit<UpdateRule, 'id'>>(body), id: params.rule })),
  }),
  route({
    method: 'PUT',
    path: '/alert-rules/{rule}/mute',
    rule: 'deploy',
    tag,
    summary: 'Mute an alert rule for a while, or end that',
    body: z.strictObject({ minutes: minutes(1, 43_200).nullable() }).meta({ title: 'MuteAlertRule' }),
    response: shape.alertRule,
    example: { minutes: 60 },
    handle: async ({ caller, params, body }) => shape.presentRule(await rules.muteRule(caller, { id: params.rule, ...body })),
  }),
  route({
    method: 'DELETE',
    path: '/alert-rules/{rule}',
    rule: 'deploy',
    tag,
    summary: 'Delete an alert rule, with the history of its alerts',
    status: 204,
    handle: ({ caller, params }) => rules.deleteRule(caller, params.rule),
  }),
]
