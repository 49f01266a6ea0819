/** What somebody searches for, in a database that does not get done with it: here because another transaction holds the tables. */
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { db, rawPool } from '#src/server/db/client.ts'
import { useRest } from '#src/testing/rest.ts'

const use = useRest()
/** Below the time after which any statement ends, above the one of a search. */
const giveUpMs = 8_000

const searches: [path: string, field: string][] = [
  [`/models?filter=${encodeURIComponent("metadata.a = 'b'")}`, 'filter'],
  ['/models?q=a', 'q'],
  ['/datasets?q=a', 'q'],
  ['/deployments?q=a', 'q'],
  ['/training/jobs?q=a', 'q'],
  ['/audit/events?q=a', 'q'],
]

describe('a search that takes too long', () => {
  let release: () => Promise<unknown>
  beforeAll(async () => {
    const holder = await rawPool().connect()
    await holder.query('begin')
    await holder.query('lock table models, datasets, deployments, training_jobs, audit_events in access exclusive mode')
    release = () => holder.query('rollback').finally(() => holder.release())
  })
  afterAll(() => release())

  const ask = (path: string) =>
    fetch(`${use.rest.web.url}${path}`, {
      headers: { authorization: `Bearer ${use.rest.web.adminKey}` },
      signal: AbortSignal.timeout(giveUpMs),
    })

  it.each(searches)('Q2: %s is stopped and says what to narrow', async (path, field) => {
    const response = await ask(`/api/v1${path}`)
    expect([response.status, await response.json()]).toMatchObject([
      422,
      { error: { code: 'unprocessable', message: expect.stringContaining('Narrow it'), details: [{ path: field }] } },
    ])
  })

  it('Q2: is stopped for pages too, and for the plot of the record', async () => {
    const answers = await Promise.all(
      ['models.list', 'audit.activity'].map((name) => ask(`/api/trpc/${name}?input=${encodeURIComponent('{"q":"a"}')}`)),
    )
    expect(answers.map(({ status }) => status)).toEqual([422, 422])
  })

  it('Q2: keeps nobody waiting who asks for something else', async () => {
    const slow = Array.from({ length: 4 }, () => ask('/api/v1/models?q=a'))
    expect((await ask('/api/v1/projects')).status).toBe(200)
    expect((await ask('/api/v1/me')).status).toBe(200)
    for (const { status } of await Promise.all(slow)) expect(status).toBe(422)
  })
})

describe('a search that is done in time', () => {
  it('is answered after those that were not', async () => {
    const { status, body } = await use.rest.ask('GET', '/models?q=nothing')
    expect([status, body]).toEqual([200, []])
    const [row] = (await db().execute(sql`show statement_timeout`)).rows
    expect(row).toEqual({ statement_timeout: '10s' })
  })
})
