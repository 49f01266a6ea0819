import { expect, test } from 'vitest'
import { createFirstAdmin, createUser } from '#src/contracts/access.ts'
import { createProject } from '#src/contracts/access.ts'
import { deployModel } from '#src/contracts/deployment.ts'
import { issueText, sentence } from '#src/ui/kit/issueText.ts'

type Schema = { safeParse: typeof createFirstAdmin.safeParse }
const messages = (schema: unknown, value: unknown) => {
  const result = (schema as Schema).safeParse(value, { error: issueText })
  return result.success ? {} : Object.fromEntries(result.error.issues.map((issue) => [issue.path.join('.'), sentence(issue.message)]))
}

test('empty fields ask to be filled in, and the contract keeps its own words', () => {
  expect(messages(createFirstAdmin, { name: '', email: '', password: 'short' })).toEqual({
    name: 'Fill this in.',
    email: 'Fill this in.',
    password: 'Must have at least 10 characters.',
  })
  expect(messages(createUser, { name: 'x', email: 'nobody', password: 'long enough it is', role: 'king' })).toMatchObject({
    email: 'Enter an email address, such as ana@example.org.',
    role: 'Choose one of viewer, user, manager, admin.',
  })
  expect(messages(createProject, { name: '-x' }).name).toMatch(/^Must start with a letter or digit .*\.$/)
})

test('numbers say their bounds', () => {
  expect(messages(deployModel, { model: 'a', replicas: 99 }).replicas).toBe('Must be at most 32.')
  expect(messages(deployModel, { model: 'a', replicas: Number.NaN }).replicas).toBe('Fill this in.')
  expect(messages(deployModel, { model: 'a', replicas: 1.5 }).replicas).toBe('Enter a whole number.')
})
