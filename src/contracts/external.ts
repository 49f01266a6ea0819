import { z } from 'zod'
import { text } from './common.ts'

/** An OpenAI-compatible server behind a version: where it is, what it calls the model, and how much of it may be used. */
export const external = z.object({
  /** Base address, to which `/v1/chat/completions` is appended, or `/chat/completions` where it ends in a version like `/v1`. */
  url: z.string(),
  model: z.string(),
  maxTokens: z.number().int(),
  requestsPerMinute: z.number().int().nullable(),
  maxConcurrent: z.number().int(),
  timeoutMs: z.number().int(),
})
export type External = z.infer<typeof external>

export const externalInput = z.object({
  url: text(2000).min(1),
  model: text(200).min(1),
  /** Encrypted, and never returned. */
  apiKey: text(4000).min(1).optional(),
  maxTokens: z.number().int().min(1).max(1_000_000).default(1024),
  requestsPerMinute: z.number().int().min(1).max(1_000_000).nullable().default(null),
  maxConcurrent: z.number().int().min(1).max(10_000).default(16),
  /** Below the time after which web lets a silent connection go. */
  timeoutMs: z.number().int().min(100).max(100_000).default(30_000),
})
export type ExternalInput = z.infer<typeof externalInput>

/** `failed` has never answered yet, `failing` has, and does not now. */
export const externalState = z.enum(['unknown', 'ready', 'failing', 'failed'])
export type ExternalState = z.infer<typeof externalState>

/** The task of versions that answer a prompt with text. */
export const textGeneration = 'text-generation'

export const inferenceRequest = z.object({
  /** Name or id of a deployment, else of a model. */
  model: text(200).min(1),
  prompt: text(1_000_000).min(1),
  context: z.record(z.string(), z.unknown()).optional(),
  maxTokens: z.number().int().min(1).max(1_000_000).optional(),
})
export type InferenceRequest = z.infer<typeof inferenceRequest>

export const inferenceAnswer = z.object({
  response: z.string(),
  /** Probability of the label, or exp(mean token log-probability); null where the engine gives none. */
  confidence: z.number().nullable(),
  modelVersion: z.string(),
  specialization: z.string().nullable(),
  durationMs: z.number(),
})
export type InferenceAnswer = z.infer<typeof inferenceAnswer>
