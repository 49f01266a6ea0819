/** Between the JSON form of a tensor and the arrays that the model takes and gives. */
import { limits } from '#src/contracts/common.ts'
import type { Datatype, TensorSpec } from '#src/contracts/signature.ts'
import { arrayTypes, elementCount, fromHalfBits, integerRanges, type NumericArray, toHalfBits, type Value } from './datatypes.ts'
import { InferError } from './errors.ts'
import type { TypedValue } from './frames.ts'

/** Thrown when a number lost digits in JSON.parse, so that the caller parses again with the digits kept. */
export class InexactInteger extends Error {}

/** A value for an error message; never walks into objects, which a caller may nest past the stack. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : String(value).slice(0, 60)
}
const refuse = (spec: TensorSpec, reason: string): never => {
  throw new InferError(400, `input "${spec.name}": ${reason}`)
}

/**
 * Checks the values of one input, flat or nested, and puts them into an array.
 * @param shape already checked against the specification
 * @param allowsMissing null in FP32 stands for a missing value and becomes NaN
 * @throws InferError 400 naming the tensor; InexactInteger for a 64-bit integer above 2^53 that JSON.parse rounded
 */
export function decodeData(spec: TensorSpec, shape: readonly number[], data: unknown, allowsMissing: boolean): NumericArray | string[] {
  if (!Array.isArray(data)) return refuse(spec, '"data" must be an array')
  const flat = Array.isArray(data[0]) ? flatten(spec, shape, data) : data
  const count = elementCount(shape)
  if (flat.length !== count) return refuse(spec, `shape [${shape.join(', ')}] needs ${count} values, "data" has ${flat.length}`)
  if (spec.datatype === 'BYTES') return decodeText(spec, flat)
  const type = arrayTypes[spec.datatype]
  // A few bytes of JSON may stand for eight in memory, so the limit holds for both.
  if (count * type.BYTES_PER_ELEMENT > limits.inferBodyBytes)
    throw new InferError(413, `input "${spec.name}": the tensor is larger than ${limits.inferBodyBytes} bytes`)
  if (spec.datatype === 'BOOL') return decodeBooleans(spec, flat)
  if (spec.datatype === 'FP32' || spec.datatype === 'FP64' || spec.datatype === 'FP16') return decodeFloats(spec, flat, allowsMissing)
  return spec.datatype === 'INT64' || spec.datatype === 'UINT64' ? decodeLongs(spec, flat) : decodeIntegers(spec, flat)
}

/** Nested arrays must have exactly the form of the shape, so depth is bounded by its rank. */
function flatten(spec: TensorSpec, shape: readonly number[], data: unknown[]): unknown[] {
  let level: unknown[] = [data]
  for (const size of shape) {
    const next: unknown[] = []
    for (const part of level) {
      if (!Array.isArray(part) || part.length !== size) return refuse(spec, `nested "data" does not have the shape [${shape.join(', ')}]`)
      for (const value of part) next.push(value)
    }
    level = next
  }
  return level
}

function decodeText(spec: TensorSpec, values: unknown[]): string[] {
  for (const [index, value] of values.entries()) {
    if (typeof value !== 'string')
      refuse(spec, `value ${index} must be a string, got ${shown(value)}${value === null ? '; "" stands for a missing value' : ''}`)
  }
  return values as string[]
}

function decodeBooleans(spec: TensorSpec, values: unknown[]): Uint8Array {
  const out = new Uint8Array(values.length)
  for (let index = 0; index < values.length; index++) {
    const value = values[index]
    if (typeof value !== 'boolean') return refuse(spec, `value ${index} must be true or false, got ${shown(value)}`)
    out[index] = value ? 1 : 0
  }
  return out
}

function decodeFloats(spec: TensorSpec, values: unknown[], allowsMissing: boolean): NumericArray {
  const wide = spec.datatype === 'FP64' ? new Float64Array(values.length) : new Float32Array(values.length)
  for (let index = 0; index < values.length; index++) {
    const value = values[index]
    if (typeof value === 'number') {
      wide[index] = value
      if (!Number.isFinite(wide[index])) refuse(spec, `value ${index} is outside the range of ${spec.datatype}`)
    } else if (typeof value === 'bigint') {
      wide[index] = Number(value)
    } else if (value === null && allowsMissing && spec.datatype === 'FP32') {
      wide[index] = Number.NaN
    } else {
      refuse(spec, `value ${index} must be a number, got ${shown(value)}`)
    }
  }
  return spec.datatype === 'FP16' ? halves(spec, wide) : wide
}

function halves(spec: TensorSpec, values: Float32Array | Float64Array): Uint16Array {
  const largest = 65_504
  const outside = values.findIndex((value) => Math.abs(value) > largest)
  if (outside >= 0) refuse(spec, `value ${outside} is outside the range of FP16`)
  return toHalfBits(values)
}

function decodeIntegers(spec: TensorSpec, values: unknown[]): NumericArray {
  const range = integerRanges[spec.datatype] as readonly [bigint, bigint]
  const low = Number(range[0])
  const high = Number(range[1])
  const out = new arrayTypes[spec.datatype as 'INT32'](values.length) as Int32Array
  for (let index = 0; index < values.length; index++) {
    const value = values[index]
    if (typeof value !== 'number' || !Number.isInteger(value)) return refuse(spec, `value ${index} must be an integer, got ${shown(value)}`)
    if (value < low || value > high) refuse(spec, `value ${index} is outside the range of ${spec.datatype}: ${value}`)
    out[index] = value
  }
  return out
}

function decodeLongs(spec: TensorSpec, values: unknown[]): NumericArray {
  const [low, high] = integerRanges[spec.datatype] as readonly [bigint, bigint]
  const out = new arrayTypes[spec.datatype as 'INT64'](values.length) as BigInt64Array
  for (let index = 0; index < values.length; index++) {
    const long = toLong(spec, values[index], index)
    if (long < low || long > high) refuse(spec, `value ${index} is outside the range of ${spec.datatype}: ${shown(long)}`)
    out[index] = long
  }
  return out
}

/** Takes a JSON integer of any size, or its decimal digits as a string. */
function toLong(spec: TensorSpec, value: unknown, index: number): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  if (typeof value === 'bigint') return value
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value)
  if (typeof value === 'number' && Number.isInteger(value)) throw new InexactInteger()
  return refuse(spec, `value ${index} must be an integer, got ${shown(value)}`)
}

/** Row-major values as a JSON array: 64-bit integers with all their digits, NaN and Infinity as null. */
function encodeData(datatype: Datatype, data: NumericArray | string[]): string {
  if (Array.isArray(data)) return JSON.stringify(data)
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return `[${data.join(',')}]`
  if (datatype === 'BOOL') return JSON.stringify(Array.from(data, (bit) => bit !== 0))
  if (datatype === 'FP16') return JSON.stringify(Array.from(fromHalfBits(data as Uint16Array)))
  return JSON.stringify(Array.from(data))
}

/** The JSON text of one output. Graphs often give [N] where the signature says [-1, 1]. */
export function encodeOutput(spec: TensorSpec, value: TypedValue): string {
  const isColumn = spec.shape.length === 2 && value.shape.length === 1 && spec.shape[1] === 1
  const shape = isColumn ? [value.shape[0], 1] : value.shape
  return `{"name":${JSON.stringify(spec.name)},"datatype":"${value.datatype}","shape":[${shape.join(',')}],"data":${encodeData(value.datatype, value.data)}}`
}

/** A request of zeros, or empty texts, with `rows` in the first free dimension and `other` in the rest of the free ones. */
export function zeroInputs(specs: readonly TensorSpec[], rows: number, other: number): TypedValue[] {
  return specs.map((spec) => {
    const shape = spec.shape.map((size, axis) => (size >= 0 ? size : axis === 0 ? rows : other))
    const count = elementCount(shape)
    const data: Value['data'] = spec.datatype === 'BYTES' ? new Array<string>(count).fill('') : new arrayTypes[spec.datatype](count)
    return { datatype: spec.datatype, shape, data }
  })
}
