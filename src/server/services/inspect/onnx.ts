/** ONNX files, read without running anything in them: what the graph takes and gives, and whether the runtime could load it. */
import { closeSync, openSync } from 'node:fs'
import type { Signature, TensorSpec } from '#src/contracts/signature.ts'
import { GraphReader, type ValueInfo } from './onnxGraph.ts'
import { datatypes, maxIrVersion, operatorSets, otherTypes } from './onnxTypes.ts'
import { type Field, Malformed, ProtobufFile } from './protobuf.ts'
import { Rejection } from './text.ts'

/** Protobuf's own limit for one message; beyond it exporters put the weights beside the file. */
const maxBytes = 2 ** 31 - 1
const maxTensors = 10_000

/** `isOnnx` tells a graph that can not be used from a file that is something else. */
export type OnnxReport = { ok: true; signature: Signature } | { ok: false; isOnnx: boolean; reason: string }

/**
 * Reads an ONNX file of `sizeBytes`. Memory and time are bounded, whatever the file says of itself.
 * Shapes have -1 for each free dimension, and [-1] where the graph gives no shape at all.
 */
export function inspectOnnx(path: string, sizeBytes: number): OnnxReport {
  if (sizeBytes > maxBytes)
    return { ok: false, isOnnx: false, reason: 'An ONNX file has less than 2 GiB. Export a smaller model, for instance in half precision.' }
  const fd = openSync(path, 'r')
  const model = new ModelReader(new ProtobufFile(fd, sizeBytes))
  try {
    model.read()
    return { ok: true, signature: model.signature() }
  } catch (error) {
    if (error instanceof Rejection) return { ok: false, isOnnx: model.looksLikeOnnx, reason: `${capitalised(error.message)}.` }
    if (!(error instanceof Malformed)) throw error
    const cutOff = 'The ONNX file is cut off: its end is missing. Copy or export it again.'
    const isCutOff = error.isCutOff && model.looksLikeOnnx
    return {
      ok: false,
      isOnnx: model.looksLikeOnnx,
      reason: isCutOff ? cutOff : 'This is not an ONNX file, or it is damaged. Export the model again.',
    }
  } finally {
    closeSync(fd)
  }
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

class ModelReader {
  readonly #file: ProtobufFile
  readonly #graph: GraphReader
  readonly #sets = new Map<string, bigint>()
  #irVersion: bigint | undefined
  #hasGraph = false
  looksLikeOnnx = false

  constructor(file: ProtobufFile) {
    this.#file = file
    this.#graph = new GraphReader(file)
  }

  /** ModelProto: ir_version 1, graph 7, opset_import 8, training_info 20, functions 25. */
  read(): void {
    if (this.#file.sizeBytes === 0) throw new Rejection('the file is empty')
    this.#file.message(0, this.#file.sizeBytes, (field) => this.#field(field))
    if (this.#irVersion === undefined || !this.#hasGraph) throw new Malformed('there is no graph')
    if (this.#irVersion > maxIrVersion || this.#irVersion < 1) {
      throw new Rejection(
        `the file has IR version ${this.#irVersion}, but 1 to ${maxIrVersion} can be loaded. Export it with an older version of onnx`,
      )
    }
    this.#checkSets()
    this.#graph.checkOperators()
  }

  #field(field: Field): void {
    if (field.number === 1) this.#readVersion(field)
    if (field.number === 7) this.#readGraph(field)
    if (field.number === 8) this.#readSet(field)
    if (field.number === 20) throw new Rejection('this is a training graph. Export the model for inference')
    if (field.number === 25) this.#graph.readFunction(field)
  }

  /** Writers put it first, so that a file which begins with it and goes on as a message is meant to be ONNX. */
  #readVersion(field: Field): void {
    if (field.wireType !== 0 || this.#irVersion !== undefined) throw new Malformed('the IR version is no single number')
    this.#irVersion = field.value
    if (field.start <= 16 && field.value < 10_000n) this.looksLikeOnnx = true
  }

  #readGraph(field: Field): void {
    if (this.#hasGraph) throw new Rejection('the file holds more than one graph')
    this.#hasGraph = true
    this.#graph.readMain(field)
    this.looksLikeOnnx = true
  }

  /** OperatorSetIdProto: domain 1, version 2. */
  #readSet(field: Field): void {
    let [domain, version] = ['', 0n]
    this.#file.within(field, (part) => {
      if (part.number === 1) domain = this.#file.text(part)
      if (part.number === 2) version = BigInt.asIntN(64, part.value)
    })
    if (this.#sets.size === 1000) throw new Rejection('the file imports more than 1000 operator sets')
    this.#sets.set(domain, version)
  }

  #checkSets(): void {
    if (this.#sets.size === 0)
      throw new Rejection('the file does not say which version of the operators it needs (opset_import). Export it again')
    for (const [domain, version] of this.#sets) {
      const newest = operatorSets.get(domain)
      if (newest === undefined || (version >= 1n && version <= BigInt(newest))) continue
      throw new Rejection(
        `the file needs version ${version} of the operators ${domain || 'ai.onnx'}, but 1 to ${newest} can be loaded. Export it with opset_version=${newest}`,
      )
    }
  }

  signature(): Signature {
    const inputs = this.#graph.inputs.filter((input) => !this.#graph.initializers.has(input.name))
    const { outputs } = this.#graph
    if (outputs.length === 0) throw new Rejection('the graph has no outputs')
    if (inputs.length + outputs.length > maxTensors) throw new Rejection(`the graph has more than ${maxTensors} inputs and outputs`)
    checkNames('input', inputs)
    checkNames('output', outputs)
    return { inputs: inputs.map((input) => specOf('input', input)), outputs: outputs.map((output) => specOf('output', output)) }
  }
}

function checkNames(side: string, values: ValueInfo[]): void {
  const seen = new Set<string>()
  for (const { name } of values) {
    if (name === '') throw new Rejection(`an ${side} of the graph has no name`)
    if (/\p{Cc}/u.test(name)) throw new Rejection(`the name of an ${side} of the graph has control characters in it`)
    if (seen.has(name)) throw new Rejection(`two ${side}s of the graph are called "${name}"`)
    seen.add(name)
  }
}

function specOf(side: string, { name, kind, elementType, shape }: ValueInfo): TensorSpec {
  if (kind !== 'tensor')
    throw new Rejection(`the ${side} "${name}" is ${kind}, which tensors on the wire can not carry. ${adviceFor(kind)}`)
  const datatype = datatypes[elementType]
  if (datatype) return { name, datatype, shape: shape ?? [-1] }
  const type = otherTypes[elementType]
  throw new Rejection(
    `the ${side} "${name}" has the element type ${type ?? `number ${elementType}`}, which tensors on the wire can not carry. Cast it to float inside the graph`,
  )
}

const adviceFor = (kind: string): string =>
  kind === 'a sequence of maps'
    ? "Export without ZipMap: with skl2onnx, options={'zipmap': False}; with onnxmltools, zipmap=False"
    : 'Export the model with plain tensors as inputs and outputs'
