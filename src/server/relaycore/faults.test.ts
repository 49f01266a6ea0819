/** What happens to messages to RelayCore when the worker dies, when an answer hangs, and when a person sends one again. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { OutboxEntry, OutboxKind, OutboxStatus } from '#src/contracts/relaycore.ts'
import { db } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { auditEvents, relaycoreLink, relaycoreOutbox } from '#src/server/db/schema.ts'
import { useDatabase } from '#src/testing/database.ts'
import { makeKey, makeUser } from '#src/testing/factories.ts'
import { type Got, RelayCoreDouble } from '#src/testing/relaycore.ts'
import { until } from '#src/testing/until.ts'
import { startWeb, type TestWeb } from '#src/testing/web.ts'

const database = useDatabase()
const relay = new RelayCoreDouble('relay-key')
const dataDir = mkdtempSync(join(tmpdir(), 'neuroweaver-relay-faults-'))
const timeoutMs = 700
let web: TestWeb

beforeAll(async () => {
  await relay.up()
  web = await startWeb({
    databaseUrl: database.url,
    dataDir,
    worker: true,
    env: { RELAYCORE_URL: relay.url, RELAYCORE_API_KEY: 'relay-key', RELAYCORE_TIMEOUT_MS: String(timeoutMs) },
  })
  await until(
    () => relay.got.map(({ kind }) => kind),
    (kinds) => kinds.includes('provider'),
  )
})
beforeEach(() => {
  relay.mood = {}
})
afterAll(async () => {
  await web.stop()
  await relay.down()
  rmSync(dataDir, { recursive: true, force: true })
})

const now = () => new Date().toISOString()
const payloads: Record<Exclude<OutboxKind, 'provider'>, (id: string, mark: number) => Record<string, unknown>> = {
  register: (id) => ({
    model_id: id,
    name: 'told',
    provider: 'neuroweaver',
    specialization: [],
    endpoint: 'http://127.0.0.1:9/api/v1/inference',
    cost_per_token: 0,
    max_tokens: 0,
    capabilities: ['inference'],
    performance_metrics: {},
  }),
  status: (id, mark) => ({ model_id: id, status: 'ready', reason: `state ${mark}`, timestamp: now() }),
  performance: (id, mark) => ({ model_id: id, performance_metrics: { requests: mark }, updated_at: now() }),
  remove: (id) => ({ model_id: id }),
}

type Told = { id: string; seqs: number[] }

/** Messages of one new model, in this order. */
async function tell(kinds: Exclude<OutboxKind, 'provider'>[], more: { status?: OutboxStatus; nextAt?: Date } = {}): Promise<Told> {
  const id = newId()
  const rows = kinds.map((kind, mark) => ({
    modelId: id,
    modelName: 'told',
    kind,
    payload: payloads[kind](id, mark),
    correlationId: newId(),
    ...more,
  }))
  const written = await db().insert(relaycoreOutbox).values(rows).returning({ seq: relaycoreOutbox.seq })
  return { id, seqs: written.map(({ seq }) => seq) }
}

const rowsOf = (modelId: string) =>
  db().select().from(relaycoreOutbox).where(eq(relaycoreOutbox.modelId, modelId)).orderBy(relaycoreOutbox.seq)
const allDelivered = (...told: Told[]) =>
  until(
    async () => (await Promise.all(told.map(({ id }) => rowsOf(id)))).flat().map(({ status, lastError }) => `${status} ${lastError ?? ''}`),
    (states) => states.every((state) => state === 'delivered '),
  )
const kindsOf = (got: Got[]) => got.map(({ kind }) => kind)

async function ask(
  name: string,
  input: unknown,
  key = web.adminKey,
): Promise<{ status: number; body: { result?: { data: OutboxEntry } } }> {
  const response = await fetch(`${web.url}/api/trpc/relaycore.${name}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(input),
  })
  return { status: response.status, body: await response.json() }
}

describe('a worker that is killed in the middle of a delivery', () => {
  test.each(['register', 'status', 'performance', 'remove'] as const)(
    'loses nothing and keeps the order of each model; only the %s under way is repeated, which sets the same state twice',
    async (kind) => {
      const before = kind === 'register' ? [] : (['register'] as const)
      const after = (['status', 'performance', 'remove'] as const).filter((next) => next !== kind)
      relay.mood = { holds: (call) => call.kind === kind }
      const cut = await tell([...before, kind, ...after])
      await until(
        () => relay.of(cut.id),
        (got) => got.at(-1)?.kind === kind,
      )
      await web.killWorker()
      const beside = await tell(['register', 'status', 'remove'])
      relay.mood = {}
      await web.startWorker()
      await allDelivered(cut, beside)
      expect(kindsOf(relay.of(cut.id))).toEqual([...before, kind, kind, ...after])
      expect(kindsOf(relay.of(beside.id))).toEqual(['register', 'status', 'remove'])
      const [first, second] = relay.of(cut.id).filter((call) => call.kind === kind)
      expect(second?.body).toEqual(first?.body)
      expect(second?.correlationId).toBe(first?.correlationId)
    },
  )
})

describe('an answer that hangs', () => {
  test('is cut at the time-out and tried again with back-off, while other models are told and the link stays up', async () => {
    const [linkBefore] = await db().select().from(relaycoreLink)
    let isHanging = true
    const hung = newId()
    relay.mood = { holds: ({ modelId }) => isHanging && modelId === hung }
    await db()
      .insert(relaycoreOutbox)
      .values({ modelId: hung, modelName: 'hung', kind: 'register', payload: payloads.register(hung, 0), correlationId: newId() })
    await until(
      () => relay.of(hung),
      (got) => got.length === 1,
    )
    const others = await Promise.all([tell(['register', 'status', 'remove']), tell(['register', 'performance', 'remove'])])
    await allDelivered(...others)
    const [row] = await rowsOf(hung)
    expect(row).toMatchObject({ status: 'waiting', attempts: 1 })

    const tries = await until(
      () => relay.of(hung),
      (got) => got.length === 3,
    )
    const [waiting] = await rowsOf(hung)
    expect(waiting?.lastError).toBe('no answer within 0.7 s')
    // A pause of 0.75 to 1.25 s, then twice as long, each after the time-out.
    const [first = 0, second = 0] = [1, 2].map((at) => (tries[at]?.at ?? 0) - (tries[at - 1]?.at ?? 0))
    expect(first).toBeGreaterThanOrEqual(timeoutMs + 700)
    expect(second).toBeGreaterThanOrEqual(timeoutMs + 1400)
    const [linkAfter] = await db().select().from(relaycoreLink)
    expect(linkAfter).toMatchObject({ isUp: true, since: linkBefore?.since })

    isHanging = false
    await ask('resend', { seq: waiting?.seq })
    await allDelivered({ id: hung, seqs: [] })
  })
})

describe('sending again', () => {
  const later = () => new Date(Date.now() + 3_600_000)

  test('what waits long goes out at once, and what comes after it follows', async () => {
    const told = await tell(['register', 'status'], { nextAt: later() })
    await db()
      .update(relaycoreOutbox)
      .set({ nextAt: new Date() })
      .where(eq(relaycoreOutbox.seq, told.seqs[1] ?? 0))
    expect(await ask('resend', { seq: told.seqs[0] })).toMatchObject({ status: 200, body: { result: { data: { status: 'waiting' } } } })
    await allDelivered(told)
    expect(kindsOf(relay.of(told.id))).toEqual(['register', 'status'])
  })

  test.each(['dropped', 'refused'] as const)('what was %s goes out at once', async (status) => {
    const told = await tell(['register'], { status, nextAt: later() })
    expect(await ask('resend', { seq: told.seqs[0] })).toMatchObject({ status: 200 })
    await allDelivered(told)
    expect(kindsOf(relay.of(told.id))).toEqual(['register'])
  })

  test('what is given up lets the next one of its model pass', async () => {
    const told = await tell(['register', 'status'], { nextAt: later() })
    await db()
      .update(relaycoreOutbox)
      .set({ nextAt: new Date() })
      .where(eq(relaycoreOutbox.seq, told.seqs[1] ?? 0))
    expect(await ask('drop', { seq: told.seqs[0] })).toMatchObject({ status: 200, body: { result: { data: { status: 'dropped' } } } })
    await until(
      () => kindsOf(relay.of(told.id)),
      (kinds) => kinds.length === 1 && kinds[0] === 'status',
    )
  })

  test('does not send a message twice that is under way', async () => {
    let isHanging = true
    relay.mood = { holds: ({ kind }) => isHanging && kind === 'performance' }
    const told = await tell(['performance', 'status'])
    await until(
      () => relay.of(told.id),
      (got) => got.length === 1,
    )
    expect(await ask('resend', { seq: told.seqs[0] })).toMatchObject({ status: 200, body: { result: { data: { isHeld: true } } } })
    isHanging = false
    await allDelivered(told)
    expect(kindsOf(relay.of(told.id))).toEqual(['performance', 'performance', 'status'])
    const [first, second] = relay.of(told.id)
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(timeoutMs - 100)
  })

  test('old news is not sent: a model that was removed since is not registered again', async () => {
    const told = await tell(['register', 'remove'])
    await allDelivered(told)
    await db()
      .update(relaycoreOutbox)
      .set({ status: 'refused' })
      .where(eq(relaycoreOutbox.seq, told.seqs[0] ?? 0))
    expect(await ask('resend', { seq: told.seqs[0] })).toMatchObject({ status: 409 })
    expect(kindsOf(relay.of(told.id))).toEqual(['register', 'remove'])
  })

  test('is for an admin of the installation, and leaves an entry in the audit log', async () => {
    const told = await tell(['register'], { status: 'dropped' })
    const seq = told.seqs[0] ?? 0
    const manager = await makeKey(await makeUser('manager'), 'write')
    expect(await ask('resend', { seq }, manager)).toMatchObject({ status: 403 })
    expect(await ask('resend', { seq }, 'nwk_wrong')).toMatchObject({ status: 401 })
    expect((await rowsOf(told.id))[0]).toMatchObject({ status: 'dropped' })
    expect(await ask('resend', { seq })).toMatchObject({ status: 200 })
    const entries = await db()
      .select()
      .from(auditEvents)
      .where(and(eq(auditEvents.action, 'relaycore.resend'), eq(auditEvents.targetId, String(seq))))
    expect(entries).toMatchObject([{ targetName: 'register told', before: { status: 'dropped' }, after: { status: 'waiting' } }])
    await allDelivered(told)
    expect(await ask('resend', { seq })).toMatchObject({ status: 404 })
  })
})
