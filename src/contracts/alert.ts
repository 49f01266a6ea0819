import { z } from 'zod'
import { id, idOrName, pageOf, text } from './common.ts'

export const alertFigure = z.enum([
  'latency_p95',
  'success_rate',
  'error_rate',
  'accuracy',
  'throughput',
  'queue_p95',
  'cost_per_request',
  'no_requests',
  'runtime_silent',
  'disk_free',
])
export type AlertFigure = z.infer<typeof alertFigure>
export const alertSeverity = z.enum(['warning', 'critical'])
export type AlertSeverity = z.infer<typeof alertSeverity>
export const alertStatus = z.enum(['firing', 'acknowledged', 'resolved'])
export type AlertStatus = z.infer<typeof alertStatus>

/**
 * Each figure: how it is called, in what unit, which side of the threshold is bad, and the usual thresholds. What is reported of a
 * model from outside is the same for all its deployments; the rest is measured. A state is no mean over a window: it is how long
 * something is missing that was there within the window, or what is there now; it needs no number of requests, and no time that it lasts.
 */
export const alertFigures: Record<
  AlertFigure,
  {
    label: string
    unit: 'ms' | 'ratio' | 'rps' | 'cost' | 'min' | 's'
    isBadAbove: boolean
    /** What it is of: each deployment unless it says otherwise. What is the installation's own is the same in every project. */
    subject?: 'runtime' | 'disk'
    isState?: true
    isReported?: true
    warning: number | null
    critical: number | null
  }
> = {
  latency_p95: { label: 'Latency, p95', unit: 'ms', isBadAbove: true, warning: 2000, critical: 5000 },
  success_rate: { label: 'Success rate', unit: 'ratio', isBadAbove: false, warning: 0.95, critical: 0.9 },
  error_rate: { label: 'Error rate', unit: 'ratio', isBadAbove: true, warning: 0.05, critical: 0.1 },
  accuracy: { label: 'Accuracy', unit: 'ratio', isBadAbove: false, isReported: true, warning: 0.85, critical: 0.75 },
  throughput: { label: 'Throughput', unit: 'rps', isBadAbove: false, warning: null, critical: null },
  queue_p95: { label: 'Time in the queue, p95', unit: 'ms', isBadAbove: true, warning: 500, critical: 2000 },
  cost_per_request: { label: 'Cost of a request', unit: 'cost', isBadAbove: true, isReported: true, warning: null, critical: null },
  no_requests: { label: 'No requests', unit: 'min', isBadAbove: true, isState: true, warning: 10, critical: 30 },
  runtime_silent: { label: 'Runtime lost', unit: 's', isBadAbove: true, isState: true, subject: 'runtime', warning: 30, critical: 120 },
  disk_free: { label: 'Free disk space', unit: 'ratio', isBadAbove: false, isState: true, subject: 'disk', warning: 0.1, critical: 0.03 },
}
/** No share is beyond the whole. */
export const maxThreshold = (figure: AlertFigure): number => (alertFigures[figure].unit === 'ratio' ? 1 : 1e9)
/** Nothing is more than the whole or less than nothing: a rule with a threshold at that end would never fire. */
export function canBeCrossed(figure: AlertFigure, threshold: number): boolean {
  const { unit, isBadAbove } = alertFigures[figure]
  return isBadAbove ? unit !== 'ratio' || threshold < 1 : threshold > 0
}
/** How far back a state looks for what it misses, unless the rule says otherwise: a day. */
export const stateWindowMinutes = 1440
export const alertDefaults = { windowMinutes: 10, minRequests: 50, forMinutes: 0, cooldownMinutes: 15 } as const

const ruleFields = {
  name: text(100).min(1),
  figure: alertFigure,
  /** Id or name of one deployment, or of a model for each of its deployments; with neither the rule watches each of the project's. */
  deployment: idOrName.nullable().optional(),
  model: idOrName.nullable().optional(),
  warning: z.number().min(0).max(1e9).nullable(),
  critical: z.number().min(0).max(1e9).nullable(),
  windowMinutes: z.number().int().min(1).max(1440).default(alertDefaults.windowMinutes),
  minRequests: z.number().int().min(0).max(1_000_000).default(alertDefaults.minRequests),
  forMinutes: z.number().int().min(0).max(60).default(alertDefaults.forMinutes),
  cooldownMinutes: z.number().int().min(0).max(1440).default(alertDefaults.cooldownMinutes),
  channelIds: z.array(id).max(20).default([]),
}
export const createRule = z.object(ruleFields)
export type CreateRule = z.infer<typeof createRule>
export const ruleRef = z.object({ id })
export type UpdateRule = z.infer<typeof updateRule>
export const updateRule = z.object({
  id,
  name: ruleFields.name.optional(),
  deployment: ruleFields.deployment,
  model: ruleFields.model,
  warning: ruleFields.warning.optional(),
  critical: ruleFields.critical.optional(),
  windowMinutes: z.number().int().min(1).max(1440).optional(),
  minRequests: z.number().int().min(0).max(1_000_000).optional(),
  forMinutes: z.number().int().min(0).max(60).optional(),
  cooldownMinutes: z.number().int().min(0).max(1440).optional(),
  channelIds: z.array(id).max(20).optional(),
  isEnabled: z.boolean().optional(),
})
/** Null ends a mute. */
export const muteRule = z.object({ id, minutes: z.number().int().min(1).max(43_200).nullable() })

export const alertRule = z.object({
  id: z.string(),
  name: z.string(),
  figure: alertFigure,
  deployment: z.object({ id: z.string(), name: z.string() }).nullable(),
  model: z.object({ id: z.string(), name: z.string() }).nullable(),
  warning: z.number().nullable(),
  critical: z.number().nullable(),
  windowMinutes: z.number().int(),
  minRequests: z.number().int(),
  forMinutes: z.number().int(),
  cooldownMinutes: z.number().int(),
  channels: z.array(z.object({ id: z.string(), name: z.string() })),
  isEnabled: z.boolean(),
  mutedUntil: z.iso.datetime().nullable(),
  openAlerts: z.number().int(),
  createdAt: z.iso.datetime(),
})
export type AlertRule = z.infer<typeof alertRule>

/** What a rule would have done: the figure over the past, and when it would have fired. */
export const previewRule = z.object({
  figure: alertFigure,
  deployment: idOrName.nullable().optional(),
  model: idOrName.nullable().optional(),
  warning: z.number().min(0).max(1e9).nullable(),
  critical: z.number().min(0).max(1e9).nullable(),
  windowMinutes: z.number().int().min(1).max(1440),
  minRequests: z.number().int().min(0).max(1_000_000),
  forMinutes: z.number().int().min(0).max(60).default(0),
  hours: z.number().int().min(1).max(168).default(24),
})
export type PreviewRule = z.infer<typeof previewRule>
export const rulePreview = z.object({
  deployments: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      points: z.array(z.object({ at: z.iso.datetime(), value: z.number().nullable(), requests: z.number() })),
      firings: z.array(z.object({ from: z.iso.datetime(), to: z.iso.datetime(), severity: alertSeverity })),
    }),
  ),
  /** False where nothing is kept of the past; then `now` says what is seen at this moment. */
  hasPast: z.boolean(),
  now: z.array(z.object({ name: z.string(), value: z.number().nullable() })),
})
export type RulePreview = z.infer<typeof rulePreview>

export const alert = z.object({
  id: z.string(),
  rule: z.object({ id: z.string(), name: z.string() }),
  /** What it is about: a deployment, a runtime, or with neither the disk. */
  deployment: z.object({ id: z.string(), name: z.string() }).nullable(),
  runtime: z.object({ id: z.string(), name: z.string() }).nullable(),
  figure: alertFigure,
  severity: alertSeverity,
  status: alertStatus,
  /** The figure when it fired, at its worst, and when it was last looked at. */
  value: z.number().nullable(),
  worst: z.number().nullable(),
  lastValue: z.number().nullable(),
  threshold: z.number(),
  message: z.string(),
  /** Whether anybody was told of it; a cooldown or a mute may hold that back. */
  notifiedAt: z.iso.datetime().nullable(),
  note: z.string().nullable(),
  firedAt: z.iso.datetime(),
  acknowledgedAt: z.iso.datetime().nullable(),
  acknowledgedBy: z.string().nullable(),
  resolvedAt: z.iso.datetime().nullable(),
  resolvedBy: z.string().nullable(),
})
export type Alert = z.infer<typeof alert>
export const alertPage = pageOf(alert)
export const listAlerts = z.object({
  status: z.enum(['open', 'firing', 'acknowledged', 'resolved']).optional(),
  deployment: idOrName.optional(),
  limit: z.number().int().min(1).max(1000).default(50),
  cursor: text(500).optional(),
})
export type ListAlerts = z.infer<typeof listAlerts>
export const alertRef = z.object({ id })
export const acknowledgeAlert = z.object({ id, note: text(1000).optional() })

/** Where an alert is looked at, whatever the list around it shows. */
export const alertPath = (id: string): string => `/monitoring/alerts?alert=${id}`

/** What an alert is about, by name. */
export const subjectOf = ({ deployment, runtime }: Pick<Alert, 'deployment' | 'runtime'>): string =>
  deployment?.name ?? runtime?.name ?? 'the data disk'
