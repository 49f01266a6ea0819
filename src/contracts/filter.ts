/** The filter grammar of lists: `tags.k = 'v' and metrics.k > 0.9 and status = 'ready'`. */

export type FilterOperator = '=' | '!=' | '>' | '>=' | '<' | '<='
export type FilterClause = {
  kind: 'tags' | 'metadata' | 'metrics' | 'status'
  key: string
  operator: FilterOperator
  value: string | number
}

export class FilterError extends Error {}

const token =
  /\s*(?:(and)\b|(tags|metadata|metrics)\.("(?:[^"\\]|\\.)*"|[A-Za-z0-9_.\-/]+)|(status)\b|(!=|>=|<=|=|>|<)|('(?:[^'\\]|\\.)*')|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))/iy

const unquote = (text: string) => text.slice(1, -1).replace(/\\(.)/g, '$1')
const maxClauses = 20

/**
 * @returns the clauses, all of which must hold.
 * @throws FilterError with what was expected, and where.
 */
export function parseFilter(source: string): FilterClause[] {
  const clauses: FilterClause[] = []
  let at = 0
  const next = () => {
    token.lastIndex = at
    const match = token.exec(source)
    if (!match) return undefined
    at = token.lastIndex
    return match
  }
  while (true) {
    const field = next()
    if (!field || !(field[2] || field[4])) throw expected('tags.KEY, metadata.KEY, metrics.KEY or status', at)
    const operator = next()
    if (!operator?.[5]) throw expected('one of = != > >= < <=', at)
    const value = next()
    if (!value || (value[6] === undefined && value[7] === undefined)) throw expected("a value: 'text' in single quotes, or a number", at)
    clauses.push(clauseOf(field, operator[5] as FilterOperator, value, at))
    if (clauses.length > maxClauses) throw new FilterError(`at most ${maxClauses} conditions`)
    if (source.slice(at).trim() === '') return clauses
    if (!next()?.[1]) throw expected('"and" between two conditions', at)
  }
}

const expected = (what: string, at: number) => new FilterError(`expected ${what} at character ${at + 1}`)

function clauseOf(field: RegExpExecArray, operator: FilterOperator, value: RegExpExecArray, at: number): FilterClause {
  const kind = (field[2] ?? 'status').toLowerCase() as FilterClause['kind']
  const rawKey = field[3] ?? ''
  const key = rawKey.startsWith('"') ? unquote(rawKey) : rawKey
  const parsed = value[6] === undefined ? Number(value[7]) : unquote(value[6])
  if (kind === 'metrics' && typeof parsed !== 'number') throw expected('a number, as metrics are numbers,', at)
  if (kind === 'status' && !['=', '!='].includes(operator)) throw expected('= or != for status', at)
  if (['tags', 'metadata'].includes(kind) && typeof parsed === 'string' && !['=', '!='].includes(operator))
    throw expected('= or != for text', at)
  return { kind, key, operator, value: parsed }
}
