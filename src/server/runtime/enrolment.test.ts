/** Who gets a name: the runtime that has it, nobody else while that is heard of, and exactly one of several that ask at once. */
import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { and, eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { enrolNameTaken, enrolResponse, joinInfo } from '#src/contracts/runtime.ts'
import { db } from '#src/server/db/client.ts'
import { auditEvents, runtimes } from '#src/server/db/schema.ts'
import { useDatabase } from '#src/testing/database.ts'
import { startWeb, type TestWeb } from '#src/testing/web.ts'

const database = useDatabase()
const dataDir = mkdtempSync(join(tmpdir(), 'neuroweaver-enrolment-'))
let web: TestWeb
let name: string

beforeAll(async () => {
  web = await startWeb({ databaseUrl: database.url, dataDir })
}, 120_000)
afterAll(async () => {
  await web?.stop()
  rmSync(dataDir, { recursive: true, force: true })
})
beforeEach(() => {
  name = `gpu-${randomUUID().slice(0, 8)}`
})

const proofOf = (credential: string) => createHash('sha256').update(credential).digest('hex')

const post = (path: string, token: string, body: object) =>
  fetch(`${web.url}/api/runtime/v1${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

type Asked = { bootId?: string; previous?: string }
/** Enrols under the name of this test; without a proof, as a runtime with an empty folder, unless `previous` is the credential that it kept. */
async function enrol({ bootId = randomUUID(), previous }: Asked = {}) {
  const proof = previous === undefined ? {} : { previous_credential_sha256: proofOf(previous) }
  const introduction = { kind: 'training', name, version: '0.1.0', protocol: 1, boot_id: bootId, devices: [], capacity: 1, ...proof }
  const response = await post('/enrol', web.runtimeToken, introduction)
  const body: unknown = await response.json()
  const credential = response.ok ? enrolResponse.parse(body).credential : ''
  return { status: response.status, retryAfter: response.headers.get('retry-after'), body, bootId, credential }
}

const beat = async ({ credential, bootId }: { credential: string; bootId: string }) =>
  (await post('/heartbeat', credential, { boot_id: bootId, devices: [], running: 0 })).status

const isMine = () => and(eq(runtimes.kind, 'training'), eq(runtimes.name, name))
const silence = () => db().update(runtimes).set({ lastHeartbeatAt: sql`now() - interval '16 seconds'` }).where(isMine())
const remove = () => db().update(runtimes).set({ removedAt: sql`now()` }).where(isMine())

async function countEnrolments(): Promise<number> {
  const [row] = await db().select({ id: runtimes.id }).from(runtimes).where(isMine())
  const entries = await db()
    .select({ id: auditEvents.id })
    .from(auditEvents)
    .where(and(eq(auditEvents.targetId, row?.id ?? ''), eq(auditEvents.action, 'runtime.enrol')))
  return entries.length
}

async function ask(previous?: string) {
  const asked = new URLSearchParams({ kind: 'training', name })
  if (previous) asked.set('previous_credential_sha256', proofOf(previous))
  const response = await fetch(`${web.url}/api/runtime/v1/enrol?${asked}`, { headers: { authorization: `Bearer ${web.runtimeToken}` } })
  return joinInfo.parse(await response.json())
}

const sorted = (all: { status: number }[]) => all.map(({ status }) => status).toSorted()

describe('a name that another runtime has', () => {
  test('is refused while that is heard of, with a sentence and the time to ask again; the other one goes on', async () => {
    const first = await enrol()
    const second = await enrol()
    expect(second.status).toBe(409)
    const { message } = enrolNameTaken.parse(second.body).error
    expect(message).toMatch(
      new RegExp(
        `^The name "${name}" is taken by another training runtime, which joined from 127.0.0.1 at 20.*Z and was heard of \\d s ago`,
      ),
    )
    expect(message).toContain('NEUROWEAVER_RUNTIME_NAME')
    expect(message).toContain('within 15 s')
    expect(Number(second.retryAfter)).toBeGreaterThan(10)
    expect(Number(second.retryAfter)).toBeLessThanOrEqual(15)
    expect(await beat(first)).toBe(200)
    expect(await countEnrolments()).toBe(1)
  })

  test('is told to whoever wants to join, but not to the one that has it', async () => {
    expect(await ask()).toMatchObject({ is_live: false, name_taken: null })
    const { credential } = await enrol()
    expect((await ask()).name_taken).toContain(`The name "${name}" is taken`)
    expect(await ask(credential)).toMatchObject({ is_live: true, name_taken: null })
    await silence()
    expect(await ask()).toMatchObject({ is_live: false, name_taken: null })
  })

  test('goes to another one when it has been silent, and then no longer to the first', async () => {
    const first = await enrol()
    await silence()
    const second = await enrol()
    expect(second.status).toBe(200)
    expect(await beat(first)).toBe(401)
    expect((await enrol({ previous: first.credential, bootId: first.bootId })).status).toBe(409)
    expect(await beat(second)).toBe(200)
  })

  test('goes to one of several that ask at once', async () => {
    expect(sorted(await Promise.all([enrol(), enrol(), enrol(), enrol()]))).toEqual([200, 409, 409, 409])
    await silence()
    expect(sorted(await Promise.all([enrol(), enrol(), enrol(), enrol()]))).toEqual([200, 409, 409, 409])
    expect(await countEnrolments()).toBe(2)
  })
})

describe('a runtime that has its name already', () => {
  test('gets another credential at once after a start with what it kept', async () => {
    const before = await enrol()
    const after = await enrol({ previous: before.credential })
    expect(after.status).toBe(200)
    expect(await beat(before)).toBe(401)
    expect(await beat(after)).toBe(200)
  })

  test('gets one at once when the answer before was lost', async () => {
    const { bootId } = await enrol()
    expect((await enrol({ bootId })).status).toBe(200)
  })

  test('and its copy on another machine do not take it from each other again and again', async () => {
    const { credential: previous } = await enrol()
    const [one, other] = await Promise.all([enrol({ previous }), enrol({ previous })])
    expect(sorted([one, other])).toEqual([200, 409])
    const [winner, loser] = one.status === 200 ? [one, other] : [other, one]
    for (let round = 0; round < 3; round++) expect((await enrol({ previous, bootId: loser.bootId })).status).toBe(409)
    expect(await beat(winner)).toBe(200)
  })
})

describe('a runtime that was removed', () => {
  test('stays out with what it kept, until somebody starts it anew', async () => {
    const before = await enrol()
    await remove()
    expect((await enrol({ previous: before.credential, bootId: before.bootId })).status).toBe(403)
    expect((await enrol()).status).toBe(200)
  })

  test('takes work when it joins anew, though it was drained before; one that only starts again stays drained', async () => {
    const { credential: previous } = await enrol()
    const isDraining = async () => (await db().select({ isDraining: runtimes.isDraining }).from(runtimes).where(isMine()))[0]?.isDraining
    await db().update(runtimes).set({ isDraining: true }).where(isMine())
    expect((await enrol({ previous })).status).toBe(200)
    expect(await isDraining()).toBe(true)
    await remove()
    expect((await enrol()).status).toBe(200)
    expect(await isDraining()).toBe(false)
  })
})

test.each(['', 'x', 'AB'.repeat(32), `${'a'.repeat(63)}\0`, 'a'.repeat(65), 7, 1e308, {}])(
  'a proof that is none (%j) is refused by its name',
  async (proof) => {
    const introduction = { kind: 'training', name, version: '0.1.0', protocol: 1, boot_id: randomUUID(), devices: [], capacity: 1 }
    const posted = await post('/enrol', web.runtimeToken, { ...introduction, previous_credential_sha256: proof })
    const query = new URLSearchParams({ kind: 'training', name, previous_credential_sha256: String(proof) })
    const asked = await fetch(`${web.url}/api/runtime/v1/enrol?${query}`, { headers: { authorization: `Bearer ${web.runtimeToken}` } })
    for (const response of [posted, asked]) {
      expect(response.status).toBe(400)
      expect(await response.text()).toContain('previous_credential_sha256')
    }
    expect(await countEnrolments()).toBe(0)
  },
)

test.each([undefined, 'wrong', 'a-revoked-credential'])(
  'neither door of enrolment opens for the token %s, and no name is told',
  async (token) => {
    await enrol()
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const asked = await fetch(`${web.url}/api/runtime/v1/enrol?kind=training&name=${name}`, { headers })
    const posted = await fetch(`${web.url}/api/runtime/v1/enrol`, { method: 'POST', headers, body: '' })
    for (const response of [asked, posted]) {
      expect(response.status).toBe(401)
      expect(await response.text()).not.toContain('taken')
    }
  },
)

test('a runtime of the version before, which shows nothing, gets a name that is free or silent', async () => {
  expect((await enrol()).status).toBe(200)
  await silence()
  expect((await enrol()).status).toBe(200)
})
