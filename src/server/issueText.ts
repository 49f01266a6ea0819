/** What is wrong with a value that somebody sent, where its schema has no words of its own: it follows the name of the field. */
import { z } from 'zod'

type Issue = z.core.$ZodRawIssue

const nouns: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  tuple: 'an array',
  object: 'an object',
  record: 'an object',
  null: 'null',
}
const formats: Record<string, string> = {
  email: 'an e-mail address',
  url: 'an address that begins with http:// or https://',
  uuid: 'a UUID',
  datetime: 'a time such as 2026-01-31T12:00:00Z',
}
const units: Record<string, string> = { string: 'characters', array: 'entries', record: 'entries' }

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  return Array.isArray(value) ? 'array' : typeof value
}

function ofType({ expected, input }: Issue & { code: 'invalid_type' }): string | undefined {
  const noun = nouns[expected]
  if (input === undefined) return noun ? `is missing; must be ${noun}` : 'is missing'
  if (!noun) return undefined
  const kind = kindOf(input)
  return expected === 'int' && kind === 'number' ? `must be ${noun}` : `must be ${noun}, not ${nouns[kind] ?? kind}`
}

const sized = (word: string, { origin, exact }: { origin: string; exact?: boolean }, limit: number | bigint) =>
  units[origin] ? `must have ${exact ? 'exactly' : word} ${limit} ${units[origin]}` : `must be ${word} ${limit}`

/** @returns undefined where zod's own words are as good. */
function issueText(issue: Issue): string | undefined {
  if (issue.code === 'invalid_type') return ofType(issue)
  if (issue.code === 'too_small') {
    if (issue.minimum === 1 && issue.origin === 'string') return 'must not be empty'
    return issue.inclusive === false ? `must be above ${issue.minimum}` : sized('at least', issue, issue.minimum)
  }
  if (issue.code === 'too_big') return issue.inclusive === false ? `must be below ${issue.maximum}` : sized('at most', issue, issue.maximum)
  if (issue.code === 'invalid_format' && formats[issue.format]) return `must be ${formats[issue.format]}`
  if (issue.code === 'invalid_value' && issue.input === undefined) return `is missing; must be ${oneOf(issue.values)}`
  if (issue.code === 'invalid_value') return `must be ${oneOf(issue.values)}`
  if (issue.code === 'invalid_union') return issue.input === undefined ? 'is missing' : 'has none of the forms that are known here'
  return undefined
}

const oneOf = (values: readonly unknown[]) => (values.length === 1 ? String(values[0]) : `one of ${values.join(', ')}`)

z.config({ customError: issueText })
