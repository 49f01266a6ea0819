/** One hyper-parameter as the form shows it, read from the recipe's JSON Schema. */
export type HyperField = {
  name: string
  title: string
  help: string
  kind: 'number' | 'integer' | 'boolean' | 'choice' | 'text'
  choices: readonly string[]
  initial: string | number | boolean | null
  minimum: number | null
  maximum: number | null
  isMinimumOpen: boolean
  isMaximumOpen: boolean
  isNullable: boolean
  isAdvanced: boolean
  /** The field counts only while these other fields have these values, as `x-when` says. */
  when: Record<string, string>
}

type Json = Record<string, unknown>
const asNumber = (value: unknown) => (typeof value === 'number' ? value : null)
const asText = (value: unknown) => (typeof value === 'string' ? value : '')
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** `anyOf: [{type: 'number'}, {type: 'null'}]` and `type: ['number', 'null']` both say: a number, or nothing. */
function unwrapNull(schema: Json): { schema: Json; isNullable: boolean } {
  const options = [schema.anyOf, schema.oneOf].find(Array.isArray)?.filter(isObject)
  if (options) {
    const rest = options.filter((option) => option.type !== 'null')
    if (rest.length === 1) return { schema: { ...schema, ...rest[0] }, isNullable: rest.length < options.length }
    const constants = rest.map((option) => option.const).filter((value) => value !== undefined)
    if (constants.length === rest.length) return { schema: { ...schema, enum: constants }, isNullable: rest.length < options.length }
  }
  if (!Array.isArray(schema.type)) return { schema, isNullable: false }
  const types = schema.type.filter((type) => type !== 'null')
  return { schema: { ...schema, type: types[0] }, isNullable: types.length < schema.type.length }
}

function kindOf(schema: Json): HyperField['kind'] {
  if (Array.isArray(schema.enum)) return 'choice'
  const type = schema.type
  return type === 'number' || type === 'integer' || type === 'boolean' ? type : 'text'
}

const inWords = (name: string) => name.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase())

function fieldOf(name: string, property: Json): HyperField {
  const { schema, isNullable } = unwrapNull(property)
  const initial = schema.default
  const choices = Array.isArray(schema.enum) ? schema.enum.filter((value) => value !== null).map(String) : []
  return {
    name,
    title: asText(schema.title) || inWords(name),
    help: asText(schema.description),
    kind: kindOf(schema),
    choices,
    initial: typeof initial === 'string' || typeof initial === 'number' || typeof initial === 'boolean' ? initial : null,
    minimum: asNumber(schema.minimum) ?? asNumber(schema.exclusiveMinimum),
    maximum: asNumber(schema.maximum) ?? asNumber(schema.exclusiveMaximum),
    isMinimumOpen: asNumber(schema.exclusiveMinimum) !== null,
    isMaximumOpen: asNumber(schema.exclusiveMaximum) !== null,
    isNullable: isNullable || (Array.isArray(schema.enum) && schema.enum.includes(null)),
    isAdvanced: schema['x-advanced'] === true,
    when: isObject(schema['x-when'])
      ? Object.fromEntries(Object.entries(schema['x-when']).map(([other, value]) => [other, String(value)]))
      : {},
  }
}

/** The fields of a recipe's hyper-parameters, in the schema's order. */
export function fieldsOf(schema: Json): HyperField[] {
  if (!isObject(schema.properties)) return []
  const fields = Object.entries(schema.properties).flatMap(([name, property]) => (isObject(property) ? [fieldOf(name, property)] : []))
  return fields.map((field) => withSubject(field, fields))
}

/** A help that begins with another field's choice, as 'MLP: units of each layer', tells of a setting that counts only with that choice. */
function withSubject(field: HyperField, fields: readonly HyperField[]): HyperField {
  const subject = /^([\w -]+): (.+)$/s.exec(field.help)
  if (!subject || Object.keys(field.when).length > 0) return field
  const word = (subject[1] as string).toLowerCase()
  const rest = subject[2] as string
  for (const other of fields) {
    const choice = other.choices.find((one) => one.toLowerCase() === word)
    if (choice) return { ...field, help: rest.replace(/^./, (first) => first.toUpperCase()), when: { [other.name]: choice } }
  }
  return field
}

export type HyperValue = string | number | boolean | null

/** What a field holds as a person typed it. */
export const initialText = (field: HyperField): string => (field.initial === null ? '' : String(field.initial))

const rangeOf = (field: HyperField) => {
  const low = field.minimum === null ? '' : `${field.isMinimumOpen ? 'above' : 'at least'} ${field.minimum}`
  const high = field.maximum === null ? '' : `${field.isMaximumOpen ? 'below' : 'at most'} ${field.maximum}`
  return [low, high].filter(Boolean).join(' and ')
}

function numberProblem(field: HyperField, value: number): string | null {
  if (!Number.isFinite(value)) return 'Give a number.'
  if (field.kind === 'integer' && !Number.isInteger(value)) return 'Give a whole number.'
  const isLow = field.minimum !== null && (field.isMinimumOpen ? value <= field.minimum : value < field.minimum)
  const isHigh = field.maximum !== null && (field.isMaximumOpen ? value >= field.maximum : value > field.maximum)
  return isLow || isHigh ? `Must be ${rangeOf(field)}.` : null
}

/** Reads one field: its value, or what is wrong with it in a sentence. An empty field means the recipe's own default. */
export function readField(field: HyperField, text: string): { value?: HyperValue; problem?: string } {
  const trimmed = text.trim()
  if (trimmed === '') return field.isNullable ? { value: null } : {}
  if (field.kind === 'boolean') return { value: trimmed === 'true' }
  if (field.kind === 'choice')
    return field.choices.includes(trimmed)
      ? { value: choiceValue(field, trimmed) }
      : { problem: `Choose one of ${field.choices.join(', ')}.` }
  if (field.kind === 'text') return { value: trimmed }
  const value = Number(trimmed.replace(',', '.'))
  const problem = numberProblem(field, value)
  return problem ? { problem } : { value }
}

const choiceValue = (field: HyperField, text: string): HyperValue => (typeof field.initial === 'number' ? Number(text) : text)

/** Only what differs from the recipe's defaults is sent, so that a job's settings say what somebody chose. */
export function readFields(
  fields: readonly HyperField[],
  texts: Record<string, string>,
): { values: Record<string, HyperValue>; problems: Record<string, string> } {
  const values: Record<string, HyperValue> = {}
  const problems: Record<string, string> = {}
  for (const field of fields) {
    const { value, problem } = readField(field, texts[field.name] ?? initialText(field))
    if (problem) problems[field.name] = problem
    if (value !== undefined && value !== field.initial) values[field.name] = value
  }
  return { values, problems }
}

export const helpOf = (field: HyperField) =>
  [field.help, field.initial === null ? '' : `Default ${field.initial}.`].filter(Boolean).join(' ')

/** The fields that count with these texts. */
export const fieldsInUse = (fields: readonly HyperField[], texts: Record<string, string>) =>
  fields.filter((field) =>
    Object.entries(field.when).every(([name, wanted]) => {
      const other = fields.find((one) => one.name === name)
      return !other || (texts[name] ?? initialText(other)) === wanted
    }),
  )
