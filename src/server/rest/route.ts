/** What a route is: an address, the rule that it asks of its caller, and what goes in and out. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { z } from 'zod'
import type { Action } from '#src/contracts/access.ts'
import type { Caller, Rule } from '#src/server/services/access.ts'
import type { PathField, pathFields } from './fields.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

type NamesIn<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never
type Params<Path extends string> = { [Name in NamesIn<Path> & PathField]: z.output<(typeof pathFields)[Name]> }

export type Request = {
  caller: Caller
  req: IncomingMessage
  res: ServerResponse
  /** Looks again at who is asking: a long stream ends when its credential does. */
  lookAgain: () => Promise<Caller>
}
export type Call<P, Q, B> = Request & { params: P; query: Q; body: B }

/** One page of a list. `next` is what a query must carry to get the page after it. */
export type ListAnswer = { items: unknown[]; total: number; next: { cursor: string } | { skip: number } | null }

type Described = {
  method: Method
  rule: Rule
  /** Actions any of which a limited key must have, where they are not those of the tag. */
  actions?: readonly Action[]
  tag: string
  summary: string
  description?: string
  /** 204 answers with no body. */
  status?: 200 | 201 | 202 | 204
  /** What one answer is, or one item of a list. */
  response?: z.ZodType
  /** The handler gives a ListAnswer: an array, with X-Total-Count and a Link to the next page. */
  isList?: boolean
  /** The handler answers by itself, with this content. */
  produces?: string
  /** Statuses that it may refuse with, beside those that its method and path bring. */
  refusals?: readonly number[]
  /** An example of the body. */
  example?: unknown
}

export type Route = Described & {
  path: string
  query?: z.ZodType
  body?: z.ZodType
  handle: (call: Call<never, never, never>) => Promise<unknown>
}

/** Types a route's handler by its path, query and body. */
export function route<
  const Path extends string,
  Q extends z.ZodType = z.ZodType<Record<never, never>>,
  B extends z.ZodType = z.ZodType<Record<never, never>>,
>(
  definition: Described & {
    path: Path
    query?: Q
    body?: B
    handle: (call: Call<Params<Path>, z.output<Q>, z.output<B>>) => Promise<unknown>
  },
): Route {
  return definition as unknown as Route
}
