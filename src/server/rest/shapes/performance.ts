/** How a model does, as REST shows it. */
import { z } from 'zod'
import * as contract from '#src/contracts/performance.ts'

const figure = z.number().nullable()

export const health = z
  .object({
    model_id: z.uuid(),
    model: z.string(),
    status: contract.modelHealth,
    reason: z.string().nullable(),
    window_minutes: z.int(),
    min_requests: z.int().meta({ description: 'Requests or reports in the window before there is a verdict' }),
    metrics: z.object({
      requests: z.number(),
      errors: z.number(),
      success_rate: figure,
      latency_ms: z.object({ p50: figure, p95: figure, p99: figure }),
      throughput_rps: z.number(),
      accuracy_score: figure,
      cost_per_request: figure,
    }),
    thresholds: z.object({ min_accuracy: figure, max_latency_ms: figure, min_throughput_rps: figure, max_cost_per_request: figure }),
    backups: z.array(z.string()).meta({ description: 'Who would stand in, the best first' }),
  })
  .meta({ title: 'ModelHealth' })

export const presentHealth = (of: contract.ModelPerformance): z.infer<typeof health> => ({
  model_id: of.modelId,
  model: of.model,
  status: of.health,
  reason: of.reason,
  window_minutes: of.windowMinutes,
  min_requests: of.minRequests,
  metrics: {
    requests: of.figures.requests,
    errors: of.figures.errors,
    success_rate: of.figures.successRate,
    latency_ms: of.figures.latencyMs,
    throughput_rps: of.figures.throughputRps,
    accuracy_score: of.figures.accuracy,
    cost_per_request: of.figures.costPerRequest,
  },
  thresholds: {
    min_accuracy: of.thresholds.minAccuracy,
    max_latency_ms: of.thresholds.maxLatencyMs,
    min_throughput_rps: of.thresholds.minThroughputRps,
    max_cost_per_request: of.thresholds.maxCostPerRequest,
  },
  backups: of.candidates.map(({ name }) => name),
})

export const switched = z
  .object({
    success: z.boolean(),
    message: z.string(),
    switch_id: z.uuid().nullable(),
    target_model: z.string().nullable(),
    status: contract.switchStatus.nullable(),
  })
  .meta({ title: 'Switched' })

export const presentSwitched = (of: contract.ModelSwitch | undefined): z.infer<typeof switched> =>
  of
    ? { success: true, message: `Switched to ${of.targetModel}.`, switch_id: of.id, target_model: of.targetModel, status: of.status }
    : { success: false, message: 'No healthy model of equal signature can stand in.', switch_id: null, target_model: null, status: null }
