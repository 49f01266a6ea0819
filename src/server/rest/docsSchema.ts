/** A JSON Schema as a few readable lines. */
import type { Document, Json } from './document.ts'

const maxDepth = 6

/** @returns the shape with each referenced component written in place. */
export function schemaText(document: Document, schema: Json): string {
  return textOf(document, schema, 0)
}

function resolve(document: Document, schema: Json): Json {
  if (typeof schema.$ref !== 'string') return schema
  const name = schema.$ref.split('/').at(-1) as string
  return ((document.components.schemas as Json)[name] ?? {}) as Json
}

function textOf(document: Document, given: Json, depth: number): string {
  const schema = resolve(document, given)
  const options = (schema.anyOf ?? schema.oneOf ?? schema.allOf) as Json[] | undefined
  if (depth > maxDepth) return '…'
  if (options) return options.map((option) => textOf(document, option, depth)).join(schema.allOf ? ' & ' : ' | ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (schema.type === 'array') return `[${textOf(document, (schema.items ?? {}) as Json, depth)}]`
  if (schema.type === 'object') return objectText(document, schema, depth)
  if (schema.type === undefined) return 'any'
  return Array.isArray(schema.type) ? schema.type.join(' | ') : String(schema.format ?? schema.type)
}

function objectText(document: Document, schema: Json, depth: number): string {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Json>)
  const values = schema.additionalProperties as Json | boolean | undefined
  if (properties.length === 0) return `{name: ${typeof values === 'object' ? textOf(document, values, depth + 1) : 'any'}}`
  const required = new Set((schema.required ?? []) as string[])
  const pad = '  '.repeat(depth + 1)
  const lines = properties.map(
    ([name, inner]) => `${pad}${name}${required.has(name) ? '' : '?'}: ${textOf(document, inner, depth + 1)}${noteOf(inner)}`,
  )
  return `{\n${lines.join('\n')}\n${'  '.repeat(depth)}}`
}

const noteOf = (schema: Json) => (typeof schema.description === 'string' ? `  — ${schema.description}` : '')
