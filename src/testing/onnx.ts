/** Small ONNX files, byte by byte, for tests that need a particular one; numbers are the fields' in onnx.proto. */

type Part = Buffer

export function varint(value: number | bigint): Part {
  const bytes: number[] = []
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
    if (rest < 128n) return Buffer.from([...bytes, Number(rest)])
    bytes.push(Number(rest & 127n) | 128)
  }
}

export const int = (field: number, value: number | bigint): Part => Buffer.concat([varint(field * 8), varint(value)])

export function bytes(field: number, content: string | Buffer | Part[]): Part {
  const body = Array.isArray(content) ? Buffer.concat(content) : Buffer.from(content as string)
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body])
}

/** @param shape a number for a fixed dimension, a name for a free one, null for one without either; 'none' for no shape. */
export function tensorValue(name: string, elementType = 1, shape: (number | string | null)[] | 'none' = [null, 4]): Part[] {
  const dims =
    shape === 'none'
      ? undefined
      : shape.map((size) => bytes(1, typeof size === 'number' ? [int(1, size)] : size === null ? [] : [bytes(2, size)]))
  return [bytes(1, name), bytes(2, [bytes(1, [int(1, elementType), ...(dims ? [bytes(2, dims)] : [])])])]
}

export const opset = (version: number, domain = ''): Part => bytes(8, [...(domain ? [bytes(1, domain)] : []), int(2, version)])

export const node = (operator: string, inputs: string[], outputs: string[], extra: Part[] = []): Part =>
  bytes(1, [...inputs.map((name) => bytes(1, name)), ...outputs.map((name) => bytes(2, name)), bytes(4, operator), ...extra])

/** A float tensor with its weights inside. */
export const weights = (name: string, dims: number[], values: number[]): Part =>
  bytes(5, [...dims.map((size) => int(1, size)), int(2, 1), bytes(8, name), bytes(9, Buffer.from(new Float32Array(values).buffer))])

export type OnnxParts = {
  irVersion?: number | null
  graph?: Part[]
  opsets?: Part[]
  extra?: Part[]
  inputs?: Part[][]
  outputs?: Part[][]
}

/** `y = x + w`, a graph that onnxruntime loads and runs, with whatever parts a test replaces. */
export function onnxFile(parts: OnnxParts = {}): Buffer {
  const {
    irVersion = 8,
    opsets = [opset(17)],
    extra = [],
    inputs = [tensorValue('x', 1, ['batch', 4])],
    outputs = [tensorValue('y', 1, ['batch', 4])],
  } = parts
  const graph = parts.graph ?? [node('Add', ['x', 'w'], ['y']), bytes(2, 'graph'), weights('w', [4], [1, 2, 3, 4])]
  const body = [...graph, ...inputs.map((value) => bytes(11, value)), ...outputs.map((value) => bytes(12, value))]
  return Buffer.concat([...(irVersion === null ? [] : [int(1, irVersion)]), bytes(7, body), ...opsets, ...extra])
}
