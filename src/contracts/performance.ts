import { z } from 'zod'
import { idOrName, text } from './common.ts'

/** Defaults of the verdict on a model: over which time, and after how many requests. */
export const verdictDefaults = { windowMinutes: 10, minRequests: 50 } as const

export const modelHealth = z.enum(['unknown', 'healthy', 'degraded'])
export type ModelHealth = z.infer<typeof modelHealth>
export const switchStatus = z.enum(['moving', 'done', 'rolled_back', 'cancelled'])
export type SwitchStatus = z.infer<typeof switchStatus>
export const switchStep = z.object({ percent: z.number().int(), at: z.iso.datetime().nullable() })
export type SwitchStep = z.infer<typeof switchStep>

/** Figures of one model or deployment over a window; null where nothing was measured. */
export const figures = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  requests: z.number(),
  errors: z.number(),
  successRate: z.number().nullable(),
  latencyMs: z.object({ p50: z.number().nullable(), p95: z.number().nullable(), p99: z.number().nullable() }),
  throughputRps: z.number(),
  /** Mean of the quality reports in the window. */
  accuracy: z.number().nullable(),
  costPerRequest: z.number().nullable(),
  qualityReports: z.number(),
})
export type Figures = z.infer<typeof figures>

const limit = z.number().min(0).max(1e12).nullable()
export const thresholds = z.object({
  minAccuracy: limit.default(null),
  maxLatencyMs: limit.default(null),
  minThroughputRps: limit.default(null),
  maxCostPerRequest: limit.default(null),
})
export type Thresholds = z.infer<typeof thresholds>
export const setThresholds = z.object({
  model: idOrName,
  minAccuracy: z.number().min(0).max(1).nullable().optional(),
  maxLatencyMs: limit.optional(),
  minThroughputRps: limit.optional(),
  maxCostPerRequest: limit.optional(),
  windowMinutes: z.number().int().min(1).max(1440).optional(),
  minRequests: z.number().int().min(1).max(1_000_000).optional(),
  autoSwitch: z.boolean().optional(),
})
export type SetThresholds = z.infer<typeof setThresholds>

export const qualityReport = z.object({
  model: idOrName,
  accuracyScore: z.number().min(0).max(1).nullable().optional(),
  latencyMs: z.number().min(0).max(1e9).nullable().optional(),
  throughputRps: z.number().min(0).max(1e9).nullable().optional(),
  costPerRequest: z.number().min(0).max(1e9).nullable().optional(),
})
export type QualityReport = z.infer<typeof qualityReport>

export const modelPerformance = z.object({
  modelId: z.string(),
  model: z.string(),
  health: modelHealth,
  reason: z.string().nullable(),
  since: z.iso.datetime().nullable(),
  figures,
  thresholds,
  windowMinutes: z.number().int(),
  minRequests: z.number().int(),
  autoSwitch: z.boolean(),
  /** Preferred stand-ins, in order; when there are none, every model of equal signature in the project may stand in. */
  backups: z.array(z.object({ id: z.string(), name: z.string() })),
  /** Who would be taken now, the best first. */
  candidates: z.array(z.object({ id: z.string(), name: z.string(), version: z.number().int(), health: modelHealth })),
  /** One point a report, oldest first. */
  quality: z.array(z.object({ at: z.iso.datetime(), accuracy: z.number().nullable(), latencyMs: z.number().nullable() })),
})
export type ModelPerformance = z.infer<typeof modelPerformance>

export const setBackups = z.object({ model: idOrName, backups: z.array(idOrName).max(20) })

export const switchModel = z.object({
  model: idOrName,
  targetModel: idOrName.optional(),
  reason: text(500).min(1),
  type: z.enum(['immediate', 'gradual']).default('immediate'),
  /** Of a gradual switch, from the first step to the last. */
  durationSeconds: z.number().int().min(4).max(86_400).default(600),
})
export type SwitchModel = z.infer<typeof switchModel>

export const modelSwitch = z.object({
  id: z.string(),
  model: z.string(),
  modelId: z.string(),
  targetModel: z.string(),
  targetModelId: z.string(),
  type: z.enum(['immediate', 'gradual']),
  isAutomatic: z.boolean(),
  reason: z.string(),
  status: switchStatus,
  steps: z.array(switchStep),
  step: z.number().int(),
  message: z.string().nullable(),
  nextAt: z.iso.datetime().nullable(),
  createdBy: z.string().nullable(),
  createdAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
})
export type ModelSwitch = z.infer<typeof modelSwitch>
