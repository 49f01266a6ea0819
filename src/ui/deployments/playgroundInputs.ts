import type { Datatype, Tensor, TensorSpec } from '#src/contracts/signature.ts'

export type InputField = {
  name: string
  datatype: Datatype
  kind: 'number' | 'boolean' | 'category' | 'words' | 'text' | 'tensor'
  categories: readonly string[]
  /** One sentence under the field: the range seen in training, or the shape that is wanted. */
  help: string
  /** May be left empty: the model then takes the value as missing. */
  canMiss: boolean
  spec: TensorSpec
}

const isFloat = (datatype: Datatype) => datatype.startsWith('FP')
const isWhole = (datatype: Datatype) => /^U?INT/.test(datatype)
const isOneValue = (shape: readonly number[]) => shape.length === 0 || shape.every((size) => size === -1 || size === 1)

function kindOf(spec: TensorSpec): InputField['kind'] {
  if (!isOneValue(spec.shape) || spec.shape.length > 2) return 'tensor'
  if (spec.datatype === 'BOOL') return 'boolean'
  if (spec.datatype !== 'BYTES') return 'number'
  if (spec.hint?.categories?.length) return 'category'
  return spec.name === 'text' ? 'text' : 'words'
}

const shapeText = (shape: readonly number[]) => `[${shape.map((size) => (size === -1 ? 'any' : size)).join(', ')}]`

function helpOf(spec: TensorSpec, kind: InputField['kind']): string {
  if (kind === 'tensor') return `${spec.datatype} ${shapeText(spec.shape)} as nested JSON lists.`
  const { min, max } = spec.hint ?? {}
  if (min !== undefined && max !== undefined) return `Seen in training: ${figure(min)} to ${figure(max)}`
  return ''
}

const figure = (value: number) => value.toLocaleString('en-US', { maximumSignificantDigits: 5 })

/** What to ask for each input of a signature. */
export function fieldsOf(inputs: readonly TensorSpec[]): InputField[] {
  return inputs.map((spec) => {
    const kind = kindOf(spec)
    return {
      name: spec.name,
      datatype: spec.datatype,
      kind,
      categories: spec.hint?.categories ?? [],
      help: helpOf(spec, kind),
      canMiss: kind === 'category' || kind === 'words' || (kind === 'number' && isFloat(spec.datatype)),
      spec,
    }
  })
}

const exampleText = 'Write a sentence here.'

/** A value that the model has seen the like of. */
export function exampleOf({ kind, categories, spec }: InputField): string {
  const { example, min, max } = spec.hint ?? {}
  if (example !== undefined && example !== null) return typeof example === 'number' ? shortest(example, spec.datatype) : example
  if (kind === 'category') return categories[0] ?? ''
  if (kind === 'text') return exampleText
  if (kind === 'boolean') return 'false'
  if (kind === 'tensor') return JSON.stringify(zeros(spec.shape, spec.datatype))
  if (kind !== 'number') return ''
  if (min === undefined || max === undefined) return '0'
  const middle = (min + max) / 2
  return isWhole(spec.datatype) || (Number.isInteger(min) && Number.isInteger(max))
    ? String(Math.round(middle))
    : String(Number(middle.toPrecision(4)))
}

/** A float32 widened to a double carries digits that it never had. */
const shortest = (value: number, datatype: Datatype) =>
  String(datatype === 'FP32' || datatype === 'FP16' ? Number(value.toPrecision(7)) : value)

function zeros(shape: readonly number[], datatype: Datatype): unknown {
  const [size, ...rest] = shape
  if (size === undefined) return datatype === 'BYTES' ? '' : datatype === 'BOOL' ? false : 0
  return Array.from({ length: size === -1 ? 1 : size }, () => zeros(rest, datatype))
}

export type Built = { inputs: Tensor[]; problems: Record<string, string> }

/** One row from the form: the tensors to send, or what is wrong beside the field's name. */
export function buildInputs(fields: readonly InputField[], texts: Record<string, string>): Built {
  const inputs: Tensor[] = []
  const problems: Record<string, string> = {}
  for (const field of fields) {
    const read = readValue(field, texts[field.name] ?? '')
    if ('problem' in read) problems[field.name] = read.problem
    inputs.push({
      name: field.name,
      datatype: field.datatype,
      ...('problem' in read ? { shape: oneRow(field.spec.shape), data: [null] } : read),
    })
  }
  return { inputs, problems }
}

const oneRow = (shape: readonly number[]) => shape.map((size) => (size === -1 ? 1 : size))

type Read = { shape: number[]; data: unknown[] } | { problem: string }

function readValue(field: InputField, text: string): Read {
  const shape = oneRow(field.spec.shape)
  if (field.kind === 'tensor') return readTensor(field, text)
  if (field.kind === 'text' && text.trim() === '') return { problem: 'Write some text.' }
  if (field.datatype === 'BYTES') return { shape, data: [text] }
  if (field.kind === 'boolean') return { shape, data: [text === 'true'] }
  return readNumber(field, text.trim(), shape)
}

function readNumber({ datatype, canMiss }: InputField, text: string, shape: number[]): Read {
  if (text === '') return canMiss ? { shape, data: [null] } : { problem: 'Give a number: this input cannot be missing.' }
  const value = Number(text.replace(',', '.'))
  if (!Number.isFinite(value)) return { problem: 'Give a number.' }
  if (isWhole(datatype) && !Number.isSafeInteger(value)) return { problem: 'Give a whole number.' }
  if (datatype.startsWith('UINT') && value < 0) return { problem: 'Give a number of zero or more.' }
  return { shape, data: [value] }
}

function readTensor({ spec }: InputField, text: string): Read {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return { problem: `Give nested JSON lists of the shape ${shapeText(spec.shape)}.` }
  }
  const shape = shapeOf(parsed)
  if (!shape) return { problem: 'The lists inside differ in length.' }
  const fits = shape.length === spec.shape.length && spec.shape.every((size, index) => size === -1 || size === shape[index])
  if (!fits) return { problem: `The shape is ${shapeText(shape)}, but ${shapeText(spec.shape)} is wanted.` }
  return { shape, data: flatten(parsed) }
}

/** The shape of nested lists; null for ragged ones. */
function shapeOf(value: unknown): number[] | null {
  if (!Array.isArray(value)) return []
  const shapes = value.map(shapeOf)
  const first = shapes[0] ?? []
  const isEven = shapes.every(
    (shape) => shape !== null && shape.length === first.length && shape.every((size, index) => size === first[index]),
  )
  return isEven ? [value.length, ...first] : null
}

const flatten = (value: unknown): unknown[] => (Array.isArray(value) ? value.flatMap(flatten) : [value])

/** The form's values from a request's tensors, where each holds one value; so the JSON tab and the form stay one thing. */
export function textsOf(fields: readonly InputField[], inputs: readonly Tensor[]): Record<string, string> {
  const texts: Record<string, string> = {}
  for (const field of fields) {
    const tensor = inputs.find((one) => one.name === field.name)
    if (!tensor) continue
    if (field.kind === 'tensor') texts[field.name] = JSON.stringify(nest(tensor.data, tensor.shape))
    else if (tensor.data.length === 1)
      texts[field.name] = tensor.data[0] === null || tensor.data[0] === undefined ? '' : String(tensor.data[0])
  }
  return texts
}

function nest(data: readonly unknown[], shape: readonly number[]): unknown {
  const [size, ...rest] = shape
  if (size === undefined) return data[0]
  const step = rest.reduce((product, one) => product * one, 1)
  return Array.from({ length: size }, (_, index) => nest(data.slice(index * step, (index + 1) * step), rest))
}

/** The input that an error talks of, so that its field can be focused: by the error's path, else by its name in quotes or as a word. */
export function inputNamed(fields: readonly InputField[], message: string, paths: readonly string[] = []): string | null {
  const byPath = fields.find(({ name }) => paths.some((path) => path === name || path.endsWith(`.${name}`)))
  if (byPath) return byPath.name
  const quoted = fields.find(({ name }) => [`"${name}"`, `'${name}'`, `\`${name}\``, `“${name}”`].some((form) => message.includes(form)))
  if (quoted) return quoted.name
  const words = new Set(message.split(/[^A-Za-z0-9_.-]+/).map((word) => word.replace(/[.]$/, '')))
  return [...fields].sort((left, right) => right.name.length - left.name.length).find(({ name }) => words.has(name))?.name ?? null
}
