/**
 * What strangers try at the doors of the real web process: other verbs, sites, hosts and frames, floods, junk in every field. A name begins
 * with the row of the list of attacks that it holds (A access, S outgoing calls, X scripts, Q queries, L limits), here and in other files.
 */
import { readFileSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'
import { text as read } from 'node:stream/consumers'
import { eq } from 'drizzle-orm'
import { SignJWT } from 'jose'
import { encode } from 'next-auth/jwt'
import { describe, expect, test } from 'vitest'
import type { Role } from '#src/contracts/access.ts'
import { db } from '#src/server/db/client.ts'
import { apiKeys, datasets, idempotencyKeys, projects } from '#src/server/db/schema.ts'
import { addMember, makeKey, makeProject, makeSession, makeUser, type TestUser } from '#src/testing/factories.ts'
import { useRest } from '#src/testing/rest.ts'
import { routes } from './rest/routes.ts'

const secret = 'what signs the sessions of this test, long enough'
const shared = 'a secret that the systems share, long enough'
const use = useRest({ env: { NEXTAUTH_SECRET: secret, UNIFIED_JWT_SECRET: shared } })
const origin = () => use.rest.web.url

/** Sends bytes as they are. @returns all that comes back. */
async function raw(bytes: string | Buffer): Promise<string> {
  const socket = connect(use.rest.web.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(bytes)
  socket.setTimeout(8_000, () => socket.destroy())
  return read(socket).catch(() => '')
}
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)
const bare = (line: string, headers: string[] = []) =>
  `${line}\r\nHost: 127.0.0.1\r\nConnection: close\r\n${headers.map((header) => `${header}\r\n`).join('')}\r\n`

describe('without a credential', () => {
  const everyVerb = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']
  const verbsOfRest = new Map<string, Set<string>>()
  for (const { method, path } of routes) {
    const address = `/api/v1${path.replace(/\{\w+\}/g, '00000000-0000-4000-8000-000000000000')}`
    const verbs = verbsOfRest.get(address) ?? new Set(['OPTIONS'])
    verbsOfRest.set(address, verbs.add(method))
    if (method === 'GET') verbs.add('HEAD')
  }
  /** The verbs that each address knows: to these it asks who one is, and to others says that it takes them from nobody. */
  const known = new Map<string, Set<string>>([
    ...verbsOfRest,
    ['/uploads', new Set(everyVerb)],
    ['/uploads/x', new Set(everyVerb)],
    ['/metrics', new Set(everyVerb)],
    ['/api/trpc/models.list', new Set(['GET', 'POST'])],
    ['/api/trpc/models.delete', new Set(['POST'])],
    ['/api/runtime/v1/heartbeat', new Set(['POST'])],
  ])

  test('A9: no verb opens any address', async () => {
    expect(verbsOfRest.size).toBeGreaterThan(30)
    for (const [path, verbs] of known)
      for (const method of everyVerb) {
        const { status } = await fetch(`${origin()}${path}`, { method })
        expect(status, `${method} ${path}`).toBe(verbs.has(method) ? 401 : 405)
      }
    for (const method of everyVerb) expect((await fetch(`${origin()}/api/v1/none`, { method })).status, method).toBe(404)
  })

  test('A9, A16: neither TRACE nor CONNECT nor an upgrade does anything', async () => {
    for (const path of ['/api/v1/me', '/api/v1/models', '/api/trpc/models.list'])
      expect(statusOf(await raw(bare(`TRACE ${path} HTTP/1.1`))), path).toBe(405)
    expect(statusOf(await raw(bare('CONNECT example.org:443 HTTP/1.1')))).toBe(405)
    const upgrade = ['Upgrade: websocket', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13']
    expect(statusOf(await raw(bare('GET http://169.254.169.254/latest HTTP/1.1', ['Upgrade: websocket', ...upgrade])))).toBe(400)
    expect(statusOf(await raw(bare('GET /api/v1/me HTTP/1.1', upgrade)))).toBe(401)
    const expecting = await raw(bare('GET /api/v1/me HTTP/1.1', ['Expect: a-miracle']))
    expect([statusOf(expecting), expecting]).toEqual([
      417,
      expect.stringContaining('"code":"bad_request","message":"Expect: only 100-continue'),
    ])
  })

  test('A14: a header that skips middleware skips nothing', async () => {
    const tricks: Record<string, string>[] = [
      { 'x-middleware-subrequest': 'middleware:middleware:middleware' },
      { rsc: '1', 'next-action': 'x' },
      { 'x-http-method-override': 'DELETE' },
    ]
    for (const headers of tricks) expect((await fetch(`${origin()}/api/v1/models`, { headers })).status).toBe(401)
  })
})

describe('hosts and proxies', () => {
  const asHost = (host: string) => raw(`GET /health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)

  test('A15: a name that is not ours is misdirected, addresses and loopback are answered', async () => {
    expect(statusOf(await asHost('evil.example.org'))).toBe(421)
    expect(statusOf(await asHost('127.0.0.1.evil.example.org:80'))).toBe(421)
    for (const host of ['localhost', '127.0.0.1:3000', '[::1]:3000']) expect(statusOf(await asHost(host))).toBe(200)
  })

  test('A15: X-Forwarded headers of a stranger change nothing', async () => {
    const upload = await fetch(`${origin()}/uploads`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${use.rest.web.adminKey}`,
        'tus-resumable': '1.0.0',
        'upload-length': '1',
        'upload-metadata': `filename ${btoa('a.csv')}`,
        'x-forwarded-host': 'evil.example.org',
        'x-forwarded-proto': 'https',
      },
    })
    expect(upload.status).toBe(201)
    expect(upload.headers.get('location')).not.toContain('evil')
  })
})

/** The cookie of a session that somebody of this role has open. */
const cookieOf = async (role: Role) => cookieOfUser(await makeUser(role))

async function cookieOfUser(user: TestUser): Promise<string> {
  const { id, userId, epoch } = await makeSession(user)
  return `neuroweaver.session=${await encode({ token: { sub: userId, epoch, sid: id }, secret })}`
}

describe('another site', () => {
  test.for([
    ['a form of another site', { origin: 'https://evil.example.org', 'content-type': 'text/plain' }],
    ['a page that hides its origin', { origin: 'null', 'content-type': 'application/json' }],
    ['a site in the same domain', { 'sec-fetch-site': 'same-site', 'content-type': 'application/json' }],
    ['a request without an origin', { 'content-type': 'application/json' }],
  ] as const)('A10: %s can not use a session, for tRPC or for REST', async ([, headers]) => {
    const cookie = await cookieOf('admin')
    const name = `csrf-${headers['content-type'].length}${'origin' in headers ? headers.origin.length : 0}`
    for (const path of ['/api/trpc/projects.create', '/api/v1/projects']) {
      const response = await fetch(`${origin()}${path}`, {
        method: 'POST',
        headers: { ...headers, cookie },
        body: JSON.stringify({ name }),
      })
      expect(response.status, path).toBe(403)
    }
    expect(await db().$count(projects, eq(projects.name, name))).toBe(0)
  })

  test('A10: is told apart from our own pages, which may', async () => {
    const headers = { 'content-type': 'application/json', origin: origin(), cookie: await cookieOf('admin') }
    const response = await fetch(`${origin()}/api/trpc/projects.create`, { method: 'POST', headers, body: '{"name":"ours"}' })
    expect(response.status).toBe(200)
  })

  test('X3, X4: every answer forbids frames, sniffing and scripts, and repeats no type that was sent', async () => {
    const { headers } = await fetch(`${origin()}/api/v1/models`, { headers: { authorization: `Bearer ${use.rest.web.adminKey}` } })
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'; sandbox")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('same-origin')
    const odd = await fetch(`${origin()}/api/v1/models`, {
      method: 'POST',
      headers: { authorization: `Bearer ${use.rest.web.adminKey}`, 'content-type': 'text/html<script>' },
      body: '<',
    })
    expect(odd.headers.get('content-type')).toContain('application/json')
    expect(await odd.text()).not.toContain('<script>')
  })
})

describe('frames and floods of bytes', () => {
  test('L4: two lengths, a length and chunks, bare line feeds and huge headers are refused', async () => {
    const post = (headers: string[]) => raw(`${bare('POST /api/v1/models/register HTTP/1.1', headers)}0\r\n\r\n`)
    expect(statusOf(await post(['Content-Length: 5', 'Transfer-Encoding: chunked']))).toBe(400)
    expect(statusOf(await post(['Content-Length: 5', 'Content-Length: 6']))).toBe(400)
    expect(statusOf(await raw('GET /health HTTP/1.1\nHost: x\n\n'))).toBe(400)
    const large = await raw(bare('GET /health HTTP/1.1', [`X-Big: ${'a'.repeat(100_000)}`]))
    expect([statusOf(large), JSON.parse(large.split('\r\n\r\n')[1] ?? '')]).toMatchObject([431, { error: { code: 'bad_request' } }])
  })

  /** The processor's time that web has used, which what else the machine does leaves as it is. */
  const secondsComputed = () => {
    const [, fields = ''] = readFileSync(`/proc/${use.rest.web.pid}/stat`, 'utf8').split(') ')
    const [userTicks, systemTicks] = fields.split(' ').slice(11, 13)
    return (Number(userTicks) + Number(systemTicks)) / 100
  }
  const residentBytes = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${use.rest.web.pid}/status`, 'utf8'))?.[1]) * 1024

  test.for([
    ['REST', '/api/v1/models/register', () => use.rest.web.adminKey],
    ['tRPC', '/api/trpc/models.update', () => use.rest.web.adminKey],
    ['tRPC for a stranger', '/api/trpc/setup.createAdmin', undefined],
    ['the runtimes', '/api/runtime/v1/enrol', () => use.rest.web.runtimeToken],
  ] as const)('L4: a body in a million pieces is cut off by %s, keeps little and holds up nobody', async ([, path, credential]) => {
    const head = bare(`POST ${path} HTTP/1.1`, [
      ...(credential ? [`Authorization: Bearer ${credential()}`] : []),
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
    ])
    const [before, computedBefore] = [residentBytes(), secondsComputed()]
    const flood = raw(Buffer.concat([Buffer.from(head), Buffer.from('1\r\n \r\n'.repeat(900_000))]))
    let isOver = false
    void flood.then(() => (isOver = true))
    while (!isOver) expect((await fetch(`${origin()}/health`)).status).toBe(200)
    expect(statusOf(await flood)).toBe(413)
    expect(await flood).toContain('pieces')
    expect(residentBytes() - before).toBeLessThan(192 * 2 ** 20)
    expect(secondsComputed() - computedBefore).toBeLessThan(4)
  })
})

describe('junk in what people type', () => {
  const junk = [
    "'; drop table models; --",
    '%',
    '_',
    '\\',
    'a'.repeat(190),
    '& | ! :* <->',
    '"',
    '$.**',
    'x\'] ? (@.b like_regex "(a+)+$")',
    '\u202Egnp.exe',
    '\u001b[31mred',
  ]

  test('Q1, Q2, Q6: is searched for as it stands', async () => {
    for (const q of junk)
      for (const list of ['models', 'datasets', 'deployments', 'training/jobs']) {
        const { status } = await use.rest.ask('GET', `/${list}?q=${encodeURIComponent(q)}`)
        expect(status, `${list} ${q}`).toBe(200)
      }
    expect(await db().$count(datasets)).toBe(0)
  })

  test('Q1: NUL, over-long text and broken Unicode are refused by name', async () => {
    for (const q of ['a\u0000b', 'a'.repeat(100_000 / 20)])
      expect((await use.rest.ask('GET', `/models?q=${encodeURIComponent(q)}`)).status).toBe(400)
    for (const name of ['a\u0000b', '../x', 'a'.repeat(200), '\ud800']) {
      const answer = await use.rest.ask('POST', '/projects', {
        body: JSON.stringify({ name }),
        headers: { 'content-type': 'application/json' },
      })
      expect(answer.status).toBe(400)
      expect(answer.text).toContain('name')
    }
  })

  test.for(['%00', 'a%00b', '%ed%a0%80', 'x'.repeat(5_000), "'%3b drop table projects"])(
    'Q1: in the cookie that keeps the open project counts as none: %s',
    async (kept) => {
      const cookie = `${await cookieOf('viewer')}; nw_project=${kept}`
      for (const path of ['/api/v1/me', '/api/trpc/me.get']) {
        const answer = await fetch(`${origin()}${path}`, { headers: { cookie } })
        expect([answer.status, await answer.text()], path).toEqual([200, expect.stringContaining('"default"')])
      }
    },
  )

  test('Q2, Q3, Q4: a filter is no regular expression and no query language', async () => {
    for (const filter of [
      "tags.a'] ? (@.b) = 'x'",
      "metadata.$.** = 'v'",
      `${'('.repeat(500)}`,
      "tags.k ~ '(a+)+$'",
      "name = 'x'; drop table models",
    ])
      expect((await use.rest.ask('GET', `/models?filter=${encodeURIComponent(filter)}`)).status, filter).toBe(400)
    for (const order of ['name"', 'id; --', 'password_hash desc'])
      expect((await use.rest.ask('GET', `/models?order_by=${encodeURIComponent(order)}`)).status).toBe(400)
  })

  test('Q5: numbers out of range and cursors that nobody gave are refused', async () => {
    for (const query of [
      'limit=2147483648',
      'limit=9223372036854775808',
      'limit=-1',
      'limit=NaN',
      'limit=1e3',
      'limit=1&limit=2',
      'skip=1000000000',
      'limit=1000000000',
    ])
      expect((await use.rest.ask('GET', `/models?${query}`)).status, query).toBe(400)
    const forged = Buffer.from(JSON.stringify(['2026-01-01T00:00:00.000Z', '00000000-0000-4000-8000-000000000000'])).toString('base64url')
    for (const cursor of [forged, `${forged}.${'a'.repeat(22)}`, 'x', '..'])
      expect((await use.rest.ask('GET', `/models?cursor=${encodeURIComponent(cursor)}`)).status).toBe(400)
  })

  test('Q7: deep, wide and poisoned maps are refused', async () => {
    const send = (metadata: string) =>
      use.rest.ask('PATCH', '/models/x', { body: `{"metadata":${metadata}}`, headers: { 'content-type': 'application/json' } })
    expect((await send(`{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`)).status).toBe(400)
    expect((await send(`{${Array.from({ length: 100_000 }, (_, index) => `"k${index}":1`).join(',')}}`)).status).toBe(413)
    // By a client that reads while it writes: fetch gives up when it can not write on.
    const huge = `{"metadata":{"a":"${'x'.repeat(10_000_000)}"}}`
    const headers = [`Authorization: Bearer ${use.rest.web.adminKey}`, 'Content-Type: application/json', `Content-Length: ${huge.length}`]
    expect(statusOf(await raw(`${bare('PATCH /api/v1/models/x HTTP/1.1', headers)}${huge}`))).toBe(413)
    expect((await send('{"__proto__":{"admin":true}}')).status).toBe(400)
    expect(({} as Record<string, unknown>).admin).toBeUndefined()
  })

  test('Q8: a batch of tRPC calls has an end, and so has an address', async () => {
    const headers = { authorization: `Bearer ${use.rest.web.adminKey}` }
    const batch = (count: number) => Array.from({ length: count }, () => 'me.get').join(',')
    expect((await fetch(`${origin()}/api/trpc/${batch(500)}?batch=1`, { headers })).status).toBe(400)
    expect((await fetch(`${origin()}/api/trpc/${batch(10_000)}?batch=1`, { headers })).status).toBe(414)
    expect((await fetch(`${origin()}/api/trpc/models.list?input=${'a'.repeat(5_000_000)}`, { headers })).status).toBe(414)
  })
})

type Senders = { busy: { key: string; address: string }; colleague: string; other: string; project: string }

describe('limits', () => {
  type Sender = { key: string; project?: string; address?: string }
  /** Asks from an address of one's own: all of 127.0.0.0/8 is this machine. */
  const askAs = ({ key, project, address = '127.0.0.1' }: Sender) =>
    new Promise<{ status: number; headers: IncomingHttpHeaders }>((resolve, reject) => {
      const headers = { authorization: `Bearer ${key}`, ...(project ? { 'x-neuroweaver-project': project } : {}) }
      const call = request({ port: use.rest.web.port, host: '127.0.0.1', path: '/api/v1/me', headers, localAddress: address }, (answer) =>
        answer.resume().once('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers })),
      )
      call.once('error', reject).end()
    })

  test.for([
    ['key', 'per_key', ({ busy, colleague }: Senders) => [[busy], { ...busy, key: colleague }]],
    ['user', 'per_user', ({ busy, colleague, other }: Senders) => [[busy, { ...busy, key: colleague }], { ...busy, key: other }]],
    ['project', 'per_project', ({ busy, other, project }: Senders) => [[busy, { ...busy, key: other }], { ...busy, key: other, project }]],
    ['address', 'per_address', ({ busy, other }: Senders) => [[busy, { ...busy, key: other }], { ...busy, address: '127.0.0.3' }]],
  ] as const)('L1: one %s that asks too often waits, and others do not', { timeout: 30_000 }, async ([name, limit, choose]) => {
    const [owner, project] = [await makeUser('manager'), await makeProject()]
    const [key, colleague] = [await makeKey(owner, 'read'), await makeKey(owner, 'read')]
    const other = await makeKey(await makeUser('manager'), 'read')
    const [flooders, bystander] = choose({ busy: { key, address: '127.0.0.2' }, colleague, other, project: project.name }) as [
      Sender[],
      Sender,
    ]
    // The setting is read anew every two seconds.
    const holds = async (isIt: boolean) => {
      for (const end = Date.now() + 10_000; ((await askAs(bystander)).headers['ratelimit-policy'] !== undefined) !== isIt; )
        if (Date.now() > end) throw new Error(`the limit ${isIt ? 'does not hold' : 'holds on'}`)
    }
    expect((await use.rest.ask('PUT', '/limits', { body: { [limit]: 300 } })).status).toBe(200)
    await holds(true)
    let [served, isOver] = [0, false]
    const flood = Promise.all(
      Array.from({ length: 50 }, async (_, lane) => {
        const statuses: Awaited<ReturnType<typeof askAs>>[] = []
        for (let call = 0; call < 20; call++) statuses.push(await askAs(flooders[lane % flooders.length] as Sender))
        return statuses
      }),
    ).finally(() => (isOver = true))
    for (; !isOver && served < 100; served++) expect((await askAs(bystander)).status).toBe(200)
    const refused = (await flood).flat().filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(600)
    expect(refused[0]?.headers).toMatchObject({
      'retry-after': expect.stringMatching(/^\d+$/),
      ratelimit: expect.stringMatching(new RegExp(`^"${name}";r=0;t=\\d+$`)),
      'ratelimit-policy': `"${name}";q=300;w=60`,
    })
    expect((await askAs(bystander)).status).toBe(200)
    expect(served).toBeGreaterThan(5)
    const elsewhere = { 'x-neuroweaver-project': project.name }
    expect((await use.rest.ask('PUT', '/limits', { body: {}, headers: elsewhere })).status).toBe(200)
    await holds(false)
  })

  test('L1: each call of a batch counts, and every answer tells of the limit', async () => {
    const { body } = await use.rest.ask('POST', '/api-keys', { body: { name: 'ten a minute', scope: 'read', rate_limit_per_minute: 10 } })
    const headers = { authorization: `Bearer ${(body as { key: string }).key}` }
    const ask = async (calls: number) => {
      const answer = await fetch(`${origin()}/api/trpc/${Array.from({ length: calls }, () => 'me.get').join(',')}?batch=1`, { headers })
      const parts = (await answer.json()) as { error?: { data: { httpStatus: number } } }[]
      return { answer, statuses: parts.map(({ error }) => error?.data.httpStatus ?? 200) }
    }
    const few = await ask(4)
    expect(few.statuses).toEqual([200, 200, 200, 200])
    expect(few.answer.headers.get('ratelimit')).toMatch(/^"key";r=6;t=\d+$/)
    const many = await ask(50)
    expect(many.statuses.filter((status) => status === 200)).toHaveLength(6)
    expect(many.statuses.filter((status) => status === 429)).toHaveLength(44)
    const none = await ask(2)
    expect([none.answer.status, none.statuses]).toEqual([429, [429, 429]])
    for (const { headers: told } of [many.answer, none.answer]) {
      expect(told.get('retry-after')).toMatch(/^\d+$/)
      expect([told.get('ratelimit-policy'), told.get('ratelimit')]).toEqual(['"key";q=10;w=60', expect.stringMatching(/^"key";r=0;t=\d+$/)])
    }
    expect((await fetch(`${origin()}/api/trpc/setup.status`, { headers })).status).toBe(429)
  })

  test('L2: one person has so many event streams and no more', async () => {
    const key = await makeKey(await makeUser('manager'), 'read')
    const ended = new AbortController()
    const open = () =>
      fetch(`${origin()}/api/trpc/live.changes`, {
        headers: { authorization: `Bearer ${key}`, accept: 'text/event-stream' },
        signal: ended.signal,
      })
    const opened = await Promise.all(Array.from({ length: 110 }, open))
    const bodies = await Promise.all(opened.map(async ({ body }) => new TextDecoder().decode((await body?.getReader().read())?.value)))
    expect(bodies.filter((text) => text.includes('too_many_requests'))).toHaveLength(10)
    ended.abort()
  })
})

describe('a call that names an Idempotency-Key', () => {
  test('L3: is made once, for the same sender, address and body', async () => {
    const send = (name: string, idempotencyKey: string, key?: string) =>
      use.rest.ask('POST', '/service-accounts', { body: { name }, headers: { 'idempotency-key': idempotencyKey }, ...(key ? { key } : {}) })
    const first = await send('once', 'k-1')
    expect(first.status).toBe(201)
    const again = await send('once', 'k-1')
    expect([again.status, again.headers.get('idempotent-replayed'), again.text]).toEqual([201, 'true', first.text])
    expect((await send('another', 'k-1')).status).toBe(422)
    expect((await send('once', 'k-2')).status).toBe(409)
    expect((await use.rest.ask('POST', '/projects', { body: { name: 'once' }, headers: { 'idempotency-key': 'k-1' } })).status).toBe(201)
    const other = await makeKey(await makeUser('admin'), 'admin')
    expect((await send('of-another', 'k-1', other)).status).toBe(201)
    expect((await send('x', 'é')).status).toBe(400)
  })

  test('L3: is made once over tRPC too', async () => {
    const send = (name: string) =>
      fetch(`${origin()}/api/trpc/serviceAccounts.create`, {
        method: 'POST',
        headers: { authorization: `Bearer ${use.rest.web.adminKey}`, 'content-type': 'application/json', 'idempotency-key': 'k-trpc' },
        body: JSON.stringify({ name }),
      })
    const first = await send('over-trpc')
    const text = await first.text()
    expect([first.status, JSON.parse(text).result.data.name]).toEqual([200, 'over-trpc'])
    const again = await send('over-trpc')
    expect([again.status, await again.text()]).toEqual([200, text])
    expect((await send('another')).status).toBe(422)
  })

  test('L3: leaves no secret of its answer behind', async () => {
    const made = await use.rest.ask('POST', '/api-keys', {
      body: { name: 'once', scope: 'read' },
      headers: { 'idempotency-key': 'k-secret' },
    })
    const { key } = made.body as { key: string }
    const rows = await db().select().from(idempotencyKeys)
    expect(JSON.stringify(rows)).not.toContain(key)
    const again = await use.rest.ask('POST', '/api-keys', {
      body: { name: 'once', scope: 'read' },
      headers: { 'idempotency-key': 'k-secret' },
    })
    expect((again.body as { key: string }).key).toBe(key)
  })

  test('L3: is answered again to the credential and the rights that made it alone', async () => {
    const user = await makeUser('admin')
    const token = (permission: string) =>
      new SignJWT({
        type: 'cross_system',
        sub: user.email,
        user_id: '42',
        permissions: [`neuroweaver:${permission}`],
        target_system: 'neuroweaver',
        iat: Math.floor(Date.now() / 1000),
        exp: Math.floor(Date.now() / 1000) + 600,
      })
        .setProtectedHeader({ alg: 'HS256' })
        .sign(new TextEncoder().encode(shared))
    const send = (headers: Record<string, string>) =>
      use.rest.ask('POST', '/api-keys', {
        key: null,
        body: { name: 'adm', scope: 'admin' },
        headers: { ...headers, 'idempotency-key': 'k-rights' },
      })
    const own = { cookie: await cookieOfUser(user), origin: origin() }
    const first = await send(own)
    expect(first.status).toBe(201)
    const again = await send(own)
    expect([again.status, again.text]).toEqual([201, first.text])
    expect((await send({ authorization: `Bearer ${await token('read')}` })).status).toBe(403)
    const others: Record<string, string>[] = [
      { authorization: `Bearer ${await token('admin')}` },
      { cookie: await cookieOfUser(user), origin: origin() },
      { authorization: `Bearer ${await makeKey(user, 'admin')}` },
    ]
    for (const headers of others) {
      const other = await send(headers)
      expect([other.status, other.headers.get('idempotent-replayed')]).toEqual([201, null])
      expect(other.text).not.toContain((first.body as { key: string }).key)
    }
  })

  // Nothing else keeps two keys of one name apart, so that it is the Idempotency-Key alone that can.
  test.for([
    ['REST', '/api/v1/api-keys'],
    ['tRPC', '/api/trpc/apiKeys.create'],
  ] as const)('L3: sent many times at once is made once, over %s', async ([door, path]) => {
    const name = `at once over ${door}`
    const headers = { authorization: `Bearer ${use.rest.web.adminKey}`, 'content-type': 'application/json', 'idempotency-key': 'k-many' }
    const send = () => fetch(`${origin()}${path}`, { method: 'POST', headers, body: JSON.stringify({ name, scope: 'read' }) })
    const answers = await Promise.all(Array.from({ length: 12 }, send))
    const texts = await Promise.all(answers.map((answer) => answer.text()))
    const made = texts.filter((_text, index) => (answers[index]?.status ?? 0) < 300)
    expect([made.length > 0, new Set(made).size]).toEqual([true, 1])
    expect(answers.every(({ status }) => status < 300 || status === 409)).toBe(true)
    expect(await db().$count(apiKeys, eq(apiKeys.name, name))).toBe(1)
  })
})

test('A6: a private project is not there for those who do not belong to it', async () => {
  const project = await makeProject()
  await addMember(project, await makeUser('viewer'), 'admin')
  const outsider = await makeKey(await makeUser('manager'), 'write')
  expect((await use.rest.ask('GET', `/projects/${project.name}`, { key: outsider })).status).toBe(200)
  expect((await use.rest.ask('PATCH', `/projects/${project.name}`, { body: { is_private: true } })).status).toBe(200)
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/members'],
    ['PATCH', ''],
    ['DELETE', ''],
  ] as const)
    expect(
      (await use.rest.ask(method, `/projects/${project.name}${path}`, { key: outsider, ...(method === 'PATCH' ? { body: {} } : {}) }))
        .status,
    ).toBe(404)
  const list = await use.rest.ask('GET', '/projects', { key: outsider })
  expect(list.text).not.toContain(project.name)
  expect((await use.rest.ask('GET', '/models', { key: outsider, headers: { 'x-neuroweaver-project': project.name } })).status).toBe(404)
})
