import type { Model } from '#src/contracts/model.ts'

const quotes = /('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")/

/** Splits a filter into its clauses; an `and` inside quotes is a part of the value. */
export function clausesOf(filter: string): string[] {
  const clauses: string[] = []
  let clause = ''
  for (const part of filter.split(quotes)) {
    if (part.startsWith("'") || part.startsWith('"')) {
      clause += part
      continue
    }
    const pieces = part.split(/\s+and\s+/i)
    clause += pieces[0] ?? ''
    for (const piece of pieces.slice(1)) {
      clauses.push(clause.trim())
      clause = piece
    }
  }
  return [...clauses, clause.trim()].filter((each) => each !== '')
}

export const joinClauses = (clauses: string[]): string => clauses.join(' and ')

const quoted = (value: string) => `'${value.replace(/[\\']/g, '\\$&')}'`
const plainKey = /^[A-Za-z0-9_.\-/]+$/
const keyOf = (key: string) => (plainKey.test(key) ? key : `"${key.replace(/[\\"]/g, '\\$&')}"`)

/** Clauses that would find something among these models, the commonest first. */
export function suggestClauses(models: Model[], limit = 8): string[] {
  const counts = new Map<string, number>()
  const count = (clause: string) => counts.set(clause, (counts.get(clause) ?? 0) + 1)
  for (const model of models) {
    count(`status = ${quoted(model.status)}`)
    for (const [key, value] of Object.entries(model.tags)) count(`tags.${keyOf(key)} = ${quoted(value)}`)
    for (const [key, value] of Object.entries(model.metrics))
      if (value !== null) count(`metrics.${keyOf(key)} > ${Number((value * 0.9).toPrecision(2))}`)
  }
  return [...counts]
    .sort(([, left], [, right]) => right - left)
    .slice(0, limit)
    .map(([clause]) => clause)
}
