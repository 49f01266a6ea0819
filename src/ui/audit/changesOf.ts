type Facts = Record<string, unknown> | null
/** undefined: the field was not there. */
export type FieldChange = { field: string; before: unknown; after: unknown }

const isObject = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object' && !Array.isArray(value)

function flatten(facts: Facts, prefix = '', into = new Map<string, unknown>()): Map<string, unknown> {
  for (const [key, value] of Object.entries(facts ?? {})) {
    const field = prefix ? `${prefix}.${key}` : key
    if (isObject(value)) flatten(value, field, into)
    else into.set(field, value)
  }
  return into
}

const isSame = (left: unknown, right: unknown) => JSON.stringify(left) === JSON.stringify(right)

/** The fields that differ, nested ones by their path; all of them when a thing came or went. An empty object is no field. */
export function changesOf(before: Facts, after: Facts): FieldChange[] {
  const [old, fresh] = [flatten(before), flatten(after)]
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .map((field) => ({ field, before: old.get(field), after: fresh.get(field) }))
    .filter((change) => !isSame(change.before, change.after))
}

/** A value in words: text as it is, a list item by item, an object in it as `name value`. */
export function valueText(value: unknown): string {
  if (value === '') return 'empty'
  if (value === null || value === undefined) return 'none'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(valueText).join(', ')
  if (isObject(value))
    return Object.entries(value)
      .map(([key, inner]) => `${key} ${valueText(inner)}`)
      .join(' ')
  return String(value)
}

/** The first change in a few words, for a row of a table that names the target already. */
export function summaryOf(before: Facts, after: Facts, targetName: string | null = null): string {
  const all = changesOf(before, after)
  const telling = all.filter((change) => (change.after ?? change.before) !== targetName)
  const changes = telling.length > 0 ? telling : all
  const [first] = changes
  if (!first) return ''
  const isMoved = first.before !== undefined && first.after !== undefined
  const text = `${first.field}: ${isMoved ? `${valueText(first.before)} → ${valueText(first.after)}` : valueText(first.after ?? first.before)}`
  const short = text.length > 80 ? `${text.slice(0, 79)}…` : text
  return changes.length > 1 ? `${short}, and ${changes.length - 1} more` : short
}
