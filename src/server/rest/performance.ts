/** How models do, by the addresses that RelayCore calls: quality, health, thresholds and switches. */
import { z } from 'zod'
import { text } from '#src/contracts/common.ts'
import { switchModel } from '#src/server/services/performance/switch.ts'
import { getPerformance, reportQuality, setThresholds } from '#src/server/services/performance/thresholds.ts'
import { route } from './route.ts'
import * as shape from './shapes/performance.ts'

const tag = 'Performance'
const amount = z.number().min(0).max(1e9).nullable().optional()
const limit = z.number().min(0).max(1e12).nullable().optional()
const success = z.object({ success: z.boolean() }).meta({ title: 'Success' })

const defined = <T extends Record<string, unknown>>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

export const performanceRoutes = [
  route({
    method: 'POST',
    path: '/performance/models/{model}/metrics',
    rule: 'write',
    tag,
    summary: 'Report what was found of a model',
    description: 'By a router, a judge or an evaluation. What a model measures itself need not be reported.',
    status: 202,
    body: z
      .strictObject({
        accuracy_score: z.number().min(0).max(1).nullable().optional(),
        latency_ms: amount,
        throughput_rps: amount,
        cost_per_request: amount,
      })
      .meta({ title: 'QualityReport' }),
    response: success,
    example: { accuracy_score: 0.93, latency_ms: 120, throughput_rps: 14, cost_per_request: 0.0004 },
    handle: async ({ caller, params, body }) => {
      await reportQuality(caller, {
        model: params.model,
        ...defined({
          accuracyScore: body.accuracy_score,
          latencyMs: body.latency_ms,
          throughputRps: body.throughput_rps,
          costPerRequest: body.cost_per_request,
        }),
      })
      return { success: true }
    },
  }),
  route({
    method: 'GET',
    path: '/performance/models/{model}/health',
    rule: 'read',
    tag,
    summary: 'How a model does, and the figures behind it',
    response: shape.health,
    handle: async ({ caller, params }) => shape.presentHealth(await getPerformance(caller, params.model)),
  }),
  route({
    method: 'PUT',
    path: '/performance/models/{model}/thresholds',
    rule: 'deploy',
    tag,
    summary: 'Set what a model must keep to',
    description:
      'What is left out stays as it is; null takes a threshold away. A model that breaks one is switched to its best healthy stand-in.',
    body: z
      .strictObject({
        min_accuracy: z.number().min(0).max(1).nullable().optional(),
        max_latency_ms: limit,
        min_throughput_rps: limit,
        max_cost_per_request: limit,
        window_minutes: z.int().min(1).max(1440).optional(),
        min_requests: z.int().min(1).max(1_000_000).optional(),
        auto_switch: z.boolean().optional(),
      })
      .meta({ title: 'SetThresholds' }),
    response: success,
    example: { min_accuracy: 0.85, max_latency_ms: 2000 },
    handle: async ({ caller, params, body }) => {
      await setThresholds(caller, {
        model: params.model,
        ...defined({
          minAccuracy: body.min_accuracy,
          maxLatencyMs: body.max_latency_ms,
          minThroughputRps: body.min_throughput_rps,
          maxCostPerRequest: body.max_cost_per_request,
          windowMinutes: body.window_minutes,
          minRequests: body.min_requests,
          autoSwitch: body.auto_switch,
        }),
      })
      return { success: true }
    },
  }),
  route({
    method: 'POST',
    path: '/performance/models/{model}/switch',
    rule: 'deploy',
    tag,
    summary: 'Switch a model to another one',
    description:
      "Moves every deployment of the model that serves to the target's champion, else its latest ready version: at once, or by weights that rise in steps and go back when thresholds break. Without a target the best healthy stand-in is taken; when there is none, `success` is false and `message` says so.",
    body: z
      .strictObject({
        target_model: text(200).min(1).nullable().optional(),
        reason: text(500).min(1),
        switch_type: z.enum(['immediate', 'gradual']).default('immediate'),
        duration_seconds: z.int().min(4).max(86_400).default(600),
      })
      .meta({ title: 'SwitchModel' }),
    response: shape.switched,
    example: { target_model: 'churn-small', reason: 'latency', switch_type: 'immediate' },
    handle: async ({ caller, params, body }) => {
      const done = await switchModel(caller, {
        model: params.model,
        ...(body.target_model ? { targetModel: body.target_model } : {}),
        reason: body.reason,
        type: body.switch_type,
        durationSeconds: body.duration_seconds,
      })
      return shape.presentSwitched(done)
    },
  }),
]
