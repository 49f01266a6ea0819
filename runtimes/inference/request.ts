import type { Signature, TensorSpec } from '#src/contracts/signature.ts'
import { InferError } from './errors.ts'
import type { TypedValue } from './frames.ts'
import { decodeData, InexactInteger, shown } from './tensors.ts'

/** How a version wants to be asked. `tabular` takes null in FP32 as missing; `graph` is an uploaded ONNX file. */
export type ModelKind = 'graph' | 'tabular' | 'text'
export type Served = { kind: ModelKind; signature: Signature }

export type DecodedRequest = {
  id: string | undefined
  /** In the order of the signature. */
  inputs: TypedValue[]
  outputs: TensorSpec[]
}

type RawTensor = Record<string, unknown> & { name: string }

const maxInputs = 10_000
const maxOutputs = 1000
const maxRank = 32
const envelopeKeys = new Set(['id', 'inputs', 'outputs', 'parameters', 'model_name', 'model_version'])
const tensorKeys = new Set(['name', 'datatype', 'shape', 'data', 'parameters'])
const bad = (message: string): never => {
  throw new InferError(400, message)
}
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const quoted = (value: string): string => JSON.stringify(value.slice(0, 200))

/**
 * Parses and checks the body of an `infer` request.
 * Integers beyond 2^53 are read again with all their digits when an INT64 or UINT64 input has one.
 * @throws InferError 400, naming the tensor that is wrong.
 */
export function decodeRequest(body: string, served: Served): DecodedRequest {
  const { text, value } = parseJson(body)
  try {
    return decodeEnvelope(value, served)
  } catch (error) {
    if (error instanceof InexactInteger) return decodeEnvelope(parseDigits(text), served)
    throw error
  }
}

function parseDigits(text: string): unknown {
  try {
    return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown)
  } catch {
    // The parser calls itself for each level when it is to keep digits.
    return bad('the body is nested too deep')
  }
}

function keepDigits(_key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !Number.isInteger(value)) return value
  return context.source && /^-?\d{1,40}$/.test(context.source) ? BigInt(context.source) : value
}

/** Python's json module writes a bare NaN, which JSON does not have; it counts as null, for a missing value. */
function parseJson(body: string): { text: string; value: unknown } {
  try {
    return { text: body, value: JSON.parse(body) }
  } catch (error) {
    if (!body.includes('NaN')) return bad(`the body is not JSON: ${(error as Error).message.slice(0, 120)}`)
  }
  const text = nullForNaN(body)
  try {
    return { text, value: JSON.parse(text) }
  } catch (error) {
    return bad(`the body is not JSON: ${(error as Error).message.slice(0, 120)}`)
  }
}

/** One walk over the text: an expression that skips strings takes quadratic time over a string that does not end. */
function nullForNaN(body: string): string {
  const parts: string[] = []
  let kept = 0
  let isString = false
  for (let at = 0; at < body.length; at++) {
    const char = body[at]
    if (char === '"') isString = !isString
    else if (char === '\\' && isString) at++
    else if (char === 'N' && !isString && body.startsWith('NaN', at)) {
      parts.push(body.slice(kept, at), 'null')
      kept = at + 3
      at += 2
    }
  }
  return parts.join('') + body.slice(kept)
}

/** Checks an already parsed request against the signature. */
export function decodeEnvelope(body: unknown, { kind, signature }: Served): DecodedRequest {
  if (!isObject(body)) return bad('the body must be a JSON object with "inputs"')
  for (const key in body) if (!envelopeKeys.has(key)) bad(`unknown field ${quoted(key)}`)
  if (body.id !== undefined && (typeof body.id !== 'string' || body.id.length > 200)) bad('"id" must be a string of at most 200 characters')
  if (body.parameters !== undefined && !isObject(body.parameters)) bad('"parameters" must be an object')
  const given = namedInputs(body.inputs, signature)
  const inputs = signature.inputs.map((spec) => decodeInput(spec, given.get(spec.name), kind))
  if (kind !== 'graph') sameBatch(signature, inputs)
  return { id: body.id as string | undefined, inputs, outputs: requestedOutputs(body.outputs, signature) }
}

function namedInputs(inputs: unknown, signature: Signature): Map<string, RawTensor> {
  if (!Array.isArray(inputs) || inputs.length === 0) return bad('"inputs" must be an array of at least one tensor')
  if (inputs.length > maxInputs) bad(`"inputs" has more than ${maxInputs} tensors`)
  const known = new Set(signature.inputs.map((spec) => spec.name))
  const given = new Map<string, RawTensor>()
  for (const [index, tensor] of inputs.entries()) {
    if (!isObject(tensor) || typeof tensor.name !== 'string') return bad(`input ${index} must be an object with a "name"`)
    if (given.has(tensor.name)) bad(`input ${quoted(tensor.name)} is given twice`)
    if (!known.has(tensor.name)) bad(`input ${quoted(tensor.name)} is not one of the model's: ${nameList(signature.inputs)}`)
    given.set(tensor.name, tensor as RawTensor)
  }
  return given
}

const nameList = (specs: readonly TensorSpec[]): string => {
  const names = specs.slice(0, 10).map((spec) => quoted(spec.name))
  return specs.length > 10 ? `${names.join(', ')} and ${specs.length - 10} more` : names.join(', ')
}

function decodeInput(spec: TensorSpec, given: RawTensor | undefined, kind: ModelKind): TypedValue {
  const label = `input ${quoted(spec.name)}`
  if (!given) return bad(`${label} is missing`)
  for (const key in given) if (!tensorKeys.has(key)) bad(`${label}: unknown field ${quoted(key)}`)
  if (given.parameters !== undefined && !isObject(given.parameters)) bad(`${label}: "parameters" must be an object`)
  if (isObject(given.parameters) && 'binary_data_size' in given.parameters)
    bad(`${label}: binary tensor data is not supported, send "data" as JSON`)
  if (given.datatype !== spec.datatype) bad(`${label}: datatype must be ${spec.datatype}, got ${shown(given.datatype)}`)
  const shape = checkShape(label, spec, given.shape)
  return { datatype: spec.datatype, shape, data: decodeData(spec, shape, given.data, kind === 'tabular') }
}

function checkShape(label: string, spec: TensorSpec, given: unknown): number[] {
  if (!Array.isArray(given) || given.length > maxRank) return bad(`${label}: "shape" must be an array of integers`)
  for (const size of given)
    if (!Number.isSafeInteger(size) || (size as number) < 0) bad(`${label}: "shape" must hold integers of 0 or more, got ${shown(size)}`)
  const wanted = spec.shape
  const isColumn = wanted.length === 2 && wanted[1] === 1 && given.length === 1
  const shape: number[] = isColumn ? [given[0] as number, 1] : (given as number[])
  const fits = shape.length === wanted.length && wanted.every((size, axis) => size < 0 || size === shape[axis])
  if (!fits) bad(`${label}: shape must be [${wanted.join(', ')}] with any size for -1, got [${given.join(', ').slice(0, 200)}]`)
  if (shape[0] === 0) bad(`${label}: the batch is empty`)
  return shape
}

function sameBatch(signature: Signature, inputs: readonly TypedValue[]): void {
  const rows = inputs[0]?.shape[0]
  const odd = inputs.findIndex((value) => value.shape[0] !== rows)
  if (odd < 0) return
  bad(
    `input ${quoted(signature.inputs[odd]?.name ?? '')} has ${inputs[odd]?.shape[0]} rows, ${quoted(signature.inputs[0]?.name ?? '')} has ${rows}`,
  )
}

function requestedOutputs(outputs: unknown, signature: Signature): TensorSpec[] {
  if (outputs === undefined) return signature.outputs
  if (!Array.isArray(outputs) || outputs.length > maxOutputs) return bad(`"outputs" must be an array of at most ${maxOutputs} objects`)
  const chosen = new Map<string, TensorSpec>()
  for (const [index, output] of outputs.entries()) {
    if (!isObject(output) || typeof output.name !== 'string') return bad(`output ${index} must be an object with a "name"`)
    if (chosen.has(output.name)) bad(`output ${quoted(output.name)} is asked for twice`)
    const spec = signature.outputs.find((candidate) => candidate.name === output.name)
    if (!spec) return bad(`output ${quoted(output.name)} is not one of the model's: ${nameList(signature.outputs)}`)
    chosen.set(output.name, spec)
  }
  return chosen.size === 0 ? signature.outputs : [...chosen.values()]
}
