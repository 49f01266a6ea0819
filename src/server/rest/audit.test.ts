/** The record over HTTP, on a real web and worker: what it says of a change, who may read it, and what leaves the house. */
import { createHash } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { beforeAll, expect, it } from 'vitest'
import { db } from '#src/server/db/client.ts'
import { projects } from '#src/server/db/schema.ts'
import { canonicalJson } from '#src/server/services/audit/canonical.ts'
import { createUser, signIn } from '#src/server/services/users.ts'
import { endSession } from '#src/server/services/sessions.ts'
import { addMember, caller, makeKey, makeProject, makeUser, type TestUser } from '#src/testing/factories.ts'
import { useRest } from '#src/testing/rest.ts'

type Event = {
  id: string
  at: string
  source: string
  action: string
  user_id: string | null
  actor_name: string | null
  api_key_name: string | null
  address: string | null
  target_type: string
  target_id: string
  target_name: string | null
  project: string | null
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
  correlation_id: string | null
  seal: { seq: number; hash: string; sealed_at: string } | null
}
type Verdict = {
  intact: boolean
  checked: number
  head: { seq: number; hash: string } | null
  first_break: unknown
  unsealed: { count: number }
}

const use = useRest({ worker: true })
let project: { id: string; name: string }
let deputy: { user: TestUser; key: string }
let outsider: string

async function change(name: string, key: string, correlation: string): Promise<string> {
  const headers = { 'x-correlation-id': correlation }
  const made = await use.rest.ask('POST', '/api-keys', { key, headers, body: { name, scope: 'read', project: project.name } })
  expect(made.status, made.text).toBe(201)
  return (made.body as { id: string }).id
}
const list = async (query: string, key?: string) =>
  (await use.rest.ask('GET', `/audit/events?${query}`, key ? { key } : {})).body as Event[]
const isSealed = (events: Event[]) => events.length > 0 && events.every(({ seal }) => seal !== null)

beforeAll(async () => {
  project = await makeProject('growth')
  const user = await makeUser('viewer', { email: 'deputy@example.test' })
  await addMember(project, user, 'admin')
  deputy = { user, key: await makeKey(user, 'admin') }
  outsider = await makeKey(await makeUser('manager'), 'admin')
  for (let index = 1; index <= 5; index++) await change(`ci-${index}`, deputy.key, `request-${index}`)
  await change(`=cmd|' /C calc'!A0`, use.rest.web.adminKey, 'formula')
  await use.rest.ask('POST', '/projects', { body: { name: 'elsewhere' }, headers: { 'x-correlation-id': 'elsewhere' } })
})

it('says who, through which key and door, from where, what, and seals it', async () => {
  const [event] = await use.rest.until<Event[]>('/audit/events?correlation_id=request-1', isSealed)
  expect(event).toMatchObject({
    source: 'rest',
    action: 'api_key.create',
    user_id: deputy.user.id,
    actor_name: 'deputy@example.test',
    api_key_name: expect.stringMatching(/^test \(nwk_.{6}…\)$/),
    address: expect.stringMatching(/127\.0\.0\.1$/),
    target_type: 'api_key',
    target_name: 'ci-1',
    project: 'growth',
    before: null,
    after: { name: 'ci-1', scope: 'read' },
    correlation_id: 'request-1',
  })
  expect(Date.parse(event?.seal?.sealed_at ?? '') - Date.parse(event?.at ?? '')).toBeLessThan(10_000)
})

it.each([
  ['actor=deputy@', 5],
  ['api_key=test', 5],
  ['action=api_key.create', 6],
  ['action=api_key.', 6],
  ['action=api_key', 6],
  ['action=api', 0],
  ['target=ci-3', 1],
  ['target_type=project', 1],
  ['q=CI-4', 1],
  ['q=100%25', 0],
  ['source=web', 0],
  ['project=growth', 6],
  ['project=nowhere', 0],
  ['from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z', 0],
  ['from=2020-01-01T00:00:00Z&action=api_key.', 6],
])('finds by %s', async (query, count) => {
  expect(await list(query)).toHaveLength(count)
})

it('gives pages that follow each other', async () => {
  const whole = (await list('action=api_key.')).map(({ id }) => id)
  const seen: string[] = []
  for (let path: string | undefined = '/audit/events?action=api_key.&limit=2'; path; ) {
    const page = await use.rest.ask('GET', path)
    expect(page.headers.get('x-total-count')).toBe('6')
    seen.push(...(page.body as Event[]).map(({ id }) => id))
    path = /<[^>]*\/api\/v1([^>]*)>/.exec(page.headers.get('link') ?? '')?.[1]
  }
  expect(seen).toEqual(whole)
})

it('shows a project to its admins alone, and the installation to its own', async () => {
  const inProject = { key: deputy.key, headers: { 'x-neuroweaver-project': 'growth' } }
  const seen = (await use.rest.ask('GET', '/audit/events', inProject)).body as Event[]
  expect(new Set(seen.map((event) => event.project))).toEqual(new Set(['growth']))
  expect(await use.rest.ask('GET', '/audit/events?project=elsewhere', inProject)).toMatchObject({ status: 200, body: [] })
  for (const path of ['/audit/events', '/audit/export?format=csv'])
    expect((await use.rest.ask('GET', path, { key: outsider })).status).toBe(403)
  expect((await use.rest.ask('GET', '/audit/verify', inProject)).status).toBe(403)
})

it("shows a thing's history to whoever reads the thing, without addresses and keys", async () => {
  const reader = await makeUser('viewer')
  const history = (key: string, type: string, id: string) =>
    use.rest.ask('GET', `/audit/history?target_type=${type}&target_id=${id}`, { key })
  const hidden = await makeProject()
  await db().update(projects).set({ isPrivate: true }).where(eq(projects.id, hidden.id))
  const changed = await use.rest.ask('POST', '/projects', { body: { name: 'told' } })
  const { id } = changed.body as { id: string }
  expect((await history(use.rest.web.adminKey, 'project', id)).body).toMatchObject([
    { action: 'project.create', address: expect.any(String) },
  ])
  expect((await history(await makeKey(reader), 'project', id)).status).toBe(200)
  expect((await history(await makeKey(reader), 'project', hidden.id)).status).toBe(404)
  expect((await history(await makeKey(reader), 'user', deputy.user.id)).status).toBe(404)
  expect(await history(await makeKey(reader), 'user', reader.id)).toMatchObject({ status: 200, body: [] })
  const own = await use.rest.ask('GET', `/audit/history?target_type=project&target_id=${id}`, {
    key: await makeKey(reader),
    headers: { 'x-neuroweaver-project': 'told' },
  })
  expect(own.body).toMatchObject([{ actor_name: 'bootstrap@localhost', address: null, api_key_name: null, correlation_id: null }])
})

it('tells an admin of one project no addresses from another, nor from the installation', async () => {
  const { id: other } = (await use.rest.ask('POST', '/projects', { body: { name: 'of-others' } })).body as { id: string }
  const headers = { 'x-neuroweaver-project': 'growth' }
  const history = async (type: string, id: string) =>
    (await use.rest.ask('GET', `/audit/history?target_type=${type}&target_id=${id}`, { key: deputy.key, headers })).body as Event[]
  const hidden = { address: null, api_key_name: null, correlation_id: null }
  expect(await history('project', other)).toMatchObject([{ action: 'project.create', ...hidden }])
  await use.rest.ask('PATCH', '/projects/growth', { body: { description: 'grows' } })
  expect(await history('project', project.id)).toMatchObject([{ action: 'project.update', address: expect.any(String) }])
  await fetch(`${use.rest.web.url}/api/trpc/users.update`, {
    method: 'POST',
    headers: { authorization: `Bearer ${use.rest.web.adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ id: deputy.user.id, name: 'Deputy' }),
  })
  expect(await history('user', deputy.user.id)).toMatchObject([{ actor_name: 'bootstrap@localhost', ...hidden }])
})

it('tells who signed in, and whom somebody tried to be, but not what was typed', async () => {
  const [email, password] = ['signs-in@example.test', 'correct-horse-battery']
  const admin = await caller(use.rest.web.adminKey)
  const { id } = await createUser(admin, { email, name: 'Signs in', password, role: 'viewer' })
  const from = { address: '192.0.2.7', userAgent: 'test', correlationId: 'door' }
  expect(await signIn(email, 'wrong-horse-battery', from)).toBeUndefined()
  expect(await signIn('typed-my-password-here@example.test', password, from)).toBeUndefined()
  const begun = await signIn(email, password, from)
  await endSession(begun?.sessionId ?? '')
  const [event] = await list('action=session.end')
  expect(event).toMatchObject({ user_id: id, target_id: id, actor_name: email, source: 'web' })
  const atDoor = await list('correlation_id=door')
  expect(atDoor.map(({ action, user_id, target_name }) => [action, user_id, target_name])).toEqual([
    ['session.begin', id, email],
    ['session.refuse', null, null],
    ['session.refuse', null, email],
  ])
  expect(JSON.stringify(atDoor)).not.toMatch(/typed|horse/)
})

it('takes the record out as CSV that no spreadsheet runs', async () => {
  const { text, headers } = await use.rest.ask('GET', '/audit/export?format=csv&action=api_key.')
  expect([headers.get('content-type'), headers.get('content-disposition')]).toEqual([
    'text/csv; charset=utf-8',
    'attachment; filename="audit.csv"',
  ])
  const lines = text.trimEnd().split('\r\n')
  expect(lines).toHaveLength(7)
  expect(lines[0]).toMatch(/^id,at,source,action,.*,seal_seq,seal_hash$/)
  expect(text).toContain(`,"'=cmd|' /C calc'!A0",`)
  expect(text).not.toMatch(/(^|,)=/m)
})

it('takes it out as lines of JSON, from which anybody can compute the chain again', async () => {
  await use.rest.until<Verdict>('/audit/verify', ({ unsealed }) => unsealed.count === 0)
  const { text } = await use.rest.ask('GET', '/audit/export?format=jsonl')
  const events = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Event)
    .sort((left, right) => (left.seal?.seq ?? 0) - (right.seal?.seq ?? 0))
  let hash: Buffer = Buffer.alloc(32)
  for (const { seal, project: _name, ...entry } of events) {
    const filled = Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== null))
    hash = createHash('sha256').update(hash).update(canonicalJson(filled)).digest()
    expect(seal?.hash).toBe(hash.toString('hex'))
  }
  const { body } = await use.rest.ask('GET', `/audit/verify?head=${events.length}:${hash.toString('hex')}`)
  expect(body).toMatchObject({ intact: true, checked: events.length, head: { hash: hash.toString('hex') }, first_break: null })
})

const trpc = async (path: string, input: object) => {
  const query = new URLSearchParams({ input: JSON.stringify(input) })
  const headers = { authorization: `Bearer ${use.rest.web.adminKey}`, accept: 'text/event-stream, application/json' }
  return (await fetch(`${use.rest.web.url}/api/trpc/${path}?${query}`, { headers })).text()
}

it('counts for the plot what the filters leave', async () => {
  const { result } = JSON.parse(await trpc('audit.activity', { action: 'api_key.' })) as {
    result: { data: { groups: { name: string; counts: number[] }[]; stepMs: number } }
  }
  expect(result.data.groups.map(({ name, counts }) => [name, counts.reduce((sum, count) => sum + count, 0)])).toEqual([['api_key', 6]])
  const hour = { from: new Date(Date.now() - 3_600_000).toISOString(), to: new Date(Date.now() - 1_800_000).toISOString() }
  expect(JSON.parse(await trpc('audit.activity', hour))).toMatchObject({ result: { data: { groups: [], stepMs: 60_000 } } })
  expect(await trpc('audit.activity', { from: hour.to, to: hour.from })).toContain('must be before to')
})

it.each([
  ['0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z'],
  ['2000-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z'],
  ['0001-01-01T00:00:00Z', '0001-01-02T00:00:00Z'],
  [undefined, '0001-01-01T00:00:00Z'],
])('plots from %s to %s, to the ends of what times can be written', async (from, to) => {
  const { result } = JSON.parse(await trpc('audit.activity', { from, to })) as { result: { data: { from: string; to: string } } }
  expect(Date.parse(result.data.from)).toBeLessThanOrEqual(Date.parse(from ?? to))
  expect(Date.parse(result.data.to)).toBeGreaterThanOrEqual(Date.parse(to))
  expect((await use.rest.ask('GET', `/audit/events?${from ? `from=${from}&` : ''}to=${to}`)).status).toBe(200)
})

it.each(['audit.activity', 'audit.list', 'deployments.traffic'])(
  'Q1: refuses a year that can not be written to %s, naming the field',
  async (path) => {
    for (const from of ['0000-01-01T00:00:00Z', '0001-01-01T00:00:00+01:00', '9999-12-31T23:59:59-01:00']) {
      const { error } = JSON.parse(await trpc(path, { from, deployment: 'd' }))
      expect(error.message, from).toBe('from: must be a time of the years 1 to 9999')
    }
  },
)

it('streams how far a check is, and its verdict', async () => {
  const said = await trpc('audit.verify', {})
  expect(said).toContain('"isIntact":true')
  expect(said).toMatch(/"checked":\d+,"total":\d+/)
})

it('says of a head that does not fit that the chain is another', async () => {
  const { body } = await use.rest.ask('GET', `/audit/verify?head=1:${'0'.repeat(64)}`)
  expect(body).toMatchObject({ intact: false, first_break: { kind: 'head-missing', seq: 1 } })
})

it.each([
  ['/audit/verify?head=1', 'head'],
  ['/audit/export', 'format'],
  ['/audit/export?format=xml', 'format'],
  ['/audit/events?from=yesterday', 'from'],
  ['/audit/events?from=0000-01-01T00:00:00Z', 'from'],
  ['/audit/events?to=9999-12-31T23:59:59-01:00', 'to'],
  ['/audit/export?format=csv&from=0000-01-01T00:00:00Z', 'from'],
  ['/audit/events?who=me', 'who'],
  ['/audit/events?cursor=abc', 'cursor'],
  ['/audit/history?target_type=model&target_id=churn', 'target_id'],
])('refuses %s and names the field', async (path, field) => {
  const { status, body } = await use.rest.ask('GET', path)
  expect([status, body]).toMatchObject([400, { error: { details: [{ path: field }] } }])
})
