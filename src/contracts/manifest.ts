import { z } from 'zod'
import { signature, tensor } from './signature.ts'

/** The file beside a trained model that says how it is served. */
export const manifestPath = 'neuroweaver.json'
export const goldenPath = 'golden.json'
export const evaluationPath = 'evaluation.json'

/**
 * `neuroweaver.json`. `tabular`: the graph takes one input a feature column and answers as the signature says.
 * `text`: the graph takes `input_ids` and `attention_mask` (INT64 [-1, -1]) and gives `logits`; the runtime tokenises with
 * `tokenizer` after the trainer's truncation to `max_length` tokens (special ones included), and answers `label` and `probabilities`.
 */
export const manifest = z.object({
  format: z.literal(1),
  kind: z.enum(['tabular', 'text']),
  task: z.enum(['tabular-classification', 'tabular-regression', 'text-classification']),
  model: z.string().default('model.onnx'),
  signature,
  labels: z.array(z.string()).optional(),
  tokenizer: z.object({ file: z.string(), config: z.string().optional(), max_length: z.number().int().min(1) }).optional(),
})
export type Manifest = z.infer<typeof manifest>

/** `golden.json`: raw requests and the answers that the trainer's own framework gave. */
export const golden = z.object({
  format: z.literal(1),
  /** Largest absolute difference allowed for a floating-point output. */
  tolerance: z.number().positive(),
  cases: z.array(z.object({ name: z.string(), inputs: z.array(tensor), outputs: z.array(tensor) })).min(1),
})
export type Golden = z.infer<typeof golden>

/** The outcome of recomputing `golden.json`. */
export const parity = z.object({
  passed: z.boolean(),
  cases: z.number().int(),
  max_abs_error: z.number().nullable(),
  tolerance: z.number(),
  reason: z.string().optional(),
  /** Which program recomputed it: onnxruntime in Python at export, or the inference runtime at load. */
  checked_by: z.string(),
})
export type Parity = z.infer<typeof parity>
