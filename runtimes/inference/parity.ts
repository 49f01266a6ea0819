import type { Golden, Parity } from '#src/contracts/manifest.ts'
import type { Tensor } from '#src/contracts/signature.ts'
import { messageOf } from './errors.ts'
import type { TypedValue } from './frames.ts'
import { decodeEnvelope, type Served } from './request.ts'
import { encodeOutput } from './tensors.ts'

export const checkedBy = 'inference runtime, onnxruntime-node'

type Compute = (inputs: TypedValue[], outputs: string[]) => Promise<TypedValue[]>
type Difference = { absolute: number; reason?: string }

/**
 * Recomputes `golden.json` by the whole path of a request: JSON, checks, tokenizer, graph, JSON.
 * Text and integers must be equal, floating-point numbers within the tolerance, and so must the likeliest class.
 */
export async function checkParity(golden: Golden, served: Served, compute: Compute): Promise<Parity> {
  let largest = 0
  for (const example of golden.cases) {
    const difference = await compareCase(example, golden.tolerance, served, compute).catch(
      (error): Difference => ({ absolute: 0, reason: messageOf(error) }),
    )
    largest = Math.max(largest, difference.absolute)
    if (difference.reason) return outcome(golden, largest, `case "${example.name}": ${difference.reason}`)
  }
  return outcome(golden, largest)
}

const outcome = (golden: Golden, largest: number, reason?: string): Parity => ({
  passed: reason === undefined,
  cases: golden.cases.length,
  max_abs_error: Number.isFinite(largest) ? largest : null,
  tolerance: golden.tolerance,
  ...(reason === undefined ? {} : { reason: reason.slice(0, 1000) }),
  checked_by: checkedBy,
})

async function compareCase(example: Golden['cases'][number], tolerance: number, served: Served, compute: Compute): Promise<Difference> {
  const request = decodeEnvelope({ inputs: example.inputs }, served)
  const values = await compute(
    request.inputs,
    request.outputs.map((spec) => spec.name),
  )
  let largest = 0
  for (const expected of example.outputs) {
    const index = request.outputs.findIndex((spec) => spec.name === expected.name)
    const spec = request.outputs[index]
    const value = values[index]
    if (!spec || !value) return { absolute: largest, reason: `there is no output "${expected.name}"` }
    const difference = compareTensor(expected, JSON.parse(encodeOutput(spec, value)) as Tensor, tolerance)
    largest = Math.max(largest, difference.absolute)
    if (difference.reason) return { absolute: largest, reason: difference.reason }
  }
  return { absolute: largest }
}

function compareTensor(expected: Tensor, actual: Tensor, tolerance: number): Difference {
  if (expected.datatype !== actual.datatype)
    return { absolute: 0, reason: `"${actual.name}" is ${actual.datatype}, ${expected.datatype} was expected` }
  if (expected.data.length !== actual.data.length)
    return { absolute: 0, reason: `"${actual.name}" has ${actual.data.length} values, ${expected.data.length} were expected` }
  let largest = 0
  const isFloat = expected.datatype.startsWith('FP')
  for (const [index, wanted] of expected.data.entries()) {
    const absolute = distance(wanted, actual.data[index], isFloat)
    largest = Math.max(largest, absolute)
    if (absolute > (isFloat ? tolerance : 0))
      return { absolute, reason: `"${actual.name}"[${index}] is ${String(actual.data[index])}, ${String(wanted)} was expected` }
  }
  const width = expected.shape.at(-1) ?? 1
  if (isFloat && expected.shape.length === 2 && width > 1) return { absolute: largest, ...argmaxReason(expected, actual, width, tolerance) }
  return { absolute: largest }
}

function distance(wanted: unknown, got: unknown, isFloat: boolean): number {
  if (!isFloat || typeof wanted !== 'number' || typeof got !== 'number') return wanted === got ? 0 : Number.POSITIVE_INFINITY
  return Math.abs(wanted - got)
}

/** Two classes whose expected values lie closer together than the tolerance can change places without being wrong. */
function argmaxReason(expected: Tensor, actual: Tensor, width: number, tolerance: number): { reason?: string } {
  for (let start = 0; start < expected.data.length; start += width) {
    const wanted = expected.data.slice(start, start + width) as number[]
    const got = actual.data.slice(start, start + width) as number[]
    const likeliest = got.indexOf(Math.max(...got))
    if (Math.max(...wanted) - (wanted[likeliest] ?? 0) > tolerance)
      return { reason: `"${actual.name}" has another likeliest class in row ${start / width}` }
  }
  return {}
}
