/** Lists: pages by cursor and by skip, the filter grammar, search and order. */
import { beforeAll, describe, expect, it } from 'vitest'
import { useRest } from '#src/testing/rest.ts'
import { db } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { models, modelVersions, projects } from '#src/server/db/schema.ts'
import { writeFacts } from '#src/server/services/facts.ts'

type Row = { id: string; name: string; updated_at: string }
const use = useRest()
const count = 57

/** Models in a fixed order; each five share one time, so that a page ends between equals. */
async function makeModels(): Promise<void> {
  const [project] = await db().select().from(projects)
  const projectId = (project as { id: string }).id
  for (let index = 0; index < count; index++) {
    const at = new Date(Date.UTC(2026, 0, 1, 0, 0, Math.floor(index / 5)))
    const model = {
      id: newId(),
      projectId,
      name: `model-${String(index).padStart(2, '0')}`,
      tags: { team: `t${index % 3}`, 'odd.key': 'x y', quote: "it's" },
      metadata: { data: { set: `d${index % 2}` }, ключ: 'да', count: index },
      metrics: { accuracy: index / count, loss: null },
      latestVersion: 1,
      status: index % 10 === 0 ? ('pending' as const) : ('ready' as const),
      createdAt: at,
      updatedAt: at,
    }
    await db().insert(models).values(model)
    await db()
      .insert(modelVersions)
      .values({ id: newId(), projectId, modelId: model.id, version: 1, status: model.status, lineage: { source: 'upload' } })
    await writeFacts(db(), model)
  }
}

async function readAll(path: string): Promise<{ rows: Row[]; pages: number; totals: Set<string | null> }> {
  const rows: Row[] = []
  const totals = new Set<string | null>()
  let pages = 0
  for (let next: string | undefined = path; next; pages++) {
    const { status, body, headers }: { status: number; body: unknown; headers: Headers } = await use.rest.ask('GET', next)
    expect(status).toBe(200)
    rows.push(...(body as Row[]))
    totals.add(headers.get('x-total-count'))
    const link: string | undefined = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1]
    next = link === undefined ? undefined : link.replace(`${use.rest.web.url}/api/v1`, '')
  }
  return { rows, pages, totals }
}

beforeAll(makeModels)

describe('pages', () => {
  it.each(['updated_at desc', 'updated_at asc', 'created_at desc', 'created_at asc', 'name asc', 'name desc'])(
    'in the order %s give each row once',
    async (order) => {
      const { rows, pages, totals } = await readAll(`/models?limit=7&order_by=${encodeURIComponent(order)}`)
      expect([new Set(rows.map(({ id }) => id)).size, rows.length, pages, [...totals]]).toEqual([count, count, 9, [String(count)]])
      const whole = (await use.rest.ask('GET', `/models?limit=1000&order_by=${encodeURIComponent(order)}`)).body as Row[]
      expect(rows.map(({ name }) => name)).toEqual(whole.map(({ name }) => name))
    },
  )

  it('keep their query, and end', async () => {
    const { rows } = await readAll(`/models?limit=5&filter=${encodeURIComponent("tags.team = 't1'")}&order_by=name%20asc`)
    expect(rows.map(({ name }) => name)).toEqual(Array.from({ length: 19 }, (_, n) => `model-${String(n * 3 + 1).padStart(2, '0')}`))
  })

  it('by skip go on where the page before ended', async () => {
    const [first, second] = [await use.rest.ask('GET', '/models?limit=10'), await use.rest.ask('GET', '/models?limit=10&skip=10')]
    const both = (await use.rest.ask('GET', '/models?limit=20')).body as Row[]
    expect([...(first.body as Row[]), ...(second.body as Row[])]).toEqual(both)
    expect((await use.rest.ask('GET', '/models?skip=10000')).body).toEqual([])
  })

  it('Q5: by a cursor of another order, or one made up, are refused', async () => {
    const cursor = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const anId = newId()
    for (const value of [
      ['model-01', anId],
      ['', anId],
      ['infinity', anId],
      ['2026-01-01', 'x'],
      ['2026-01-01', anId, 1],
      [1, anId],
      {},
      ['\u0000', anId],
      ['9999999-01-01', anId],
    ]) {
      const { status } = await use.rest.ask('GET', `/models?cursor=${cursor(value)}`)
      expect(status, JSON.stringify(value)).toBe(400)
    }
    for (const value of [
      ['\u0000', anId],
      ['a', 'x'],
    ])
      expect((await use.rest.ask('GET', `/models?order_by=name%20asc&cursor=${cursor(value)}`)).status).toBe(400)
    expect((await use.rest.ask('GET', `/models/model-01/versions?cursor=${cursor(['x', anId])}`)).status).toBe(400)
    expect((await use.rest.ask('GET', `/models/model-01/versions?cursor=${cursor(['1e300', anId])}`)).status).toBe(400)
  })
})

describe('a cursor', () => {
  const cursorOf = async (path: string) => {
    const { headers } = await use.rest.ask('GET', path)
    return new URL(/^<([^>]+)>/.exec(headers.get('link') ?? '')?.[1] ?? '').searchParams.get('cursor') ?? ''
  }
  const statusOf = async (path: string, cursor: string, headers: Record<string, string> = {}) =>
    (await use.rest.ask('GET', `${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`, { headers })).status

  it('Q5: is taken by the list, project, filter and order that gave it alone, and as a whole', async () => {
    const cursor = await cursorOf('/models?limit=5&q=model')
    expect(await statusOf('/models?q=model&limit=7', cursor)).toBe(200)
    for (const path of [
      '/models',
      '/models?q=mode',
      '/models?q=model&order_by=created_at%20desc',
      '/audit/events',
      '/deployments',
      '/training/jobs',
    ])
      expect(await statusOf(path, cursor), path).toBe(400)
    await use.rest.ask('POST', '/projects', { body: { name: 'beside' } })
    expect(await statusOf('/models?q=model', cursor, { 'x-neuroweaver-project': 'beside' })).toBe(400)
    for (const forged of [`${cursor}junk`, `${cursor}.junk`, cursor.slice(0, -1)])
      expect(await statusOf('/models?q=model', forged)).toBe(400)
  })
})

describe('filter', () => {
  const hits: [string, number][] = [
    ["tags.team = 't1'", 19],
    ["tags.team != 't1'", 38],
    ["tags.team='t0'and status='ready'", 17],
    ["TAGS.team = 't0' AND STATUS = 'ready'", 17],
    [`tags."odd.key" = 'x y'`, 57],
    ["tags.odd.key = 'x y'", 57],
    [String.raw`tags.quote = 'it\'s'`, 57],
    ["metadata.data.set = 'd1'", 28],
    [`metadata."ключ" = 'да'`, 57],
    ['metadata.count >= 50', 7],
    ['metadata.count = 5', 1],
    ['metrics.accuracy > 0.9', 5],
    ['metrics.accuracy > 9e-1 and metrics.accuracy < 0.95', 3],
    ['metrics.loss > 0', 0],
    ["status != 'ready'", 6],
    ["status = 'nothing'", 0],
    ["tags.none = 'x'", 0],
    ["tags.team = '''; drop table models'", -1],
    ['   ', 57],
  ]
  it.each(hits)('%s', async (filter, expected) => {
    const { status, headers } = await use.rest.ask('GET', `/models?filter=${encodeURIComponent(filter)}`)
    if (expected < 0) return expect(status).toBe(400)
    expect([status, headers.get('x-total-count')]).toEqual([200, String(expected)])
  })

  it.each([
    'tags',
    'tags.',
    'tags.team',
    "tags.team 't1'",
    'tags.team = t1',
    "tags.team = 't1",
    "tags.team > 't1'",
    "metrics.accuracy = 'high'",
    "name = 'x'",
    "tags.team = 't1' or status = 'ready'",
    "tags.team = 't1' and",
    "status > 'ready'",
    'meta.a\'] ? (@.b like_regex "(a+)+$")',
    '$.**',
    "tags.team = 't1'; drop table models",
    'metrics.a > 1e999x',
    'tags.x = "y"',
    'tags.😀 = 1',
    Array.from({ length: 21 }, () => "status = 'ready'").join(' and '),
  ])('Q2, Q4: %s is refused, saying what was expected', async (filter) => {
    const { status, body } = await use.rest.ask('GET', `/models?filter=${encodeURIComponent(filter)}`)
    expect([status, body]).toMatchObject([400, { error: { details: [{ path: 'filter' }] } }])
  })

  it.each([
    ['a number that no database holds', 'metrics.a > 1e999', 200],
    ['NUL', "tags.a = '\u0000'", 400],
    ['a long text', `tags.a = '${'x'.repeat(1900)}'`, 200],
  ])('Q1: with %s gets its one answer', async (_what, filter, expected) => {
    expect((await use.rest.ask('GET', `/models?filter=${encodeURIComponent(filter)}`)).status).toBe(expected)
  })
})

describe('search', () => {
  it('finds part of a name', async () => {
    expect(((await use.rest.ask('GET', '/models?q=el-1&order_by=name%20asc')).body as Row[]).map(({ name }) => name)).toEqual(
      Array.from({ length: 10 }, (_, n) => `model-1${n}`),
    )
  })
})
