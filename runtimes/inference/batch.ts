import { arrayTypes, type NumericArray } from './datatypes.ts'
import type { TypedValue } from './frames.ts'

/** Rows of a request: the size of its first dimension. */
export const rowsOf = (inputs: readonly TypedValue[]): number => inputs[0]?.shape[0] ?? 1

/** Text that is equal for two requests exactly when their inputs can be laid behind one another. */
export const batchKey = (inputs: readonly TypedValue[]): string => inputs.map((input) => input.shape.slice(1).join('x')).join(',')

/** Lays the inputs of several requests behind one another along the first dimension. */
export function mergeInputs(requests: readonly (readonly TypedValue[])[]): TypedValue[] {
  const first = requests[0] as readonly TypedValue[]
  if (requests.length === 1) return [...first]
  return first.map((input, index) =>
    concatenate(
      requests.map((request) => request[index] as TypedValue),
      input,
    ),
  )
}

function concatenate(parts: readonly TypedValue[], { datatype, shape }: TypedValue): TypedValue {
  const rows = parts.reduce((sum, part) => sum + (part.shape[0] as number), 0)
  const merged = [rows, ...shape.slice(1)]
  if (datatype === 'BYTES') return { datatype, shape: merged, data: parts.flatMap((part) => part.data as string[]) }
  const data = new arrayTypes[datatype](parts.reduce((sum, part) => sum + part.data.length, 0))
  let offset = 0
  for (const part of parts) {
    ;(data as Float32Array).set(part.data as Float32Array, offset)
    offset += part.data.length
  }
  return { datatype, shape: merged, data }
}

/**
 * Gives each request its own rows of the outputs, as views.
 * @returns undefined when an output does not have a row for each row of the inputs.
 */
export function splitOutputs(outputs: readonly TypedValue[], rows: readonly number[]): TypedValue[][] | undefined {
  const total = rows.reduce((sum, count) => sum + count, 0)
  if (outputs.some((output) => output.shape[0] !== total)) return undefined
  let start = 0
  return rows.map((count) => {
    const first = start
    start += count
    return outputs.map((output) => rowsFrom(output, first, count, total))
  })
}

function rowsFrom({ datatype, shape, data }: TypedValue, first: number, count: number, total: number): TypedValue {
  const width = data.length / total
  const part = Array.isArray(data)
    ? data.slice(first * width, (first + count) * width)
    : (data as NumericArray).subarray(first * width, (first + count) * width)
  return { datatype, shape: [count, ...shape.slice(1)], data: part }
}
