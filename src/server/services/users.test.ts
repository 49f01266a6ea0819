import { hash } from '@node-rs/argon2'
import { and, eq, or } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { db } from '#src/server/db/client.ts'
import { auditEvents, users } from '#src/server/db/schema.ts'
import { useDatabase } from '#src/testing/database.ts'
import { caller, makeKey, makeProject, makeUser } from '#src/testing/factories.ts'
import { authorize, identify } from './access.ts'
import { forgetIdentities } from './identities.ts'
import { createApiKey, ensureBootstrapKey, listApiKeys, revokeApiKey, rotateApiKey } from './apiKeys.ts'
import { changePassword, createFirstAdmin, createUser, ensureAdmin, needsFirstAdmin, signIn, updateUser } from './users.ts'

useDatabase()
const password = 'correct horse battery'
const at = { correlationId: 'test', address: null }
const from = { address: '127.0.0.1', userAgent: 'test', correlationId: 'test' }

describe('the first admin', () => {
  test('is no service account, though one has a password from before', async () => {
    const { email } = await makeUser('admin', { kind: 'service', passwordHash: await hash(password) })
    expect(await needsFirstAdmin()).toBe(true)
    expect(await signIn(email, password, from)).toBeUndefined()
  })

  test.each(['oidc', 'token'] as const)(
    'may have come by %s: nobody else is asked to be one, but the settings can name one',
    async (origin) => {
      const elsewhere = { ...from, address: '192.0.2.7' }
      const stranger = { email: `stranger-${origin}@example.org`, name: 'x', password }
      const named = { email: `named-${origin}@example.org`, name: 'Admin', password }
      const { id } = await makeUser('admin', { origin })
      expect(await needsFirstAdmin()).toBe(false)
      await expect(createFirstAdmin(stranger, undefined, null)).rejects.toMatchObject({ code: 'conflict' })
      await ensureAdmin(named)
      expect(await signIn(stranger.email, password, elsewhere)).toBeUndefined()
      expect(await signIn(named.email, password, elsewhere)).toMatchObject({ email: named.email })
      await ensureAdmin(stranger)
      expect(await signIn(stranger.email, password, elsewhere)).toBeUndefined()
      await db()
        .delete(users)
        .where(or(eq(users.email, named.email), eq(users.id, id)))
    },
  )

  test('is made once, however many ask at the same time', async () => {
    expect(await needsFirstAdmin()).toBe(true)
    const asked = await Promise.allSettled(
      ['a', 'b', 'c', 'd'].map((name) => createFirstAdmin({ email: `${name}@example.org`, name, password }, undefined, null)),
    )
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await needsFirstAdmin()).toBe(false)
  })

  test('needs the code when one was printed', async () => {
    const input = { email: 'x@example.org', name: 'x', password }
    await expect(createFirstAdmin({ ...input, code: 'wrong' }, 'printed-code', null)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(createFirstAdmin(input, 'printed-code', null)).rejects.toMatchObject({ code: 'forbidden' })
  })
})

describe('signing in', () => {
  test('takes the right password of a user who is not locked, and says no more than that', async () => {
    const admin = await caller(await makeUser('admin'))
    const user = await createUser(admin, { email: 'grace@example.org', name: 'Grace', password, role: 'viewer' })
    expect(await signIn(' Grace@Example.org ', password, from)).toMatchObject({ userId: user.id })
    expect(await signIn('grace@example.org', 'wrong', from)).toBeUndefined()
    expect(await signIn('nobody@example.org', password, from)).toBeUndefined()
    await updateUser(admin, { id: user.id, isDisabled: true })
    expect(await signIn('grace@example.org', password, from)).toBeUndefined()
  })

  test('A5: a changed password ends the other sessions, a changed role all of them', async () => {
    const admin = await caller(await makeUser('admin'))
    const user = await createUser(admin, { email: 'edsger@example.org', name: 'Edsger', password, role: 'viewer' })
    const begin = async () => {
      const begun = await signIn(user.email, password, from)
      return { id: begun?.sessionId ?? '', userId: user.id, epoch: begun?.epoch ?? -1 }
    }
    const [here, there] = [await begin(), await begin()]
    expect(await identify({ session: there, ...at })).toMatchObject({ userId: user.id })
    await changePassword(await identify({ session: here, ...at }), { current: password, next: 'another long password' })
    expect(await identify({ session: here, ...at })).toMatchObject({ userId: user.id })
    await expect(identify({ session: there, ...at })).rejects.toMatchObject({ code: 'unauthorized' })
    await updateUser(admin, { id: user.id, role: 'user' })
    await expect(identify({ session: here, ...at })).rejects.toMatchObject({ code: 'unauthorized' })
  })

  test('with a password that an admin sets leaves an entry that says so, and not which', async () => {
    const admin = await caller(await makeUser('admin'))
    const user = await createUser(admin, { email: 'set@example.org', name: 'Set', password, role: 'viewer' })
    await updateUser(admin, { id: user.id, password: 'another long password' })
    await updateUser(admin, { id: user.id, name: 'Reset' })
    const ofUser = and(eq(auditEvents.targetId, user.id), eq(auditEvents.action, 'user.update'))
    const entries = await db().select().from(auditEvents).where(ofUser).orderBy(auditEvents.id)
    const facts = { name: 'Set', role: 'viewer', isDisabled: false }
    expect(entries.map(({ before, after }) => ({ before, after }))).toEqual([
      { before: facts, after: { ...facts, isPasswordNew: true } },
      { before: facts, after: { ...facts, name: 'Reset' } },
    ])
  })

  test('takes no password that is given to a service account', async () => {
    const admin = await caller(await makeUser('admin'))
    const account = await makeUser('viewer', { kind: 'service' })
    await expect(updateUser(admin, { id: account.id, role: 'admin', password })).rejects.toMatchObject({
      code: 'unprocessable',
      details: [{ path: 'password' }],
    })
    expect(await signIn(account.email, password, from)).toBeUndefined()
  })

  test('the last admin stays one', async () => {
    const admin = await caller(await makeUser('admin'))
    const users = await import('./users.ts').then(({ listUsers }) => listUsers())
    const others = users.filter((user) => user.role === 'admin' && user.id !== admin.userId)
    const outcomes = await Promise.allSettled(others.map((user) => updateUser(admin, { id: user.id, isDisabled: true })))
    expect(outcomes.some(({ status }) => status === 'rejected')).toBe(true)
    expect(await needsFirstAdmin()).toBe(false)
  })
})

describe('API keys', () => {
  test('A5: a key opens until it is revoked, and is shown in no list', async () => {
    const owner = await caller(await makeUser('manager'))
    const { apiKey, key } = await createApiKey(owner, { name: 'ci', scope: 'write', expiresInDays: null })
    expect(await identify({ bearer: key, ...at })).toMatchObject({ kind: 'key', permissions: ['read', 'write', 'deploy'] })
    expect(JSON.stringify(await listApiKeys(owner))).not.toContain(key)
    await revokeApiKey(owner, apiKey.id)
    await expect(identify({ bearer: key, ...at })).rejects.toMatchObject({ code: 'unauthorized' })
  })

  test('a key holds no more rights than its owner', async () => {
    const viewer = await makeUser('viewer')
    const key = await makeKey(viewer, 'admin')
    const found = await identify({ bearer: key, ...at })
    expect(found).toMatchObject({ permissions: ['read'], installation: ['read'] })
    expect(() => authorize(found, 'write')).toThrow()
    await expect(createApiKey(await caller(viewer), { name: 'x', scope: 'admin', expiresInDays: null })).rejects.toMatchObject({
      code: 'forbidden',
    })
  })

  test("another's key can not be revoked", async () => {
    const owner = await caller(await makeUser('manager'))
    const { apiKey } = await createApiKey(owner, { name: 'mine', scope: 'read', expiresInDays: 1 })
    await expect(revokeApiKey(await caller(await makeUser('manager')), apiKey.id)).rejects.toMatchObject({ code: 'not_found' })
  })

  test('the bootstrap key of the settings opens, and the one before it no longer does', async () => {
    await ensureBootstrapKey('first-bootstrap-key-0123456789')
    await ensureBootstrapKey('second-bootstrap-key-0123456789')
    forgetIdentities()
    expect(await identify({ bearer: 'second-bootstrap-key-0123456789', ...at })).toMatchObject({
      installation: ['read', 'write', 'deploy', 'admin'],
    })
    await expect(identify({ bearer: 'first-bootstrap-key-0123456789', ...at })).rejects.toMatchObject({ code: 'unauthorized' })
  })
})

describe('a key', () => {
  const input = { name: 'made by a key', expiresInDays: null }

  test('makes no key of a wider scope than its own', async () => {
    const reader = await caller(await makeKey(await makeUser('admin'), 'read'))
    await expect(createApiKey(reader, { ...input, scope: 'write' })).rejects.toMatchObject({ code: 'forbidden' })
    expect(await createApiKey(reader, { ...input, scope: 'read' })).toMatchObject({ apiKey: { scope: 'read' } })
  })

  test('of one project makes keys of that project alone', async () => {
    const project = await makeProject()
    const bound = await caller(await makeKey(await makeUser('manager'), 'write', project))
    await expect(createApiKey(bound, { ...input, scope: 'write' })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(createApiKey(bound, { ...input, scope: 'write', project: 'default' })).rejects.toMatchObject({ code: 'not_found' })
    const { apiKey } = await createApiKey(bound, { ...input, scope: 'write', project: project.name })
    expect(apiKey.project).toBe(project.name)
  })

  test('gets no wider key, and no key of somebody else, by rotating one', async () => {
    const owner = await makeUser('admin')
    const person = await caller(owner)
    const wide = await createApiKey(person, { ...input, scope: 'admin' })
    const narrow = await caller(await makeKey(owner, 'write'))
    const rotate = (by: typeof person, id: string) => rotateApiKey(by, { id, overlapHours: 1 })
    await expect(rotate(narrow, wide.apiKey.id)).rejects.toMatchObject({ code: 'forbidden' })
    const bound = await caller(await makeKey(owner, 'admin', await makeProject()))
    await expect(rotate(bound, wide.apiKey.id)).rejects.toMatchObject({ code: 'not_found' })
    await expect(rotate({ ...person, within: ['read'] }, wide.apiKey.id)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(rotate(await caller(await makeUser('admin')), wide.apiKey.id)).rejects.toMatchObject({ code: 'not_found' })
    expect((await rotate(narrow, narrow.apiKeyId as string)).apiKey.scope).toBe('write')
    expect((await rotate(person, wide.apiKey.id)).apiKey.scope).toBe('admin')
  })

  test('that is to read alone revokes no other key', async () => {
    const owner = await makeUser('manager')
    const { apiKey } = await createApiKey(await caller(owner), { ...input, scope: 'write' })
    const reader = await caller(await makeKey(owner, 'read'))
    await expect(revokeApiKey(reader, apiKey.id)).rejects.toMatchObject({ code: 'not_found' })
    await revokeApiKey(reader, reader.apiKeyId as string)
  })

  test('is made by many at once, more than there are connections', async () => {
    const person = await caller(await makeUser('manager'))
    const asked = Array.from({ length: 40 }, () => createApiKey(person, { ...input, scope: 'write', project: 'default' }))
    expect(await Promise.all(asked)).toHaveLength(40)
  })
})
