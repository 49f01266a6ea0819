import type { Datatype } from '#src/contracts/signature.ts'

export type NumericArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array

/** A tensor's values in row-major order. BOOL is bytes 0 and 1, FP16 the raw half-precision bits, BYTES text. */
export type Value = { shape: number[]; data: NumericArray | string[] }

type ArrayType = {
  new (length: number): NumericArray
  new (buffer: ArrayBufferLike, offset: number, length: number): NumericArray
  BYTES_PER_ELEMENT: number
}

/** The array that holds a datatype; none for BYTES. */
export const arrayTypes: Record<Exclude<Datatype, 'BYTES'>, ArrayType> = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
}

/** Smallest and largest value of each integer datatype. */
export const integerRanges: Partial<Record<Datatype, readonly [bigint, bigint]>> = {
  UINT8: [0n, 2n ** 8n - 1n],
  UINT16: [0n, 2n ** 16n - 1n],
  UINT32: [0n, 2n ** 32n - 1n],
  UINT64: [0n, 2n ** 64n - 1n],
  INT8: [-(2n ** 7n), 2n ** 7n - 1n],
  INT16: [-(2n ** 15n), 2n ** 15n - 1n],
  INT32: [-(2n ** 31n), 2n ** 31n - 1n],
  INT64: [-(2n ** 63n), 2n ** 63n - 1n],
}

export const elementCount = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

type HalfArray = { new (length: number): Float32Array; new (buffer: ArrayBufferLike, offset: number, length: number): Float32Array }
// TypeScript's library for ES2024 does not know Float16Array, which Node has since version 24.
const HalfPrecision = (globalThis as unknown as { Float16Array: HalfArray }).Float16Array

/** Half-precision bits of numbers; what is too large becomes Infinity. */
export function toHalfBits(values: ArrayLike<number>): Uint16Array {
  const halves = new HalfPrecision(values.length)
  halves.set(values)
  return new Uint16Array(halves.buffer)
}

export function fromHalfBits(bits: Uint16Array): Float32Array {
  return Float32Array.from(new HalfPrecision(bits.buffer, bits.byteOffset, bits.length))
}
