/** The OpenAPI 3.1 description of the API, made from the route table. */
import { z } from 'zod'
import { metadata } from '#src/contracts/common.ts'
import { errorBody, errorStatuses } from '#src/contracts/errors.ts'
import { programVersion } from '#src/server/services/system.ts'
import { pathFields } from './fields.ts'
import type { Route } from './route.ts'

export type Json = { [key: string]: unknown }
export type Operation = {
  operationId: string
  summary: string
  description: string
  tags: string[]
  parameters: Json[]
  requestBody?: Json
  responses: Json
}
export type Document = {
  openapi: string
  info: Json
  tags: { name: string }[]
  paths: Record<string, Record<string, Operation>>
  components: Json
  security: Json[]
}

const isObject = (value: unknown): value is Json => value !== null && typeof value === 'object' && !Array.isArray(value)

/**
 * The JSON Schema of a zod schema. Requests are described as they are sent, answers as they are given; an answer may get more
 * fields one day, so it does not promise that there are no others.
 */
export function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output', isOpen = io === 'output'): Json {
  const made = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema === (metadata as unknown)) replace(jsonSchema as Json, { type: 'object', additionalProperties: true })
      if (isOpen && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
    },
  }) as Json
  const { $schema: _dialect, $defs: _recursive, ...kept } = made
  return kept
}

function replace(target: Json, by: Json): void {
  for (const key of Object.keys(target)) delete target[key]
  Object.assign(target, by)
}

/** Schemas with a title become components, each written once. */
class Components {
  readonly schemas: Json = {}

  take(schema: Json): Json {
    const inner = this.#walk(schema) as Json
    if (typeof schema.title !== 'string') return inner
    const { title, ...body } = inner
    this.schemas[title as string] ??= body
    return { $ref: `#/components/schemas/${title}` }
  }

  #walk(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => (isObject(item) ? this.take(item) : item))
    if (!isObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.#child(key, inner)]))
  }

  #child(key: string, inner: unknown): unknown {
    if (key === 'properties' && isObject(inner))
      return Object.fromEntries(Object.entries(inner).map(([name, schema]) => [name, this.take(schema as Json)]))
    return isObject(inner) ? this.take(inner) : this.#walk(inner)
  }
}

const parameter = (place: 'path' | 'query', name: string, schema: z.ZodType): Json => {
  const { description, ...rest } = jsonSchemaOf(schema, 'output')
  const required = place === 'path' || !schema.safeParse(undefined).success
  return { name, in: place, required, ...(description ? { description } : {}), schema: rest }
}

function parametersOf(route: Route): Json[] {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map((found) => found[1] as keyof typeof pathFields)
  const query = route.query instanceof z.ZodObject ? (route.query.shape as Record<string, z.ZodType>) : {}
  return [
    ...names.map((name) => parameter('path', name, pathFields[name])),
    ...Object.entries(query).map(([name, schema]) => parameter('query', name, schema)),
    { $ref: '#/components/parameters/Project' },
  ]
}

const rights: Partial<Record<Route['rule'], string>> = {
  'signed-in': 'Any key or signed-in person.',
  read: 'Needs the right to read.',
  write: 'Needs the right to write.',
  deploy: 'Needs the right to deploy.',
  admin: 'Needs to administer the project.',
  'installation-admin': 'Needs to administer the installation.',
}

/** The statuses with which a route may refuse: 404 also for a project that is not there. */
export function refusalsOf(route: Route): number[] {
  const sent = ['POST', 'PUT', 'PATCH'].includes(route.method) ? [409, 413, 415, 422] : []
  const deleted = route.method === 'DELETE' ? [409] : []
  const searched = route.isList && 'q' in ((route.query as { shape?: object } | undefined)?.shape ?? {}) ? [422] : []
  return [...new Set([400, 401, 403, 404, ...sent, ...deleted, ...searched, ...(route.refusals ?? []), 429, 503])].sort((a, b) => a - b)
}

const pageHeaders = {
  'X-Total-Count': { description: 'How many there are; past 10000 an estimate', schema: { type: 'integer' } },
  Link: { description: '`<address>; rel="next"` while there is a next page', schema: { type: 'string' } },
}

function successOf(route: Route, components: Components): Json {
  if (route.status === 204) return { description: 'Done' }
  if (route.produces) return { description: 'The content', content: { [route.produces]: { schema: { type: 'string' } } } }
  const one = route.response ? components.take(jsonSchemaOf(route.response, 'output')) : {}
  const schema = route.isList ? { type: 'array', items: one } : one
  return { description: 'Done', ...(route.isList ? { headers: pageHeaders } : {}), content: { 'application/json': { schema } } }
}

export const operationIdOf = ({ method, path }: Pick<Route, 'method' | 'path'>) =>
  `${method.toLowerCase()}${path.replace(/[{}]/g, '').replace(/[/-](\w)/g, (_all, letter: string) => letter.toUpperCase())}`

function operationOf(route: Route, components: Components): Operation {
  const refusals = refusalsOf(route).map((status) => [String(status), { $ref: `#/components/responses/${status}` }])
  const body = route.body && components.take(jsonSchemaOf(route.body, 'input'))
  return {
    operationId: operationIdOf(route),
    summary: route.summary,
    description: [route.description, rights[route.rule]].filter(Boolean).join(' '),
    tags: [route.tag],
    parameters: parametersOf(route),
    ...(body
      ? {
          requestBody: {
            content: { 'application/json': { schema: body, ...(route.example === undefined ? {} : { example: route.example }) } },
          },
        }
      : {}),
    responses: { [String(route.status ?? 200)]: successOf(route, components), ...Object.fromEntries(refusals) },
  }
}

const meanings: Record<number, string> = {
  400: 'Malformed, or a field that is not known; the details name it',
  401: 'It is not known who asks',
  403: 'Known, but not yours to do',
  404: 'Not there, or not yours to see',
  409: 'Not possible in the state that the thing is in',
  410: 'It was there, and is no longer',
  413: 'The body is too large',
  415: 'The body is not JSON',
  422: 'Well-formed, but it can not be used',
  429: 'Too many requests; Retry-After says when to try again',
  502: "A model's own server failed",
  503: 'Not ready; Retry-After says when to try again',
  504: "A model's own server did not answer in time",
}

const errorExample = {
  error: {
    code: 'not_found',
    message: 'There is no model "churn" in this project.',
    correlation_id: '8b0b2c5e-5d1c-4f5e-9a39-6a2f4a3b7c11',
  },
}

function errorResponses(): Json {
  const used = Object.values(errorStatuses).filter((status) => meanings[status])
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/Error' }, example: errorExample } }
  return Object.fromEntries(used.map((status) => [String(status), { description: meanings[status], content }]))
}

/** @returns the document without `servers`: those depend on how the reader reached us. */
export function buildDocument(routes: readonly Route[]): Document {
  const components = new Components()
  components.schemas.Error = jsonSchemaOf(errorBody, 'output')
  const paths: Document['paths'] = {}
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route, components) }
  return {
    openapi: '3.1.0',
    info: {
      title: 'NeuroWeaver',
      version: programVersion,
      description:
        'Register models, train them on data sets, deploy versions and watch them serve. Send an API key as `Authorization: Bearer <key>`.',
    },
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    security: [{ key: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key: Settings → API keys makes one' },
        session: { type: 'apiKey', in: 'cookie', name: 'neuroweaver.session', description: "A person's browser session" },
      },
      parameters: {
        Project: {
          name: 'X-NeuroWeaver-Project',
          in: 'header',
          required: false,
          description: 'Id or name of the project; a key that belongs to a project has its own, else `default`',
          schema: { type: 'string' },
        },
      },
      responses: errorResponses(),
      schemas: components.schemas,
    },
  }
}
