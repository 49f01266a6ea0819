/** Browser sessions and tries to sign in, with real rows: what begins them, what they may do, what ends them. */
import '#src/testing/settings.ts'
import { and, eq, sql } from 'drizzle-orm'
import { SignJWT } from 'jose'
import { describe, expect, test, vi } from 'vitest'
import type { Role } from '#src/contracts/access.ts'
import { db } from '#src/server/db/client.ts'
import { auditEvents, sessions, signInFailures, users } from '#src/server/db/schema.ts'
import { useDatabase } from '#src/testing/database.ts'
import { caller, makeUser } from '#src/testing/factories.ts'
import { authorize, identify, sha256Of } from './access.ts'
import { createApiKey } from './apiKeys.ts'
import { forgetIdentities } from './identities.ts'
import { type Begun, endSession, listSessions, revokeOtherSessions, revokeSession, revokeSessionsOf } from './sessions.ts'
import { changePassword, createUser, resetPassword, signIn, signInWithProfile, signInWithToken, updateUser } from './users.ts'

const secret = vi.hoisted(() => {
  // The settings are read once, when they are first asked for.
  const shared = 'a secret that the systems share, long enough'
  Object.assign(process.env, {
    UNIFIED_JWT_SECRET: shared,
    OIDC_ROLE_MAP: 'ml-admins=admin,ml=manager',
  })
  return shared
})

useDatabase()
const password = 'correct horse battery'
let addresses = 0
/** Each try comes from an address of its own, so that only what is tested limits it. */
const from = () => ({ address: `10.0.0.${++addresses}`, userAgent: 'Firefox/140', correlationId: 'test' })

const makePerson = async (email: string, role: Role = 'viewer') =>
  createUser(await caller(await makeUser('admin')), { email, name: email, password, role })
const enter = async (email: string) => (await signIn(email, password, from())) as Begun
const open = ({ sessionId, userId, epoch }: Begun) =>
  identify({ session: { id: sessionId, userId, epoch }, correlationId: 'test', address: null })
const byBearer = (bearer: string) => identify({ bearer, correlationId: 'test', address: null })
const gone = { code: 'unauthorized' }

const now = () => Math.floor(Date.now() / 1000)
const tokenOf = (email: string, permissions: string[], times: { iat?: number | undefined; exp?: number } = {}) =>
  new SignJWT({
    type: 'cross_system',
    sub: email,
    user_id: '7',
    permissions,
    target_system: 'neuroweaver',
    iat: now(),
    exp: now() + 600,
    ...times,
  })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret))

describe('a session', () => {
  test('A5: is listed with where it came from, and ends when it, the others or all are ended', async () => {
    await makePerson('ada@example.org')
    const [first, second, third] = [await enter('ada@example.org'), await enter('ada@example.org'), await enter('ada@example.org')]
    const ada = await open(first)
    const listed = await listSessions(ada)
    expect(listed.map(({ id, isCurrent, origin, userAgent }) => ({ id, isCurrent, origin, userAgent }))).toContainEqual({
      id: first.sessionId,
      isCurrent: true,
      origin: 'local',
      userAgent: 'Firefox/140',
    })
    expect(listed).toHaveLength(3)
    await revokeSession(ada, second.sessionId)
    await expect(open(second)).rejects.toMatchObject(gone)
    expect(await revokeOtherSessions(ada)).toBe(1)
    await expect(open(third)).rejects.toMatchObject(gone)
    expect(await open(first)).toMatchObject({ userId: ada.userId })
    expect(await revokeSessionsOf(await caller(await makeUser('admin')), first.userId)).toBe(1)
    await expect(open(first)).rejects.toMatchObject(gone)
  })

  test('of somebody else is not there to be ended', async () => {
    await makePerson('eve@example.org')
    await makePerson('bob@example.org')
    const [eve, bob] = [await enter('eve@example.org'), await enter('bob@example.org')]
    await expect(revokeSession(await open(eve), bob.sessionId)).rejects.toMatchObject({ code: 'not_found' })
    expect(await open(bob)).toMatchObject({ userId: bob.userId })
  })

  test('ends by signing out and by its time', async () => {
    await makePerson('grace@example.org')
    const [left, late] = [await enter('grace@example.org'), await enter('grace@example.org')]
    await open(left)
    await endSession(left.sessionId)
    await expect(open(left)).rejects.toMatchObject(gone)
    await db().update(sessions).set({ expiresAt: sql`now()` }).where(eq(sessions.id, late.sessionId))
    await expect(open(late)).rejects.toMatchObject(gone)
  })
})

describe('a session that a token began', () => {
  test('holds what the token grants and no more, though the account here holds more', async () => {
    await makePerson('chief@example.org', 'admin')
    const begun = await signInWithToken(await tokenOf('chief@example.org', ['neuroweaver:read']), from())
    const chief = await open(begun)
    expect(chief).toMatchObject({ permissions: ['read'], installation: ['read'] })
    await expect(createApiKey(chief, { name: 'wide', scope: 'write', expiresInDays: null })).rejects.toMatchObject({ code: 'forbidden' })
    expect((await open(await enter('chief@example.org'))).installation).toContain('admin')
  })

  test.each([
    ['without a time of issue', undefined],
    ['of one and the same second', now()],
  ])('holds what its own token grants, whatever another one %s grants', async (when, iat) => {
    const email = `${iat ? 'same' : 'none'}@example.test`
    const [wide, narrow] = await Promise.all([
      tokenOf(email, ['neuroweaver:admin'], { iat }),
      tokenOf(email, ['neuroweaver:read'], { iat }),
    ])
    expect(await byBearer(wide)).toMatchObject({ permissions: ['read', 'write', 'deploy', 'admin'] })
    expect(await byBearer(narrow), when).toMatchObject({ permissions: ['read'] })
    const begun = await signInWithToken(narrow, from())
    expect(await open(begun)).toMatchObject({ permissions: ['read'], installation: ['read'], within: ['read'] })
    expect(await open(await signInWithToken(wide, from()))).toMatchObject({ permissions: ['read', 'write', 'deploy', 'admin'] })
    expect(await open(begun)).toMatchObject({ permissions: ['read'] })
  })

  test('holds no more than a newer token grants, nor gains by one that grants more', async () => {
    const email = 'newer@example.test'
    const begun = await signInWithToken(await tokenOf(email, ['neuroweaver:write'], { iat: now() - 60 }), from())
    await byBearer(await tokenOf(email, ['neuroweaver:admin'], { iat: now() - 40 }))
    expect(await open(begun)).toMatchObject({ permissions: ['read', 'write', 'deploy'] })
    await byBearer(await tokenOf(email, ['neuroweaver:read'], { iat: now() - 20 }))
    forgetIdentities()
    expect(await open(begun)).toMatchObject({ permissions: ['read'], installation: ['read'] })
  })

  test('holds what its token without a time of issue grants to an account of here', async () => {
    await makePerson('local@example.org', 'manager')
    const begun = await signInWithToken(await tokenOf('local@example.org', ['neuroweaver:admin'], { iat: undefined }), from())
    expect(await open(begun)).toMatchObject({ permissions: ['read', 'write', 'deploy'] })
  })

  test('is not begun by a token that grants nothing, nor by one of a system', async () => {
    await expect(signInWithToken(await tokenOf('none@example.org', ['relaycore:admin']), from())).rejects.toMatchObject({
      code: 'forbidden',
    })
    const system = new SignJWT({ type: 'system', system: 'relaycore', targetSystem: 'neuroweaver', permissions: ['read'], exp: now() + 60 })
    const token = await system.setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret))
    await expect(signInWithToken(token, from())).rejects.toMatchObject({ code: 'forbidden' })
  })

  test('is written down when it is refused to somebody whom the token names', async () => {
    const user = await makePerson('shut@example.org')
    const refusals = () => db().$count(auditEvents, and(eq(auditEvents.action, 'session.refuse'), eq(auditEvents.targetId, user.id)))
    const token = await tokenOf(user.email, ['relaycore:admin'])
    await expect(signInWithToken(token, from())).rejects.toMatchObject({ code: 'forbidden' })
    expect(await refusals()).toBe(1)
    await updateUser(await caller(await makeUser('admin')), { id: user.id, isDisabled: true })
    await expect(signInWithToken(await tokenOf(user.email, ['neuroweaver:read']), from())).rejects.toMatchObject(gone)
    expect(await refusals()).toBe(2)
    // Whoever shows a token that is not good is nobody of whom anything is known.
    await expect(signInWithToken(`${token}x`, from())).rejects.toMatchObject(gone)
    expect(await refusals()).toBe(2)
  })

  test('ends with the token, at the latest when it is looked at again', async () => {
    const exp = now() + 600
    const begun = await signInWithToken(await tokenOf('linus@example.org', ['neuroweaver:write'], { exp }), from())
    const ofIt = eq(sessions.id, begun.sessionId)
    const [row] = await db().select().from(sessions).where(ofIt)
    expect(row?.expiresAt).toEqual(new Date(exp * 1000))
    expect(row?.sealedToken).not.toContain('eyJ')
    expect(await open(begun)).toMatchObject({ permissions: ['read', 'write', 'deploy'] })
    const short = await signInWithToken(await tokenOf('brief@example.org', ['neuroweaver:read'], { exp: now() - 20 }), from())
    await db()
      .update(sessions)
      .set({ expiresAt: sql`now() + interval '1 hour'`, checkedAt: sql`now() - interval '6 minutes'`, sealedToken: 'v1.none.none' })
      .where(eq(sessions.id, short.sessionId))
    await expect(open(short)).rejects.toMatchObject(gone)
  })
})

describe('a try to sign in', () => {
  test('A13: waits longer after each failure from the fifth on, alike for an address that nobody has', async () => {
    await makePerson('locked@example.org')
    for (const email of ['locked@example.org', 'nobody@example.org']) {
      for (let failure = 0; failure < 5; failure++) expect(await signIn(email, 'wrong', from())).toBeUndefined()
      await expect(signIn(email, password, from())).rejects.toMatchObject({ code: 'too_many_requests' })
    }
    const ofIt = eq(signInFailures.emailHash, sha256Of('locked@example.org'))
    const lockSeconds = async () => {
      const [row] = await db()
        .select({ seconds: sql<number>`extract(epoch from locked_until - last_at)::float8` })
        .from(signInFailures)
        .where(ofIt)
      return Math.round(row?.seconds ?? 0)
    }
    expect(await lockSeconds()).toBe(15)
    await db().update(signInFailures).set({ lockedUntil: null }).where(ofIt)
    await signIn('locked@example.org', 'wrong', from())
    expect(await lockSeconds()).toBe(30)
    await db().update(signInFailures).set({ lockedUntil: null }).where(ofIt)
    expect(await signIn('locked@example.org', password, from())).toBeDefined()
    expect(await db().select().from(signInFailures).where(ofIt)).toEqual([])
  })

  test.for([
    ['address', () => '10.9.9.9'],
    ['network of IPv6, all of whose addresses one sender has', (count: number) => `2001:db8:1:2::${count}`],
  ] as const)('A13, L1: is one of ten a minute from one %s', async ([, addressOf]) => {
    for (let count = 0; count < 10; count++) await signIn(`guess-${count}@example.org`, 'wrong', { ...from(), address: addressOf(count) })
    await expect(signIn('guess@example.org', 'wrong', { ...from(), address: addressOf(10) })).rejects.toMatchObject({
      code: 'too_many_requests',
      retryAfterSeconds: expect.any(Number),
    })
  })

  test('is as slow where one chooses another password, and is written down', async () => {
    const user = await makePerson('guessed@example.org')
    const held = await open(await enter(user.email))
    const guess = (current: string) => changePassword({ ...held, address: from().address }, { current, next: 'another long password' })
    for (let failure = 0; failure < 5; failure++)
      await expect(guess('wrong')).rejects.toMatchObject({ code: 'unprocessable', details: [{ path: 'current' }] })
    await expect(guess(password)).rejects.toMatchObject({ code: 'too_many_requests' })
    await expect(enter(user.email)).rejects.toMatchObject({ code: 'too_many_requests' })
    const refused = and(eq(auditEvents.action, 'user.refuse_password'), eq(auditEvents.targetId, user.id))
    expect(await db().$count(auditEvents, refused)).toBe(5)
    const here = { ...held, address: '10.8.8.8' }
    const batch = Array.from({ length: 30 }, () => changePassword(here, { current: 'wrong', next: 'another long password' }))
    const outcomes = await Promise.allSettled(batch)
    expect(outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason.code === 'too_many_requests')).toBe(true)
  })

  test('with a password that an admin has reset opens nothing but the choice of another', async () => {
    const user = await makePerson('reset@example.org', 'admin')
    const before = await enter(user.email)
    const { password: once } = await resetPassword(await caller(await makeUser('admin')), user.id)
    await expect(open(before)).rejects.toMatchObject(gone)
    const begun = (await signIn(user.email, once, from())) as Begun
    const held = await open(begun)
    expect(() => authorize(held, 'read')).toThrow(/new password/)
    expect(held).toMatchObject({ permissions: [], installation: [] })
    await expect(createApiKey(held, { name: 'way round', scope: 'read', expiresInDays: null })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(changePassword(held, { current: once, next: once })).rejects.toMatchObject({
      code: 'unprocessable',
      details: [{ path: 'next' }],
    })
    forgetIdentities()
    expect(await open(begun)).toMatchObject({ mustChangePassword: true })
    await changePassword(held, { current: once, next: 'another long password' })
    forgetIdentities()
    expect((await open(begun)).installation).toContain('admin')
  })
})

describe('the identity provider', () => {
  const claims = (email: string, more: Record<string, unknown> = {}) => ({ sub: email, email, email_verified: true, ...more })

  test('gives the largest role of the groups, anew at each sign-in', async () => {
    const begun = await signInWithProfile(claims('Marie@Example.org', { groups: ['ml', 'ml-admins'] }), from())
    expect((await open(begun)).installation).toContain('admin')
    await signInWithProfile(claims('marie@example.org', { groups: ['other'] }), from())
    forgetIdentities()
    expect((await open(begun)).installation).toEqual(['read'])
    const [row] = await db().select().from(users).where(eq(users.email, 'marie@example.org'))
    expect(row).toMatchObject({ origin: 'oidc', role: 'viewer', passwordHash: null })
  })

  test('A12: opens no account by an address that it has not verified', async () => {
    await makePerson('owner@example.org', 'admin')
    for (const email_verified of [false, undefined, 'no'])
      await expect(signInWithProfile(claims('owner@example.org', { email_verified }), from())).rejects.toMatchObject({ code: 'forbidden' })
  })
})
