import { expect, it } from 'vitest'
import { buildDocument, type Json } from './document.ts'
import { routes } from './routes.ts'

const document = buildDocument(routes)

function* objectsIn(value: unknown): Generator<Json> {
  if (value === null || typeof value !== 'object') return
  if (!Array.isArray(value)) yield value as Json
  for (const inner of Object.values(value)) yield* objectsIn(inner)
}

it('refers only to what it holds', () => {
  const refs = [...objectsIn(document)].flatMap(({ $ref }) => (typeof $ref === 'string' ? [$ref] : []))
  const find = (ref: string) =>
    ref
      .slice(2)
      .split('/')
      .reduce<unknown>((at, part) => (at as Json | undefined)?.[part], document)
  expect(refs.length).toBeGreaterThan(100)
  expect(refs.filter((ref) => find(ref) === undefined)).toEqual([])
})

it('names each operation once', () => {
  const ids = Object.values(document.paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId))
  expect(new Set(ids).size).toBe(routes.length)
})

it('says of every value in a path what it is', () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map((found) => found[1])
    for (const { parameters } of Object.values(methods)) {
      expect(parameters.filter((item) => item.in === 'path').map((item) => item.name)).toEqual(names)
    }
  }
})

it('gives examples that the API takes', () => {
  for (const { method, path, body, example } of routes) {
    if (example === undefined) continue
    expect(body?.safeParse(example).success, `${method} ${path}`).toBe(true)
  }
  const withoutExample = routes.filter((route) => route.body && route.example === undefined)
  expect(withoutExample).toEqual([])
})

it('holds nothing but JSON', () => {
  const text = JSON.stringify(document)
  expect(JSON.parse(text)).toEqual(document)
  for (const leftover of ['$defs', '~standard', '__schema', 'undefined']) expect(text).not.toContain(leftover)
})

it('promises of an answer only what is there, so that fields may come', () => {
  const model = (document.components.schemas as Json).Model as Json
  expect([model.additionalProperties, (model.required as string[]).includes('latest_version')]).toEqual([undefined, true])
  expect(((document.components.schemas as Json).RegisterModel as Json).additionalProperties).toBe(false)
})
