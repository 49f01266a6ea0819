/**
 * A data set that every installation has at hand: the functions of Node's own built-in modules, read from their source text.
 * A row is a function; the target says whether its source checks its arguments (it throws or calls a validator) or trusts them.
 */
import { builtinModules, createRequire } from 'node:module'

const require = createRequire(import.meta.url)

export const builtinsTarget = 'checks_arguments'
const columns = [
  'module',
  'held_by',
  'first_word',
  'name_length',
  'name_words',
  'arity',
  'lines',
  'characters',
  'mean_line_length',
  'branches',
  'calls',
  'returns',
  'words_a_comment',
  'is_async',
  builtinsTarget,
] as const
type Row = Record<(typeof columns)[number], string | number | null>
type Found = { module: string; heldBy: 'module' | 'static' | 'prototype'; name: string; fn: (...args: never[]) => unknown }

const skipped = /^(_|internal|wasi|trace_events|sys$|punycode$|node:)/

function functionsOf(holder: object, module: string, heldBy: Found['heldBy']): Found[] {
  return Object.entries(Object.getOwnPropertyDescriptors(holder)).flatMap(([name, { value }]) =>
    typeof value === 'function' && name !== 'constructor' ? [{ module, heldBy, name, fn: value }] : [],
  )
}

function walk(module: string): Found[] {
  const held = functionsOf(require(`node:${module}`), module, 'module')
  const inside = held.flatMap(({ fn }) => [
    ...functionsOf(fn, module, 'static'),
    ...(fn.prototype && typeof fn.prototype === 'object' ? functionsOf(fn.prototype, module, 'prototype') : []),
  ])
  return [...held, ...inside]
}

const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0

function describe({ module, heldBy, name, fn }: Found): Row | undefined {
  const source = Function.prototype.toString.call(fn)
  if (source.includes('[native code]') || source.length > 20_000) return undefined
  const words = name.split(/(?=[A-Z])|_/).filter(Boolean)
  const comments = source.match(/\/\/.*$|\/\*[\s\S]*?\*\//gm) ?? []
  const code = source.replace(/\/\/.*$|\/\*[\s\S]*?\*\//gm, '')
  const lines = code.split('\n').filter((line) => line.trim() !== '')
  return {
    module,
    held_by: heldBy,
    first_word: words.length > 1 ? (words[0] as string).toLowerCase() : null,
    name_length: name.length,
    name_words: words.length,
    arity: fn.length,
    lines: lines.length,
    characters: code.length,
    mean_line_length: Math.round((code.length / lines.length) * 10) / 10,
    branches: count(code, /\b(if|switch|case|catch)\b|\?\s/g),
    calls: count(code, /[\w$]\(/g),
    returns: count(code, /\breturn\b/g),
    words_a_comment: comments.length > 0 ? Math.round((comments.join(' ').split(/\s+/).length / comments.length) * 10) / 10 : null,
    is_async: /^async\b/.test(source) ? 'yes' : 'no',
    [builtinsTarget]: /\bthrow\b|\bvalidate[A-Z]\w*\(/.test(code) ? 'checks' : 'trusts',
  }
}

/** The rows, in a fixed order for one release of Node. */
export function readBuiltins(): { columns: readonly string[]; rows: (string | number | null)[][] } {
  const modules = builtinModules.filter((name) => !skipped.test(name) && !name.includes('/')).sort()
  const seen = new Set<unknown>()
  const found = modules.flatMap((module) => walk(module)).filter(({ fn }) => !seen.has(fn) && seen.add(fn))
  const rows = found.map(describe).filter((row) => row !== undefined)
  return { columns, rows: rows.map((row) => columns.map((column) => row[column])) }
}

const quote = (value: string | number | null) => {
  const text = value === null ? '' : String(value)
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** RFC 4180, an empty field for what is missing. */
export const toCsv = (columns: readonly string[], rows: readonly (string | number | null)[][]): string =>
  [columns, ...rows]
    .map((row) => row.map(quote).join(','))
    .join('\r\n')
    .concat('\r\n')
