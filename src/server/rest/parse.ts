/** Reads what a request brings; whatever is wrong with it becomes a refusal that names the field as the sender spelled it. */
import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { limits } from '#src/contracts/common.ts'
import { AppError, type ErrorDetail } from '#src/server/errors.ts'
import { readJson } from '#src/server/http.ts'
import { type PathField, pathFields } from './fields.ts'

export function refuse(details: ErrorDetail[]): AppError {
  const first = details[0]
  return new AppError('bad_request', first ? `${first.path || 'body'}: ${first.message}` : 'The request is not valid.', { details })
}

function detailsOf(issue: z.core.$ZodIssue, known: string[]): ErrorDetail[] {
  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys') {
    const message = known.length > 0 && path.length === 0 ? `is not known here; there is ${known.join(', ')}` : 'is not known here'
    return issue.keys.slice(0, 20).map((key) => ({ path: [...path, key.slice(0, 100)].join('.'), message }))
  }
  return [{ path: path.join('.'), message: issue.message }]
}

/** @throws AppError bad_request. */
export function check<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
  throw refuse(result.error.issues.slice(0, 50).flatMap((issue) => detailsOf(issue, known)))
}

/** Decodes and checks the values of a path's braces. An encoding that stands for no text is a bad request. */
export function readParams(names: readonly string[], values: readonly string[]): Record<string, unknown> {
  const params: Record<string, unknown> = {}
  for (const [index, name] of names.entries()) {
    const result = pathFields[name as PathField].safeParse(decode(values[index] as string, name))
    if (!result.success) throw refuse([{ path: name, message: result.error.issues[0]?.message ?? 'is not valid' }])
    params[name] = result.data
  }
  return params
}

function decode(value: string, name: string): string {
  try {
    return value.includes('%') ? decodeURIComponent(value) : value
  } catch {
    throw refuse([{ path: name, message: 'is not percent-encoded UTF-8' }])
  }
}

const nothing = z.strictObject({})

export function readQuery(schema: z.ZodType | undefined, url: URL): unknown {
  const given: Record<string, string> = Object.create(null)
  for (const [name, value] of url.searchParams) {
    if (name in given) throw refuse([{ path: name.slice(0, 100), message: 'is given twice' }])
    given[name] = value
  }
  return check(schema ?? nothing, { ...given })
}

/** Reads the body after the caller was let in. An empty one counts as `{}`. */
export async function readBodyOf(req: IncomingMessage, schema: z.ZodType | undefined): Promise<unknown> {
  const value = await readJson(req, limits.jsonBodyBytes)
  refuseUnstorable(value)
  return check(schema ?? nothing, value)
}

const maxDepth = 40

/** Schemas recurse and Postgres holds no NUL: what would break either is refused first, without recursion. */
function refuseUnstorable(root: unknown): void {
  const open: { value: unknown; path: string; depth: number }[] = [{ value: root, path: '', depth: 0 }]
  for (let item = open.pop(); item; item = open.pop()) {
    const { value, path, depth } = item
    if (typeof value === 'string') mustBeText(value, path)
    if (value === null || typeof value !== 'object') continue
    if (depth === maxDepth) throw refuse([{ path, message: `must be nested at most ${maxDepth} deep` }])
    for (const [key, inner] of Object.entries(value)) {
      mustBeKey(key, path)
      open.push({ value: inner, path: path.length > 500 ? path : path ? `${path}.${key}` : key, depth: depth + 1 })
    }
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what is looked for
const isText = (value: string) => !/\u0000/.test(value) && value.isWellFormed()

function mustBeText(value: string, path: string): void {
  if (!isText(value)) throw refuse([{ path, message: 'must not contain NUL or broken Unicode' }])
}

function mustBeKey(key: string, path: string): void {
  if (!isText(key)) throw refuse([{ path, message: 'must not have keys with NUL or broken Unicode' }])
  if (key === '__proto__') throw refuse([{ path: path ? `${path}.__proto__` : '__proto__', message: 'is not a key' }])
}
