/** Unified tokens at every door of the real web process: the three shapes, the forgeries, first sight, changed rights, rotated keys. */
import { createServer, type Server } from 'node:http'
import { createHash, createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { db } from '#src/server/db/client.ts'
import { users } from '#src/server/db/schema.ts'
import { useDatabase } from '#src/testing/database.ts'
import { makeRuntime, makeUser } from '#src/testing/factories.ts'
import { startWeb, type TestWeb } from '#src/testing/web.ts'

const database = useDatabase()
const dataDir = mkdtempSync(join(tmpdir(), 'neuroweaver-sign-on-'))
const secret = 'a secret that the systems share, long enough'
const now = () => Math.floor(Date.now() / 1000)

type Pair = Awaited<ReturnType<typeof generateKeyPair>>
let web: TestWeb
let jwks: Server
let published: { kid: string; alg: string; pair: Pair }[] = []
let areKeysAway = false
let stranger: Server
let strangerCalls = 0

beforeAll(async () => {
  const serve = async () =>
    JSON.stringify({
      keys: await Promise.all(
        published.map(async ({ kid, alg, pair }) => ({ ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig' })),
      ),
    })
  jwks = createServer(
    (_req, res) => void serve().then((keys) => res.writeHead(areKeysAway ? 500 : 200, { 'content-type': 'application/json' }).end(keys)),
  )
  stranger = createServer((_req, res) => {
    strangerCalls += 1
    res.end('{"keys":[]}')
  })
  for (const server of [jwks, stranger]) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  published = [
    { kid: 'rsa-1', alg: 'RS256', pair: await generateKeyPair('RS256', { extractable: true }) },
    { kid: 'ec-1', alg: 'ES256', pair: await generateKeyPair('ES256', { extractable: true }) },
  ]
  const env = {
    UNIFIED_JWT_SECRET: secret,
    UNIFIED_JWKS_URL: `${originOf(jwks)}/keys`,
    UNIFIED_JWT_ISSUER: 'https://sso.example.test',
    UNIFIED_JWT_AUDIENCE: 'https://models.example.test',
  }
  web = await startWeb({ databaseUrl: database.url, dataDir, env })
})
afterAll(async () => {
  await web.stop()
  for (const server of [jwks, stranger]) server.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const originOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const crossSystem = (email: string, permissions: string[]): JWTPayload => ({
  type: 'cross_system',
  sub: email,
  user_id: '42',
  name: 'Ada',
  permissions,
  target_system: 'neuroweaver',
})
const userSession = (email: string, roles: string[], permissions: string[] = []): JWTPayload => ({
  userId: '42',
  username: 'grace',
  email,
  roles,
  permissions,
  systemAccess: { auterity: true, relaycore: true, neuroweaver: true },
})
const system = (permissions: string[]): JWTPayload => ({ type: 'system', system: 'relaycore', targetSystem: 'neuroweaver', permissions })

const claims = (payload: JWTPayload): JWTPayload => ({
  iss: 'https://sso.example.test',
  aud: 'https://models.example.test',
  iat: now(),
  exp: now() + 600,
  ...payload,
})
const sign = (
  payload: JWTPayload,
  header: Record<string, unknown> = {},
  key: Uint8Array | Pair['privateKey'] = new TextEncoder().encode(secret),
) => new SignJWT(claims(payload)).setProtectedHeader({ alg: 'HS256', ...header }).sign(key)

const get = (path: string, token: string) => fetch(`${web.url}${path}`, { headers: { authorization: `Bearer ${token}` } })
const me = async (token: string) => {
  const response = await get('/api/v1/me', token)
  return {
    status: response.status,
    body: (await response.json()) as { email?: string; permissions?: string[]; error?: { message: string } },
  }
}

describe('a token of each shape', () => {
  test('cross-system, by permissions', async () => {
    expect(await me(await sign(crossSystem('ada@example.test', ['neuroweaver:read', 'relaycore:admin'])))).toMatchObject({
      status: 200,
      body: { email: 'ada@example.test', permissions: ['read'] },
    })
    expect((await me(await sign(crossSystem('writer@example.test', ['neuroweaver:write'])))).body.permissions).toEqual([
      'read',
      'write',
      'deploy',
    ])
  })

  test('user session, by permissions, else by roles', async () => {
    expect((await me(await sign(userSession('grace@example.test', ['manager'])))).body.permissions).toEqual(['read', 'write', 'deploy'])
    expect((await me(await sign(userSession('linus@example.test', ['admin'], ['neuroweaver:read'])))).body.permissions).toEqual(['read'])
    expect((await me(await sign(userSession('root@example.test', ['admin'])))).body.permissions).toEqual([
      'read',
      'write',
      'deploy',
      'admin',
    ])
  })

  test('system to system, with a service account of its own', async () => {
    expect((await me(await sign(system(['system', 'read', 'write'])))).body).toMatchObject({
      email: 'system:relaycore',
      permissions: ['read', 'write', 'deploy'],
    })
    const [row] = await db().select().from(users).where(eq(users.email, 'system:relaycore'))
    expect(row).toMatchObject({ kind: 'service', origin: 'token', passwordHash: null })
  })

  test('opens tRPC, uploads and, through introspection, deployments', async () => {
    const token = await sign(crossSystem('doors@example.test', ['neuroweaver:write']))
    expect((await get('/api/trpc/me.get', token)).status).toBe(200)
    const upload = await fetch(`${web.url}/uploads`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'tus-resumable': '1.0.0',
        'upload-length': '3',
        'upload-metadata': `filename ${btoa('a.csv')}`,
      },
    })
    expect(upload.status).toBe(201)
    const { credential } = await makeRuntime('inference')
    const introspect = async (shown: string) => {
      const response = await fetch(`${web.url}/api/runtime/v1/inference/introspect`, {
        method: 'POST',
        headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
        body: JSON.stringify({ token_sha256: createHash('sha256').update(shown).digest('hex'), token: shown, deployment: 'absent' }),
      })
      return ((await response.json()) as { status: number }).status
    }
    expect(await introspect(token)).toBe(404)
    expect(await introspect(`${token}x`)).toBe(401)
    expect(await introspect('eyJ.a.b')).toBe(401)
  })

  test.each(['JWT', 'jwt', 'at+jwt', 'application/at+jwt'])('says that it is one by the type %s, or nothing', async (typ) => {
    expect((await me(await sign(crossSystem('typed@example.test', ['neuroweaver:read']), { typ }))).status).toBe(200)
  })

  test('for another system is refused with 403, one without any right too', async () => {
    for (const payload of [
      { ...crossSystem('x@example.test', ['neuroweaver:read']), target_system: 'auterity' },
      { ...system(['read']), targetSystem: 'auterity' },
      { ...userSession('x@example.test', ['admin']), systemAccess: { neuroweaver: false } },
      crossSystem('x@example.test', ['relaycore:admin']),
    ]) {
      const { status, body } = await me(await sign(payload))
      expect(status).toBe(403)
      expect(body.error?.message).toMatch(/Ask for one/)
    }
  })
})

const base64 = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const rawHs256 = (header: unknown, body: string, key: string = secret) => {
  const signed = `${base64(header)}.${base64(body)}`
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
}

describe('a forged or broken token is refused with 401', () => {
  const good = () => claims(crossSystem('forged@example.test', ['neuroweaver:admin']))
  const rsa = () => published[0] as (typeof published)[number]

  test.for<[name: string, make: () => Promise<string> | string]>([
    ['no algorithm', () => new UnsecuredJWT(good()).encode()],
    ['"None"', () => `${base64({ alg: 'None' })}.${base64(good())}.`],
    ['no signature', async () => `${(await sign(good())).split('.').slice(0, 2).join('.')}.`],
    ['another secret', () => sign(good(), {}, new TextEncoder().encode('another secret that is long enough'))],
    [
      'HS256 with the public key as its secret',
      async () => rawHs256({ alg: 'HS256', kid: 'rsa-1' }, JSON.stringify(good()), await exportSPKI(rsa().pair.publicKey)),
    ],
    ['ES256 of zeros', () => `${base64({ alg: 'ES256', kid: 'ec-1' })}.${base64(good())}.${Buffer.alloc(64).toString('base64url')}`],
    [
      'a key of its own in the header',
      async () => {
        const own = await generateKeyPair('RS256', { extractable: true })
        return sign(
          good(),
          { alg: 'RS256', jwk: await exportJWK(own.publicKey), jku: `${originOf(stranger)}/keys`, x5u: `${originOf(stranger)}/cert` },
          own.privateKey,
        )
      },
    ],
    ['a path as key id', async () => sign(good(), { alg: 'RS256', kid: '../../dev/null' }, (await generateKeyPair('RS256')).privateKey)],
    ['SQL as key id', async () => sign(good(), { alg: 'RS256', kid: "' or 1=1 --" }, (await generateKeyPair('RS256')).privateKey)],
    ['an algorithm that is not used', () => sign(good(), { alg: 'HS512' })],
    ['expired', () => sign({ ...good(), exp: now() - 120 })],
    ['not yet good', () => sign({ ...good(), nbf: now() + 3600 })],
    ['no end', () => rawHs256({ alg: 'HS256' }, JSON.stringify({ ...good(), exp: undefined }))],
    ['an end beyond time', () => rawHs256({ alg: 'HS256' }, JSON.stringify(good()).replace(/"exp":\d+/, '"exp":1e20'))],
    ['an end as text', () => rawHs256({ alg: 'HS256' }, JSON.stringify({ ...good(), exp: String(now() + 600) }))],
    ['a broken end', () => rawHs256({ alg: 'HS256' }, JSON.stringify({ ...good(), exp: now() + 600.5 }))],
    ['another audience', () => sign({ ...good(), aud: 'https://other.example.test' })],
    ['other audiences', () => sign({ ...good(), aud: ['https://other.example.test', 'https://models.example.test.evil.test'] })],
    ['no audience', () => rawHs256({ alg: 'HS256' }, JSON.stringify({ ...good(), aud: undefined }))],
    ['no issuer', () => rawHs256({ alg: 'HS256' }, JSON.stringify({ ...good(), iss: undefined }))],
    ['the type of a logout token', () => sign(good(), { typ: 'logout+jwt' })],
    ['a type that is no text', () => rawHs256({ alg: 'HS256', typ: { a: 1 } }, JSON.stringify(good()))],
    ['a header that must be understood', () => rawHs256({ alg: 'HS256', crit: ['exp'], exp: 1 }, JSON.stringify(good()))],
    ['a payload that is not encoded', () => rawHs256({ alg: 'HS256', b64: false, crit: ['b64'] }, JSON.stringify(good()))],
    ['another issuer', () => sign({ ...good(), iss: 'https://evil.example.test' })],
    ['an e-mail that is two', () => sign({ ...good(), sub: 'a@x.com,b@y.com' })],
    ['a shape of nobody', () => sign({ type: 'robot', sub: 'x@example.test' })],
    ['issued in milliseconds', () => sign({ ...good(), iat: Date.now() })],
    ['issued in ten years', () => sign({ ...good(), iat: now() + 10 * 366 * 86_400 })],
    ['an end in milliseconds', () => sign({ ...good(), exp: Date.now() })],
    ['a name with NUL', () => sign({ ...good(), name: 'a\0b' })],
    ['no header', () => 'eyJ.a.b'],
    ['nothing but dots', () => 'eyJ..'],
    ['five parts', () => `${base64({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' })}..a.b.c`],
    ['not JSON', () => rawHs256({ alg: 'HS256' }, 'hello')],
  ])('A1, A2, A3: %s', async ([, make]) => {
    const token = await make()
    const started = performance.now()
    expect((await me(token)).status).toBe(401)
    expect((await get('/api/trpc/models.list?input=%7B%7D', token)).status).toBe(401)
    const upload = await fetch(`${web.url}/uploads`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'tus-resumable': '1.0.0', 'upload-length': '3' },
    })
    expect(upload.status).toBe(401)
    expect(performance.now() - started).toBeLessThan(5_000)
    expect(strangerCalls).toBe(0)
  })

  test('A3: as long as a header can be, and longer', async () => {
    const tokenOf = (length: number) => `${base64({ alg: 'HS256' })}.${'a'.repeat(length)}.a`
    expect((await me(tokenOf(15_000))).status).toBe(401)
    // A megabyte is refused as a header, before anybody looks for a token in it.
    expect((await me(tokenOf(1_000_000))).status).toBe(431)
  })

  test('A3: a claim that is there twice counts as its last, which must be good as well', async () => {
    const twice = JSON.stringify(good())
      .replace('{', `{"exp":${now() + 600},`)
      .replace(/"exp":\d+,"type"/, `"exp":${now() - 600},"type"`)
    expect((await me(rawHs256({ alg: 'HS256' }, twice))).status).toBe(401)
  })
})

describe('keys at an address', () => {
  test('RS256 and ES256 open; a new key is found, and one that is withdrawn opens nothing', async () => {
    const signed = (kid: string) => {
      const { alg, pair } = published.find((key) => key.kid === kid) as (typeof published)[number]
      return sign(crossSystem(`${kid}@example.test`, ['neuroweaver:read']), { alg, kid }, pair.privateKey)
    }
    expect((await me(await signed('rsa-1'))).status).toBe(200)
    expect((await me(await signed('ec-1'))).status).toBe(200)
    published.push({ kid: 'rsa-2', alg: 'RS256', pair: await generateKeyPair('RS256', { extractable: true }) })
    const rotated = await signed('rsa-2')
    for (const end = Date.now() + 15_000; (await me(rotated)).status !== 200; ) {
      if (Date.now() > end) throw new Error('the new key was not found')
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  })
})

describe('keys that can not be fetched', () => {
  test('are no fault of a token that may be good: it is told to come again', async () => {
    const unknown = await generateKeyPair('RS256', { extractable: true })
    const token = await sign(crossSystem('later@example.test', ['neuroweaver:read']), { alg: 'RS256', kid: 'later' }, unknown.privateKey)
    areKeysAway = true
    try {
      // They are asked for anew at most every five seconds.
      for (const end = Date.now() + 15_000; (await me(token)).status !== 503; ) {
        if (Date.now() > end) throw new Error('the keys were not asked for')
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
      expect((await me('eyJ.a.b')).status).toBe(401)
    } finally {
      areKeysAway = false
    }
  })
})

describe('rights', () => {
  test('a newer token replaces what an older one granted', async () => {
    const email = 'changing@example.test'
    const older = await sign({ ...crossSystem(email, ['neuroweaver:admin']), iat: now() - 60 })
    expect((await me(older)).body.permissions).toContain('admin')
    const newer = await sign({ ...crossSystem(email, ['neuroweaver:read']), iat: now() })
    expect((await me(newer)).body.permissions).toEqual(['read'])
    const until = Date.now() + 7_000
    while ((await me(older)).body.permissions?.length !== 1) {
      if (Date.now() > until) throw new Error('the older token kept its rights')
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  })

  test('A5: an admin’s word is the ceiling, and a disabled account is refused within 5 s', async () => {
    const token = await sign(crossSystem('ceiling@example.test', ['neuroweaver:admin']))
    expect((await me(token)).body.permissions).toContain('admin')
    const [row] = await db().select().from(users).where(eq(users.email, 'ceiling@example.test'))
    const admin = (path: string, body: unknown) =>
      fetch(`${web.url}/api/trpc/${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${web.adminKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    await makeUser('admin', { passwordHash: 'x' })
    expect((await admin('users.update', { id: row?.id, role: 'user' })).status).toBe(200)
    expect((await me(token)).body.permissions).toEqual(['read'])
    expect((await admin('users.update', { id: row?.id, isDisabled: true })).status).toBe(200)
    expect((await me(token)).status).toBe(401)
  })
})
