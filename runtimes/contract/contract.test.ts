import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { schemaPath, schemaText } from './generate.ts'
import { messages } from './messages.ts'

const folder = new URL('./examples/', import.meta.url)
const examples = readdirSync(folder).map((file) => ({ file, name: file.split('.')[0] as string }))

describe('the runtime contract', () => {
  test.each(Object.entries(messages))('the committed schema of %s is the one that the words give', (name, schema) => {
    expect(readFileSync(schemaPath(name), 'utf8')).toBe(schemaText(schema))
  })

  test.each(Object.keys(messages))('%s has an example', (name) => {
    expect(examples.some((example) => example.name === name)).toBe(true)
  })

  test.each(examples)('$file parses', ({ file, name }) => {
    const example: unknown = JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
    expect(messages[name]?.safeParse(example)).toMatchObject({ success: true })
  })
})
