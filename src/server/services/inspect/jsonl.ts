import { lines, Rejection, readText } from './text.ts'

export type JsonRow = { line: number; values: Map<string, string | null> }

const strings = /"(?:[^"\\]|\\.)*"/g

/**
 * Rows of a JSON Lines file: one flat object a line. Numbers and booleans come as their text, null as null.
 * @throws Rejection naming the line, and the key where there is one.
 */
export async function* readJsonl(path: string): AsyncGenerator<JsonRow> {
  let line = 0
  for await (const bytes of lines(readText(path))) {
    line++
    const text = bytes.toString('utf8')
    if (text.trim() !== '') yield { line, values: readRow(text, line) }
  }
}

function readRow(text: string, line: number): Map<string, string | null> {
  const value = parse(text, line)
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new Rejection('every line must be a JSON object, such as {"text": "…", "label": "…"}', line)
  const entries = Object.entries(value)
  const values = new Map(entries.map(([key, item]) => [key, scalar(key, item, line)]))
  // A flat object has one colon a key outside of its strings; JSON.parse would keep only the last of two equal keys.
  if (text.replace(strings, '').split(':').length - 1 !== entries.length) throw new Rejection('the object has the same key twice', line)
  if (values.has('__proto__')) throw new Rejection('"__proto__" can not be a key', line)
  return values
}

function parse(text: string, line: number): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Rejection('this is not valid JSON', line)
  }
}

function scalar(key: string, value: unknown, line: number): string | null {
  const named = JSON.stringify(key.slice(0, 100))
  if (value === null) return null
  if (typeof value === 'object') throw new Rejection(`${named} holds a list or an object: columns hold single values, so flatten it`, line)
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Rejection(`${named} holds a number that is too large`, line)
  return String(value)
}
