/** Requests made up from the route table: whatever comes, the answer is ours and never a 5xx. */
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { useRest } from '#src/testing/rest.ts'
import { uploadBytes } from '#src/testing/upload.ts'
import { type Json, jsonSchemaOf, refusalsOf } from './document.ts'
import { pathFields } from './fields.ts'
import type { Route } from './route.ts'
import { routes } from './routes.ts'

const use = useRest()
const budgetMs = 8_000

const strangeText = fc.oneof(
  fc.constantFrom(
    '',
    'm',
    'd',
    '1',
    '0',
    '-1',
    '1e3',
    'null',
    'true',
    '\u0000',
    "'",
    '"',
    '%',
    '../..',
    '\\',
    "status = 'ready'",
    "tags.a = 'b'",
    '2026-01-01T00:00:00Z',
    '🙂',
    'e\u0301',
    '\u202e',
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.uuid(),
)
const strangeNumber = fc.oneof(fc.constantFrom(0, 1, -1, 0.5, 100, 2 ** 31 - 1, 2 ** 31, 2 ** 53, 1e308, -0), fc.integer())
const anything = fc.oneof(strangeText, strangeNumber, fc.jsonValue({ maxDepth: 3 }), fc.constant(null))

/** Values that a schema allows or nearly allows. */
function likeSchema(schema: Json): fc.Arbitrary<unknown> {
  const options = (schema.anyOf ?? schema.oneOf) as Json[] | undefined
  const right = options ? fc.oneof(...options.map(likeSchema)) : byType(schema)
  return fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: anything })
}

function byType(schema: Json): fc.Arbitrary<unknown> {
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum)
  if (schema.type === 'object') return likeObject(schema)
  if (schema.type === 'array') return fc.array(likeSchema((schema.items ?? {}) as Json), { maxLength: 3 })
  if (schema.type === 'integer' || schema.type === 'number') return fc.oneof(fc.integer({ min: 0, max: 100 }), strangeNumber)
  if (schema.type === 'boolean') return fc.boolean()
  return schema.type === 'string' ? fc.oneof(fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/), strangeText) : anything
}

function likeObject(schema: Json): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Json>)
  const fields = Object.fromEntries(properties.map(([name, inner]) => [name, likeSchema(inner)]))
  const values = schema.additionalProperties
  if (properties.length > 0) return fc.record(fields, { requiredKeys: (schema.required ?? []) as string[] })
  return fc.dictionary(strangeText, typeof values === 'object' ? likeSchema(values as Json) : anything, { maxKeys: 4 })
}

const encodings = [(text: string) => encodeURIComponent(text.toWellFormed()), (text: string) => text.replace(/[^!-~]|[\\#?]/g, '%zz')]

const pathOf = (route: Route): fc.Arbitrary<string> =>
  fc.tuple(fc.array(strangeText, { minLength: 4, maxLength: 4 }), fc.constantFrom(...encodings)).map(([values, encode]) => {
    let index = 0
    return route.path.replace(/\{(\w+)\}/g, () => encode(values[index++] ?? ''))
  })

/** Dots and slashes that nobody encoded can lead to another route, which has refusals of its own. */
const leadsTo = (route: Route, path: string) => new URL(path, 'http://web').pathname.split('/').length === route.path.split('/').length

function queryOf(route: Route): fc.Arbitrary<string> {
  const names = Object.keys((route.query as { shape?: object } | undefined)?.shape ?? {})
  const known = names.length > 0 ? fc.constantFrom(...names) : fc.constant('limit')
  return fc
    .array(fc.tuple(known, strangeText), { maxLength: 3 })
    .map((pairs) => new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value.toWellFormed()])).toString())
}

const requestOf = (route: Route) =>
  fc.record({
    route: fc.constant(route),
    path: pathOf(route),
    query: queryOf(route),
    body: ['POST', 'PUT', 'PATCH'].includes(route.method)
      ? route.body
        ? likeSchema(jsonSchemaOf(route.body, 'input'))
        : anything
      : fc.constant(undefined),
  })

/** What would shut out the fuzz itself: its key revoked, its calls limited. */
const shutsOut = new Set(['DELETE /api-keys/{key}', 'POST /api-keys/{key}/rotate', 'PUT /limits'])
const isSafeToAsk = ({ method, path }: Route) => !shutsOut.has(`${method} ${path}`)
const samplesOfEach = 6
const requests = fc.oneof(...routes.filter(isSafeToAsk).map(requestOf))

beforeAll(async () => {
  const id = await uploadBytes(use.rest.web.url, use.rest.web.adminKey, 'a.bin', Buffer.from('content'))
  for (const [path, name] of [
    ['/models/register', 'm'],
    ['/datasets', 'd'],
  ] as const) {
    expect((await use.rest.ask('POST', path, { body: { name, files: [{ path: 'a.bin', upload_id: id }] } })).status).toBe(201)
  }
})

it('answers every route as its document says, whatever comes', async () => {
  for (const route of routes.filter(isSafeToAsk)) {
    const declared = [route.status ?? 200, ...refusalsOf(route)]
    const own = requestOf(route).filter(({ path }) => leadsTo(route, path))
    for (const { path, query, body } of fc.sample(own, samplesOfEach)) {
      const { status } = await use.rest.ask(
        route.method,
        query ? `${path}?${query}` : path,
        body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
      )
      expect(
        declared,
        `${route.method} ${route.path} asked as ${path}?${query} with ${JSON.stringify(body)?.slice(0, 300)} answered ${status}`,
      ).toContain(status)
      expect(status, `${route.method} ${route.path}`).toBeLessThan(500)
    }
  }
})

it('never fails on our side', async () => {
  const asked = { count: 0 }
  const seen = new Map<number, number>()
  await fc.assert(
    fc.asyncProperty(requests, async ({ route, path, query, body }) => {
      const { status } = await use.rest.ask(
        route.method,
        query ? `${path}?${query}` : path,
        body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
      )
      asked.count += 1
      seen.set(status, (seen.get(status) ?? 0) + 1)
      expect(status).toBeLessThan(500)
    }),
    { numRuns: 5_000, interruptAfterTimeLimit: budgetMs, markInterruptAsFailure: false },
  )
  // A fuzz that is refused at the door every time would prove nothing.
  expect(asked.count).toBeGreaterThan(200)
  for (const status of [200, 400, 404]) expect(seen.get(status) ?? 0, `answers with ${status}`).toBeGreaterThan(5)
})

it('knows every name in braces', () => {
  const names = routes.flatMap((route) => [...route.path.matchAll(/\{(\w+)\}/g)].map((found) => found[1]))
  expect(names.filter((name) => !(String(name) in pathFields))).toEqual([])
})
