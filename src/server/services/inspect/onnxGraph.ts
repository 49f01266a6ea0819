/** The parts of onnx.proto that are looked into; numbers in comments are the fields' numbers there. */
import { elementBits, operatorSets } from './onnxTypes.ts'
import { type Field, Malformed, type ProtobufFile } from './protobuf.ts'
import { Rejection } from './text.ts'

const maxTracked = 1_000_000
const maxRank = 64

export type ValueInfo = {
  name: string
  /** `tensor`, or what it is instead, with its article. */
  kind: string
  elementType: number
  shape: number[] | undefined
}

/** Reads a graph with everything in it: subgraphs, functions and every tensor, wherever it hides. */
export class GraphReader {
  readonly #file: ProtobufFile
  readonly inputs: ValueInfo[] = []
  readonly outputs: ValueInfo[] = []
  readonly initializers = new Set<string>()
  /** Operators of domains that the runtime does not bring, and those that the file itself defines, as `domain.name`. */
  readonly #foreign = new Set<string>()
  readonly #functions = new Set<string>()

  constructor(file: ProtobufFile) {
    this.#file = file
  }

  readMain(field: Field): void {
    this.#graph(field, true)
  }

  /** FunctionProto: name 1, node 7, domain 10. */
  readFunction(field: Field): void {
    let [name, domain] = ['', '']
    this.#file.within(field, (part) => {
      if (part.number === 1) name = this.#file.text(part)
      if (part.number === 7) this.#node(part)
      if (part.number === 10) domain = this.#file.text(part)
    })
    track(this.#functions, `${domain}.${name}`)
  }

  /** Called when all is read, since functions may stand after the nodes that use them. */
  checkOperators(): void {
    for (const name of this.#foreign) {
      if (!this.#functions.has(name))
        throw new Rejection(
          `the graph uses the custom operator "${name}", which the runtime does not have. Export it with standard operators`,
        )
    }
  }

  /** GraphProto: node 1, initializer 5, input 11, output 12, sparse_initializer 15. */
  #graph(field: Field, isMain: boolean): void {
    this.#file.within(field, (part) => {
      if (part.number === 1) this.#node(part)
      if (part.number === 5) this.#initializer(part, isMain)
      if (part.number === 11 && isMain) this.#keep(this.inputs, part)
      if (part.number === 12 && isMain) this.#keep(this.outputs, part)
      if (part.number === 15) this.#sparse(part)
    })
  }

  #keep(list: ValueInfo[], field: Field): void {
    if (list.length === maxTracked) throw new Rejection('the graph has more than a million inputs or outputs')
    list.push(this.#value(field))
  }

  #initializer(field: Field, isMain: boolean): void {
    const name = this.#tensor(field)
    if (isMain) track(this.initializers, name)
  }

  /** NodeProto: op_type 4, attribute 5, domain 7. */
  #node(field: Field): void {
    let [operator, domain] = ['', '']
    this.#file.within(field, (part) => {
      if (part.number === 4) operator = this.#file.text(part)
      if (part.number === 5) this.#attribute(part)
      if (part.number === 7) domain = this.#file.text(part)
    })
    if (!operatorSets.has(domain)) track(this.#foreign, `${domain}.${operator}`)
  }

  /** AttributeProto: t 5, g 6, tensors 10, graphs 11, sparse_tensor 22, sparse_tensors 23. */
  #attribute(field: Field): void {
    this.#file.within(field, (part) => {
      if (part.number === 5 || part.number === 10) this.#tensor(part)
      if (part.number === 6 || part.number === 11) this.#graph(part, false)
      if (part.number === 22 || part.number === 23) this.#sparse(part)
    })
  }

  /** SparseTensorProto: values 1, indices 2. */
  #sparse(field: Field): void {
    this.#file.within(field, (part) => {
      if (part.number === 1 || part.number === 2) this.#tensor(part)
    })
  }

  /** TensorProto: dims 1, data_type 2, name 8, raw_data 9, external_data 13, data_location 14. @returns its name. */
  #tensor(field: Field): string {
    let [name, type, elements, rank] = ['', 0, 1, 0]
    let rawBytes: number | undefined
    this.#file.within(field, (part) => {
      if (part.number === 1) this.#file.numbers(part, (size) => ([elements, rank] = [elements * sizeOf(size), rank + 1]))
      if (part.number === 2) type = Number(part.value)
      if (part.number === 8) name = this.#file.text(part)
      if (part.number === 9) rawBytes = part.end - part.start
      if (part.number === 13 || (part.number === 14 && part.value === 1n)) throw externalData()
    })
    if (rank > maxRank) throw new Malformed('a tensor has too many dimensions')
    const bits = elementBits[type]
    if (rawBytes !== undefined && bits !== undefined && rawBytes !== Math.ceil((elements * bits) / 8)) {
      throw new Rejection(`the weights "${printable(name)}" do not have the size that their shape needs: the file is damaged`)
    }
    return name
  }

  /** ValueInfoProto: name 1, type 2. */
  #value(field: Field): ValueInfo {
    const value: ValueInfo = { name: '', kind: 'of no known type', elementType: 0, shape: undefined }
    this.#file.within(field, (part) => {
      if (part.number === 1) value.name = this.#file.text(part)
      if (part.number === 2) this.#type(part, value)
    })
    return value
  }

  /** TypeProto: tensor_type 1, sequence_type 4, map_type 5, opaque_type 7, sparse_tensor_type 8, optional_type 9. */
  #type(field: Field, value: ValueInfo): void {
    const kinds: Record<number, string> = { 1: 'tensor', 4: 'a sequence', 5: 'a map', 7: 'opaque', 8: 'a sparse tensor', 9: 'optional' }
    this.#file.within(field, (part) => {
      const kind = kinds[part.number]
      if (!kind) return
      value.kind = kind
      if (part.number === 1) this.#tensorType(part, value)
      if (part.number === 4 && this.#holdsMaps(part)) value.kind = 'a sequence of maps'
    })
  }

  /** TypeProto.Sequence: elem_type 1, a TypeProto. */
  #holdsMaps(field: Field): boolean {
    let holds = false
    this.#file.within(field, (part) => {
      if (part.number !== 1) return
      this.#file.within(part, (inner) => {
        holds ||= inner.number === 5
      })
    })
    return holds
  }

  /** TypeProto.Tensor: elem_type 1, shape 2. */
  #tensorType(field: Field, value: ValueInfo): void {
    this.#file.within(field, (part) => {
      if (part.number === 1) value.elementType = Number(part.value)
      if (part.number === 2) value.shape = this.#shape(part)
    })
  }

  /** TensorShapeProto: dim 1, of which dim_value 1; a name, nothing, and sizes that make no sense leave it free. */
  #shape(field: Field): number[] {
    const shape: number[] = []
    this.#file.within(field, (part) => {
      if (part.number !== 1) return
      if (shape.length === maxRank) throw new Malformed('a shape has too many dimensions')
      let size = -1
      this.#file.within(part, (inner) => {
        if (inner.number === 1) size = Number(BigInt.asIntN(64, inner.value))
      })
      shape.push(size >= 0 && Number.isSafeInteger(size) ? size : -1)
    })
    return shape
  }
}

function sizeOf(value: bigint): number {
  const size = BigInt.asIntN(64, value)
  if (size < 0n) throw new Rejection('a tensor in the file has a negative dimension: the file is damaged')
  return Number(size)
}

const externalData = () =>
  new Rejection(
    'the weights lie in another file (external data). Save the model as one file, for instance with onnx.save_model(model, path, save_as_external_data=False)',
  )

const printable = (name: string): string => name.replace(/\p{Cc}/gu, '?').slice(0, 100)

function track(set: Set<string>, name: string): void {
  if (set.size >= maxTracked) throw new Rejection('the graph has more than a million names')
  set.add(name)
}
