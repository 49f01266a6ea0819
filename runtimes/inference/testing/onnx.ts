/** Writes small ONNX models, for tests that want one without Python. Field numbers are those of onnx.proto3. */
import type { Datatype } from '#src/contracts/signature.ts'

/** A number is a fixed dimension, a string a named free one. */
export type Dimension = number | string
export type ValueInfo = { name: string; datatype: Datatype; shape: readonly Dimension[] }
export type Initializer = {
  name: string
  datatype: Datatype
  shape: readonly number[]
  data: readonly (number | bigint | string)[]
  external?: string
}
export type Attribute =
  | number
  | bigint
  | string
  | readonly (number | bigint)[]
  | { float: number }
  | { floats: readonly number[] }
  | { strings: readonly string[] }
  | { tensor: Initializer }
  | { graph: GraphSpec }
export type NodeSpec = {
  op: string
  inputs: readonly string[]
  outputs: readonly string[]
  attributes?: Record<string, Attribute>
  domain?: string
}
export type GraphSpec = {
  inputs: readonly ValueInfo[]
  outputs: readonly ValueInfo[]
  nodes: readonly NodeSpec[]
  initializers?: readonly Initializer[]
}
/** `domain` adds an operator set beside the standard one, for example `ai.onnx.ml`. */
export type ModelSpec = GraphSpec & { opset?: number; irVersion?: number; domain?: { name: string; version: number } }

const elementTypes: Record<Datatype, number> = {
  FP32: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  BYTES: 8,
  BOOL: 9,
  FP16: 10,
  FP64: 11,
  UINT32: 12,
  UINT64: 13,
}

/** The bytes of a model file. */
export function buildModel(spec: ModelSpec): Uint8Array {
  const opsets = [{ name: '', version: spec.opset ?? 17 }, ...(spec.domain ? [spec.domain] : [])]
  return Buffer.concat([
    integer(1, spec.irVersion ?? 8),
    text(2, 'neuroweaver tests'),
    message(7, graph(spec)),
    ...opsets.map(({ name, version }) => message(8, Buffer.concat([text(1, name), integer(2, version)]))),
  ])
}

function varint(value: number | bigint): Buffer {
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: number[] = []
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  return Buffer.from([...bytes, Number(rest)])
}

const integer = (field: number, value: number | bigint): Buffer => Buffer.concat([varint(field << 3), varint(value)])
const message = (field: number, body: Uint8Array): Buffer => Buffer.concat([varint((field << 3) | 2), varint(body.length), body])
const text = (field: number, value: string): Buffer => message(field, Buffer.from(value))
const float = (field: number, value: number): Buffer =>
  Buffer.concat([varint((field << 3) | 5), Buffer.from(new Float32Array([value]).buffer)])

function graph({ inputs, outputs, nodes, initializers = [] }: GraphSpec): Buffer {
  return Buffer.concat([
    ...nodes.map((spec) => message(1, node(spec))),
    text(2, 'graph'),
    ...initializers.map((value) => message(5, tensor(value))),
    ...inputs.map((value) => message(11, valueInfo(value))),
    ...outputs.map((value) => message(12, valueInfo(value))),
  ])
}

function node({ op, inputs, outputs, attributes = {}, domain = '' }: NodeSpec): Buffer {
  return Buffer.concat([
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) => message(5, Buffer.concat([text(1, name), attribute(value)]))),
    text(7, domain),
  ])
}

function attribute(value: Attribute): Buffer {
  if (typeof value === 'number' || typeof value === 'bigint') return Buffer.concat([integer(3, value), integer(20, 2)])
  if (typeof value === 'string') return Buffer.concat([text(4, value), integer(20, 3)])
  if ('float' in value) return Buffer.concat([float(2, value.float), integer(20, 1)])
  if ('floats' in value) return Buffer.concat([...value.floats.map((one) => float(7, one)), integer(20, 6)])
  if ('strings' in value) return Buffer.concat([...value.strings.map((one) => text(9, one)), integer(20, 8)])
  if ('tensor' in value) return Buffer.concat([message(5, tensor(value.tensor)), integer(20, 4)])
  if ('graph' in value) return Buffer.concat([message(6, graph(value.graph)), integer(20, 5)])
  return Buffer.concat([...value.map((one) => integer(8, one)), integer(20, 7)])
}

function tensor({ name, datatype, shape, data, external }: Initializer): Buffer {
  const head = [...shape.map((size) => integer(1, size)), integer(2, elementTypes[datatype]), text(8, name)]
  if (external) return Buffer.concat([...head, message(13, Buffer.concat([text(1, 'location'), text(2, external)])), integer(14, 1)])
  if (datatype === 'BYTES') return Buffer.concat([...head, ...data.map((value) => text(6, String(value)))])
  return Buffer.concat([...head, message(9, rawData(datatype, data))])
}

function rawData(datatype: Datatype, data: Initializer['data']): Uint8Array {
  const numbers = () => data.map(Number)
  if (datatype === 'FP32') return new Uint8Array(new Float32Array(numbers()).buffer)
  if (datatype === 'FP64') return new Uint8Array(new Float64Array(numbers()).buffer)
  if (datatype === 'INT32') return new Uint8Array(new Int32Array(numbers()).buffer)
  if (datatype === 'BOOL' || datatype === 'UINT8') return new Uint8Array(numbers())
  if (datatype === 'INT64') return new Uint8Array(new BigInt64Array(data.map((value) => BigInt(value))).buffer)
  throw new Error(`no initializer of type ${datatype} is written here`)
}

function valueInfo({ name, datatype, shape }: ValueInfo): Buffer {
  const dimensions = shape.map((size) => message(1, typeof size === 'number' ? integer(1, size) : text(2, size)))
  const tensorType = Buffer.concat([integer(1, elementTypes[datatype]), message(2, Buffer.concat(dimensions))])
  return Buffer.concat([text(1, name), message(2, message(1, tensorType))])
}
