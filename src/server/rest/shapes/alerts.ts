/** Alerts, their rules and the channels that carry them, as REST shows them. */
import { z } from 'zod'
import { type Alert, type AlertRule, alertFigure, alertSeverity, alertStatus, type RulePreview } from '#src/contracts/alert.ts'
import { type Channel, channelEvent, channelKind, type Delivery, delivery as deliveryContract } from '#src/contracts/channel.ts'

const time = z.iso.datetime()
const named = z.object({ id: z.uuid(), name: z.string() })

export const alert = z
  .object({
    id: z.uuid(),
    rule: named,
    deployment: named.nullable().meta({ description: 'Null for what is about a runtime, or about the installation itself' }),
    runtime: named.nullable(),
    figure: alertFigure,
    severity: alertSeverity,
    status: alertStatus,
    value: z.number().nullable().meta({ description: 'The figure when it fired' }),
    worst: z.number().nullable(),
    last_value: z.number().nullable(),
    threshold: z.number(),
    message: z.string(),
    note: z.string().nullable(),
    notified_at: time.nullable().meta({ description: 'When the channels were told; null while a cooldown holds that back' }),
    fired_at: time,
    acknowledged_at: time.nullable(),
    acknowledged_by: z.string().nullable(),
    resolved_at: time.nullable(),
    resolved_by: z.string().nullable().meta({ description: 'Null when it was over by itself' }),
  })
  .meta({ title: 'Alert' })

export const presentAlert = (of: Alert): z.infer<typeof alert> => ({
  id: of.id,
  rule: of.rule,
  deployment: of.deployment,
  runtime: of.runtime,
  figure: of.figure,
  severity: of.severity,
  status: of.status,
  value: of.value,
  worst: of.worst,
  last_value: of.lastValue,
  threshold: of.threshold,
  message: of.message,
  note: of.note,
  notified_at: of.notifiedAt,
  fired_at: of.firedAt,
  acknowledged_at: of.acknowledgedAt,
  acknowledged_by: of.acknowledgedBy,
  resolved_at: of.resolvedAt,
  resolved_by: of.resolvedBy,
})

export const alertRule = z
  .object({
    id: z.uuid(),
    name: z.string(),
    figure: alertFigure,
    deployment: named.nullable(),
    model: named.nullable(),
    warning: z.number().nullable(),
    critical: z.number().nullable(),
    window_minutes: z.int(),
    min_requests: z.int(),
    for_minutes: z.int(),
    cooldown_minutes: z.int(),
    channels: z.array(named),
    enabled: z.boolean(),
    muted_until: time.nullable(),
    open_alerts: z.int(),
    created_at: time,
  })
  .meta({ title: 'AlertRule' })

export const presentRule = (of: AlertRule): z.infer<typeof alertRule> => ({
  id: of.id,
  name: of.name,
  figure: of.figure,
  deployment: of.deployment,
  model: of.model,
  warning: of.warning,
  critical: of.critical,
  window_minutes: of.windowMinutes,
  min_requests: of.minRequests,
  for_minutes: of.forMinutes,
  cooldown_minutes: of.cooldownMinutes,
  channels: of.channels,
  enabled: of.isEnabled,
  muted_until: of.mutedUntil,
  open_alerts: of.openAlerts,
  created_at: of.createdAt,
})

export const rulePreview = z
  .object({
    deployment: named,
    points: z.array(z.object({ at: time, value: z.number().nullable(), requests: z.number() })),
    firings: z.array(z.object({ from: time, to: time, severity: alertSeverity })),
  })
  .meta({ title: 'AlertRulePreview' })

export const presentPreview = ({ id, name, points, firings }: RulePreview['deployments'][number]): z.infer<typeof rulePreview> => ({
  deployment: { id, name },
  points,
  firings,
})

export const channel = z
  .object({
    id: z.uuid(),
    name: z.string(),
    kind: channelKind,
    target: z.string().meta({ description: 'E-mail addresses, or the origin of an address: its path may be a password' }),
    events: z.array(channelEvent),
    enabled: z.boolean(),
    failing_since: time.nullable(),
    disabled_reason: z.string().nullable(),
    waiting: z.int().meta({ description: 'Deliveries that are still to be made' }),
    created_at: time,
  })
  .meta({ title: 'Channel' })

export const presentChannel = (of: Channel): z.infer<typeof channel> => ({
  id: of.id,
  name: of.name,
  kind: of.kind,
  target: of.target,
  events: of.events,
  enabled: of.isEnabled,
  failing_since: of.failingSince,
  disabled_reason: of.disabledReason,
  waiting: of.waiting,
  created_at: of.createdAt,
})

export const createdChannel = channel
  .extend({ secret: z.string().nullable().meta({ description: 'Signs what a webhook gets; shown this once' }) })
  .meta({ title: 'CreatedChannel' })

export const presentCreated = (of: { channel: Channel; secret: string | null }): z.infer<typeof createdChannel> => ({
  ...presentChannel(of.channel),
  secret: of.secret,
})

export const delivery = z
  .object({
    id: z.uuid(),
    event: z.string(),
    status: deliveryContract.shape.status,
    attempts: z.int(),
    next_at: time,
    answer_status: z.int().nullable(),
    answer: z.string().nullable(),
    error: z.string().nullable(),
    duration_ms: z.number().nullable(),
    payload: z.record(z.string(), z.unknown()),
    replay: z.boolean(),
    created_at: time,
    delivered_at: time.nullable(),
  })
  .meta({ title: 'Delivery' })

export const presentDelivery = (of: Delivery): z.infer<typeof delivery> => ({
  id: of.id,
  event: of.event,
  status: of.status,
  attempts: of.attempts,
  next_at: of.nextAt,
  answer_status: of.answerStatus,
  answer: of.answer,
  error: of.error,
  duration_ms: of.durationMs,
  payload: of.payload,
  replay: of.isReplay,
  created_at: of.createdAt,
  delivered_at: of.deliveredAt,
})
