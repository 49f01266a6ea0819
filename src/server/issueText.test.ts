/** Every refusal of a value says what the field must be, in words for whoever sent it. */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { toAppError } from './errors.ts'

const fields = {
  name: z.string().min(1).max(5),
  email: z.email(),
  id: z.uuid(),
  at: z.iso.datetime(),
  count: z.number().int().min(1).max(10),
  share: z.number().gt(0).lt(1),
  kind: z.enum(['webhook', 'slack']),
  files: z.array(z.string()).min(2),
  either: z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]),
  own: z.string().max(2, 'must be short'),
}

it.each<[string, unknown, string]>([
  ['name', 7, 'must be a string, not a number'],
  ['name', null, 'must be a string, not null'],
  ['name', '', 'must not be empty'],
  ['name', 'abcdef', 'must have at most 5 characters'],
  ['email', 'x', 'must be an e-mail address'],
  ['id', 'x', 'must be a UUID'],
  ['at', 'yesterday', 'must be a time such as 2026-01-31T12:00:00Z'],
  ['count', 0, 'must be at least 1'],
  ['count', 11, 'must be at most 10'],
  ['count', 1.5, 'must be a whole number'],
  ['count', '1', 'must be a number, not a string'],
  ['share', 0, 'must be above 0'],
  ['share', 1, 'must be below 1'],
  ['kind', 'fax', 'must be one of webhook, slack'],
  ['files', ['a'], 'must have at least 2 entries'],
  ['files', {}, 'must be an array, not an object'],
  ['either', {}, 'has none of the forms that are known here'],
  ['own', 'long', 'must be short'],
])('%s: %j %s', (field, value, message) => {
  const { error } = z
    .object(fields)
    .partial()
    .safeParse({ [field]: value })
  expect(toAppError(error)).toMatchObject({ code: 'bad_request', message: `${field}: ${message}`, details: [{ path: field, message }] })
})

it('says of what is not there that it is missing, and what it must be', () => {
  const { error } = z.object(fields).safeParse({})
  const texts = Object.fromEntries((toAppError(error).details ?? []).map(({ path, message }) => [path, message]))
  expect(texts).toMatchObject({
    name: 'is missing; must be a string',
    count: 'is missing; must be a number',
    files: 'is missing; must be an array',
    kind: 'is missing; must be one of webhook, slack',
    either: 'is missing',
  })
})
