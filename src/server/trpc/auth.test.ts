/** Signing in at a real OpenID provider: the pages' own settings for it, driven over HTTP as a browser would, by following redirects. */
import '#src/testing/settings.ts'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eq, sql } from 'drizzle-orm'
import { hash, verify } from '@node-rs/argon2'
import { SignJWT } from 'jose'
import NextAuth from 'next-auth'
import { decode } from 'next-auth/jwt'
import Provider from 'oidc-provider'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Bridge, openBridge } from '#src/server/bridge.ts'
import { db } from '#src/server/db/client.ts'
import { users } from '#src/server/db/schema.ts'
import { plainly, toAppError } from '#src/server/errors.ts'
import { isSessionOpen } from '#src/server/services/access.ts'
import { endSession } from '#src/server/services/sessions.ts'
import { signIn, signInWithProfile, signInWithToken } from '#src/server/services/users.ts'
import { useDatabase } from '#src/testing/database.ts'
import { makeUser } from '#src/testing/factories.ts'
import { authOptions } from './auth.ts'

vi.hoisted(() => {
  Object.assign(process.env, {
    OIDC_ROLE_MAP: 'ml=manager',
    UNIFIED_JWT_SECRET: 'a secret that the systems share, long enough',
  })
})
// The real thing, whose calls are counted.
vi.mock('@node-rs/argon2', async (original) => {
  const real = await original<typeof import('@node-rs/argon2')>()
  return { ...real, verify: vi.fn(real.verify) }
})
// Next keeps the headers of the request that it renders; outside of it there are none.
vi.mock('next/headers', () => ({ headers: async () => new Headers({ 'x-neuroweaver-address': '127.0.0.1' }) }))

useDatabase()
const client = { client_id: 'neuroweaver', client_secret: 'known to the two of them alone' }
const people: Record<string, Record<string, unknown>> = {
  marie: { email: 'marie@example.org', email_verified: true, name: 'Marie', groups: ['ml'] },
  mallory: { email: 'owner@example.org', email_verified: false, groups: ['ml'] },
}
const from = { address: '127.0.0.1', userAgent: 'test', correlationId: 'test' }
const servers: Server[] = []
let site = ''
let issuer = ''

async function listen(answer: () => RequestListener): Promise<string> {
  const server = createServer((req, res) => answer()(req, res))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** What Next adds to a request and its answer before next-auth sees them. */
async function serveAuth(req: IncomingMessage, res: ServerResponse) {
  const url = new URL(req.url ?? '/', site)
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk)
  const cookies = Object.fromEntries(
    (req.headers.cookie ?? '')
      .split('; ')
      .filter(Boolean)
      .map((pair) => [pair.slice(0, pair.indexOf('=')), decodeURIComponent(pair.slice(pair.indexOf('=') + 1))]),
  )
  Object.assign(req, {
    cookies,
    query: { ...Object.fromEntries(url.searchParams), nextauth: url.pathname.split('/').slice(3) },
    body: Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString())),
  })
  const answer = Object.assign(res, {
    status: (code: number) => Object.assign(res, { statusCode: code }),
    json: (body: unknown) => res.end(JSON.stringify(body)),
    send: (body: unknown) => res.end(typeof body === 'string' ? body : JSON.stringify(body)),
  })
  await NextAuth(req as never, answer as never, authOptions())
}

/** A visitor's browser: cookies by host, redirects followed by hand. */
class Browser {
  readonly #cookies = new Map<string, string>()

  async go(address: string, form?: Record<string, string>): Promise<{ url: string; status: number; text: string }> {
    const jar = [...this.#cookies].map(([name, value]) => `${name.slice(name.indexOf(' ') + 1)}=${value}`)
    const ofHost = jar.filter((_pair, index) => [...this.#cookies.keys()][index]?.startsWith(`${new URL(address).port} `))
    const response = await fetch(address, {
      redirect: 'manual',
      headers: { cookie: ofHost.join('; ') },
      ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}),
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (cookie.split(';')[0] as string).split(/=(.*)/s)
      this.#cookies.set(`${new URL(address).port} ${name}`, value)
    }
    const to = response.headers.get('location')
    const next = to ? new URL(to, address) : undefined
    if (next && (next.origin === issuer || next.pathname.startsWith('/api/auth/'))) return this.go(next.href)
    return { url: next?.href ?? address, status: response.status, text: await response.text() }
  }

  cookie(name: string): string | undefined {
    return this.#cookies.get(`${new URL(site).port} ${name}`)
  }
}

const actionOf = (page: string) => (/<form[^>]* action="([^"]+)"/.exec(page)?.[1] ?? '').replaceAll('&amp;', '&')

/** Goes through the provider's page to sign in and its page to agree. @returns where it ended. */
const tell = (error: unknown): never => {
  throw plainly(error)
}

async function signInAs(browser: Browser, login: string, callbackUrl = `${site}/models`): Promise<string> {
  const { csrfToken } = JSON.parse((await browser.go(`${site}/api/auth/csrf`)).text) as { csrfToken: string }
  const signIn = await browser.go(`${site}/api/auth/signin/oidc`, { csrfToken, callbackUrl })
  const prompt = await browser.go(actionOf(signIn.text), { prompt: 'login', login, password: 'anything' })
  return (await browser.go(actionOf(prompt.text), { prompt: 'consent' })).url
}

beforeAll(async () => {
  let provider: RequestListener
  issuer = await listen(() => provider)
  site = await listen(() => (req, res) => void serveAuth(req, res))
  process.env.NEXTAUTH_URL = site
  provider = new Provider(issuer, {
    clients: [{ ...client, redirect_uris: [`${site}/api/auth/callback/oidc`] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    // The claims stand in the ID token itself, as most providers have it.
    conformIdTokenClaims: false,
    findAccount: (_context, id) => ({ accountId: id, claims: async () => ({ sub: id, ...people[id] }) }),
  }).callback()
  openBridge({
    oidc: () => ({
      issuer,
      clientId: client.client_id,
      clientSecret: client.client_secret,
      name: 'Example ID',
      scope: 'openid email profile',
    }),
    signInWithProfile: (claims) => signInWithProfile(claims, from).catch((error) => ({ refusal: toAppError(error).code })),
    signIn: (email, password) => signIn(email, password, from).catch(tell),
    signInWithToken: (token) => signInWithToken(token, from).catch(tell),
    isOpen: isSessionOpen,
  } as Pick<Bridge, 'oidc' | 'signIn' | 'signInWithToken' | 'signInWithProfile' | 'isOpen'> as Bridge)
})
afterAll(() => {
  for (const server of servers) server.close()
})

describe('an OpenID provider', () => {
  test('signs a person in with the role of the group, and leads back to a page of ours', async () => {
    const browser = new Browser()
    expect(await signInAs(browser, 'marie')).toBe(`${site}/models`)
    const [row] = await db().select().from(users).where(eq(users.email, 'marie@example.org'))
    expect(row).toMatchObject({ origin: 'oidc', role: 'manager', name: 'Marie' })
    const token = await decode({ token: browser.cookie('neuroweaver.session') ?? '', secret: process.env.NEXTAUTH_SECRET as string })
    expect(token).toMatchObject({ sub: row?.id, sid: expect.any(String) })
  })

  test('A11: leads to no other site', async () => {
    expect(await signInAs(new Browser(), 'marie', 'https://evil.example/models')).toBe(`${site}/`)
  })

  test('A12: opens no account by an address that it has not verified', async () => {
    await makeUser('admin', { email: 'owner@example.org' })
    const browser = new Browser()
    expect(await signInAs(browser, 'mallory')).toBe(`${site}/sign-in?error=forbidden`)
    expect(browser.cookie('neuroweaver.session')).toBeUndefined()
  })

  test('A11: has its answer refused without the state of this browser', async () => {
    const answer = await new Browser().go(`${site}/api/auth/callback/oidc?code=stolen&state=forged&iss=${encodeURIComponent(issuer)}`)
    expect(answer.url).toMatch(/\/sign-in\?.*error=/)
  })
})

/** Sends what the sign-in page sends. */
async function enter(provider: 'credentials' | 'token', given: Record<string, string>) {
  const browser = new Browser()
  const { csrfToken } = JSON.parse((await browser.go(`${site}/api/auth/csrf`)).text) as { csrfToken: string }
  const { status, text } = await browser.go(`${site}/api/auth/callback/${provider}`, { csrfToken, json: 'true', ...given })
  return { status, text, cookie: browser.cookie('neuroweaver.session'), browser }
}
const told = (text: string) => new URL((JSON.parse(text) as { url: string }).url).searchParams.get('error')

describe('a password', () => {
  const tryIn = async (email: string) => {
    const { status, text, cookie } = await enter('credentials', { email, password: 'a guess' })
    return { status, text, cookie }
  }

  test('A13: that is wrong gets the same answer, for the same work, whether somebody has the e-mail or not', async () => {
    await makeUser('viewer', { email: 'known@example.org', passwordHash: await hash('the right one', { memoryCost: 19_456, timeCost: 2 }) })
    vi.mocked(verify).mockClear()
    const [known, unknown] = [await tryIn('known@example.org'), await tryIn('nobody@example.org')]
    expect(known).toMatchObject({ status: 401, cookie: undefined })
    expect(unknown).toEqual(known)
    const settings = vi.mocked(verify).mock.calls.map(([digest]) => /^\$argon2id\$v=\d+\$[^$]+/.exec(String(digest))?.[0])
    expect(settings).toEqual(Array(2).fill('$argon2id$v=19$m=19456,t=2,p=1'))
  })

  test.each(['a\0b@x.test', `${'a'.repeat(300)}@x.test`])('is not looked up for what can be nobody’s e-mail', async (email) => {
    const { status, text } = await tryIn(email)
    expect(status).toBe(401)
    expect(told(text)).toMatch(/^email: must be/)
  })

  test('gets words for people and nothing of the database when something fails here', async () => {
    await db().execute(sql`alter table sign_in_failures rename to sign_in_failures_away`)
    try {
      const { status, text } = await tryIn('known@example.org')
      expect(status).toBe(401)
      expect(told(text)).toMatch(/^Something went wrong on our side/)
    } finally {
      await db().execute(sql`alter table sign_in_failures_away rename to sign_in_failures`)
    }
  })
})

describe('a unified token', () => {
  const now = () => Math.floor(Date.now() / 1000)
  const tokenOf = (email: string, more: Record<string, unknown> = {}) =>
    new SignJWT({
      type: 'cross_system',
      sub: email,
      user_id: '7',
      permissions: ['neuroweaver:read'],
      target_system: 'neuroweaver',
      exp: now() + 600,
      ...more,
    })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(process.env.UNIFIED_JWT_SECRET))

  test.each([{ iat: Date.now() }, { name: 'a\0b' }, { exp: Date.now() }])('that says %o is refused in words for people', async (more) => {
    const { status, text, cookie } = await enter('token', { token: await tokenOf('odd@example.org', more) })
    expect({ status, cookie }).toEqual({ status: 401, cookie: undefined })
    expect(told(text)).toMatch(/^This token is refused: its claim "(iat|name|exp)"/)
  })

  test('begins a session that is told while it is open, and no more when it has ended', async () => {
    const { browser, cookie } = await enter('token', { token: await tokenOf('short@example.org') })
    const asked = async () => JSON.parse((await browser.go(`${site}/api/auth/session`)).text) as { user?: { email: string } }
    expect((await asked()).user?.email).toBe('short@example.org')
    const claims = await decode({ token: cookie ?? '', secret: process.env.NEXTAUTH_SECRET as string })
    await endSession(String(claims?.sid))
    expect(await asked()).toEqual({})
    expect(browser.cookie('neuroweaver.session')).toBe('')
  })
})
