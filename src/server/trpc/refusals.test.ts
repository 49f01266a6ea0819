/** What tRPC answers to what it can not use, over HTTP: the client's mistakes are never told as ours. */
import { describe, expect, it } from 'vitest'
import { makeKey, makeUser } from '#src/testing/factories.ts'
import { useRest } from '#src/testing/rest.ts'
import { db } from '../db/client.ts'
import { apiKeys, users } from '../db/schema.ts'
import { eq, sql } from 'drizzle-orm'

const use = useRest()
const json = 'application/json'

function send(method: string, path: string, body?: string, type = json): Promise<Response> {
  return fetch(`${use.rest.web.url}/api/trpc/${path}`, {
    method,
    headers: { authorization: `Bearer ${use.rest.web.adminKey}`, ...(body === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { body }),
  })
}

describe('a request that can not be used', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  it.each<[string, number, string, string, string?, string?]>([
    ['a body that is no JSON', 400, 'POST', 'models.delete', '{"model":'],
    ['an input that is no JSON', 400, 'GET', 'models.list?input=%7B'],
    ['a body that is nested past the stack', 400, 'POST', 'models.update', `{"model":"x","metadata":{"a":${deep}}}`],
    ['a body above the limit', 413, 'POST', 'models.delete', JSON.stringify({ model: 'a'.repeat(2 ** 21) })],
    ['plain text', 415, 'POST', 'models.delete', '{"model":"x"}', 'text/plain'],
    ['a form', 415, 'POST', 'models.delete', 'model=x', 'application/x-www-form-urlencoded'],
    ['a change by GET', 405, 'GET', 'models.delete?input=%7B%22model%22%3A%22x%22%7D'],
    ['more calls at once than allowed', 400, 'GET', `${Array(200).fill('me.get').join(',')}?batch=1`],
    ['OPTIONS', 405, 'OPTIONS', 'models.list'],
    ['PUT', 405, 'PUT', 'models.list'],
    ['DELETE', 405, 'DELETE', 'models.list'],
  ])('%s gets %i', async (_what, status, method, path, body, type) => {
    const response = await send(method, path, body, type)
    expect([response.status, await response.text()]).toEqual([status, expect.not.stringContaining('on our side')])
  })
})

it('a stranger who asks to be the first admin, again and again, is told to wait', async () => {
  const count = 100
  const path = `${Array(count).fill('setup.createAdmin').join(',')}?batch=1`
  const one = { email: 'first@example.test', name: 'First', password: 'correct-horse-battery' }
  const response = await fetch(`${use.rest.web.url}/api/trpc/${path}`, {
    method: 'POST',
    headers: { 'content-type': json },
    body: JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, index) => [index, one]))),
  })
  const answers = (await response.json()) as { error?: { data: { httpStatus: number } } }[]
  const statuses = answers.map(({ error }) => error?.data.httpStatus ?? 200).sort()
  expect(statuses).toEqual([200, ...Array(9).fill(409), ...Array(count - 10).fill(429)])
})

describe('Q1: a reference with NUL in it', () => {
  const nul = 'a\u0000b'
  it.each<[string, string, string, Record<string, unknown>]>([
    ['GET', 'models.get', 'model', { model: nul }],
    ['GET', 'datasets.get', 'dataset', { dataset: nul }],
    ['GET', 'deployments.get', 'deployment', { deployment: nul }],
    ['GET', 'alerts.list', 'deployment', { deployment: nul }],
    ['GET', 'performance.get', 'model', { model: nul }],
    ['POST', 'performance.switch', 'targetModel', { model: 'a', targetModel: nul, reason: 'b' }],
    ['POST', 'performance.setBackups', 'backups.0', { model: 'a', backups: [nul] }],
    ['POST', 'deployments.ask', 'deployment', { deployment: nul, prompt: 'a' }],
  ])('%s %s is refused by the name of %s', async (method, path, field, input) => {
    const sent = JSON.stringify(input)
    const response = method === 'GET' ? await send('GET', `${path}?input=${encodeURIComponent(sent)}`) : await send('POST', path, sent)
    const { error } = (await response.json()) as { error: { message: string } }
    expect([response.status, error.message]).toEqual([400, `${field}: must not contain NUL or broken Unicode`])
  })
})

describe('a stream', () => {
  const open = async (key: string, path: string) => {
    const response = await fetch(`${use.rest.web.url}/api/trpc/${path}?input={}`, {
      headers: { authorization: `Bearer ${key}`, accept: 'text/event-stream' },
      signal: AbortSignal.timeout(20_000),
    })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    await reader?.read()
    return async () => {
      let said = ''
      for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) said += part.value
      return said
    }
  }

  it.each([
    ['the key is revoked', (user: string) => db().update(apiKeys).set({ revokedAt: sql`now()` }).where(eq(apiKeys.userId, user))],
    ['its owner is locked', (user: string) => db().update(users).set({ isDisabled: true }).where(eq(users.id, user))],
  ])('A5: ends when %s', { timeout: 25_000 }, async (_why, change) => {
    const user = await makeUser('viewer')
    const rest = await open(await makeKey(user, 'read'), 'live.changes')
    await change(user.id)
    expect(await rest()).toContain('unauthorized')
  })
})
