import { z } from 'zod'

/** Datatypes of the Open Inference Protocol v2. */
export const datatype = z.enum([
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
])
export type Datatype = z.infer<typeof datatype>

/** One tensor of a signature; -1 in `shape` stands for each free dimension. */
export const tensorSpec = z.object({
  name: z.string(),
  datatype,
  shape: z.array(z.number().int()),
  /** Class names, in the order of the last dimension. */
  labels: z.array(z.string()).optional(),
  /** What a person should know of the values: known categories, or the range seen in training. */
  hint: z
    .object({
      categories: z.array(z.string()).optional(),
      min: z.number().optional(),
      max: z.number().optional(),
      example: z.union([z.string(), z.number(), z.null()]).optional(),
    })
    .optional(),
})
export type TensorSpec = z.infer<typeof tensorSpec>

export const signature = z.object({ inputs: z.array(tensorSpec), outputs: z.array(tensorSpec) })
export type Signature = z.infer<typeof signature>

/** A tensor on the wire, as `/v2/models/NAME/infer` takes and gives it. */
export const tensor = z.object({
  name: z.string(),
  datatype,
  shape: z.array(z.number().int()),
  data: z.array(z.unknown()),
  parameters: z.record(z.string(), z.unknown()).optional(),
})
export type Tensor = z.infer<typeof tensor>

export const inferResponse = z.object({
  model_name: z.string(),
  model_version: z.string(),
  id: z.string().optional(),
  outputs: z.array(tensor),
})
