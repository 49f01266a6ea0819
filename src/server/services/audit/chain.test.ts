import { createHash } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { db, transaction } from '#src/server/db/client.ts'
import { auditEvents, auditPending, auditSeals } from '#src/server/db/schema.ts'
import { recordAudit } from '#src/server/services/audit.ts'
import { useDatabase } from '#src/testing/database.ts'
import { caller, makeKey, makeUser } from '#src/testing/factories.ts'
import type { Caller } from '../access.ts'
import { canonicalJson } from './canonical.ts'
import { sealEntries } from './seal.ts'
import { readVerdict, verifyChain } from './verify.ts'

const database = useDatabase()
let person: Caller
let superuser: pg.Client
beforeAll(async () => {
  person = await caller(await makeKey(await makeUser('manager')))
  superuser = new pg.Client({ connectionString: database.url })
  await superuser.connect()
})
afterAll(() => superuser.end())

/** What somebody does who owns the tables and takes the triggers away. */
async function tamper(...statements: string[]): Promise<void> {
  await superuser.query('set session_replication_role = replica')
  for (const statement of statements) await superuser.query(statement)
  await superuser.query('set session_replication_role = origin')
}

const record = (targetId: string, tx: Parameters<typeof recordAudit>[0] = db()) =>
  recordAudit(tx, person, { action: 'model.update', targetType: 'thing', targetId, before: { a: 1 }, after: { a: 2, name: targetId } })

/** Seals until nothing waits: other test files' transactions may hold some back for a moment. */
async function sealAll(): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
    await sealEntries()
    if ((await db().$count(auditPending)) === 0) return
  }
  throw new Error('entries stayed unsealed')
}

beforeEach(async () => {
  await tamper('truncate audit_events, audit_seals, audit_pending')
  for (let index = 1; index <= 6; index++) await record(`t${index}`)
  await sealAll()
})

test('seals every entry once, each chained to the one before, and anybody can compute it again', async () => {
  await Promise.all([record('t7'), record('t8')])
  await Promise.all([sealEntries(), sealEntries(), sealEntries()])
  await sealAll()
  const { rows } = await superuser.query<Record<string, unknown> & { hash: Buffer; previous: Buffer; seq: string }>(
    'select e.*, s.seq, s.hash, s.previous from audit_seals s join audit_events e on e.id = s.event_id order by s.seq',
  )
  expect(rows.map(({ seq }) => Number(seq))).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  let previous = Buffer.alloc(32)
  for (const { seq: _seq, hash, previous: kept, ...entry } of rows) {
    expect(kept).toEqual(previous)
    const filled = Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== null))
    const text = canonicalJson({ ...filled, at: (entry.at as Date).toISOString() })
    previous = createHash('sha256').update(previous).update(text).digest()
    expect(hash).toEqual(previous)
  }
  expect(await readVerdict()).toMatchObject({ isIntact: true, checked: 8, firstBreak: null, unsealed: { count: 0, oldestAt: null } })
})

test('holds no secret, whoever hands one over', async () => {
  const after = { name: 'hook', secret: 'a', nested: { apiKey: 'b', password_hash: 'c' }, max_tokens: 7, hasPassword: true }
  await recordAudit(db(), person, { action: 'webhook.create', targetType: 'webhook', targetId: 'hook', after })
  const { rows } = await superuser.query(`select after, target_name, actor_name from audit_events where target_id = 'hook'`)
  expect(rows).toEqual([
    {
      after: {
        name: 'hook',
        secret: '(hidden)',
        nested: { apiKey: '(hidden)', password_hash: '(hidden)' },
        max_tokens: 7,
        hasPassword: true,
      },
      target_name: 'hook',
      actor_name: person.email,
    },
  ])
})

test('writes JSON in one form, whatever order its names came in', () => {
  expect(canonicalJson({ b: [1e21, 0.1, -0, 'é\n'], a: { '10': null, '9': true } })).toBe(
    '{"a":{"10":null,"9":true},"b":[1e+21,0.1,0,"é\\n"]}',
  )
})

test('refuses to change, delete or empty what is written, whoever asks', async () => {
  for (const table of ['audit_events', 'audit_seals'])
    for (const statement of [
      `delete from ${table}`,
      `truncate ${table}`,
      `update ${table} set ${table === 'audit_seals' ? 'seq = seq' : "action = 'x'"}`,
    ])
      await expect(superuser.query(statement)).rejects.toThrow(/append-only/)
})

test('an entry is there when, and only when, its change is', async () => {
  const failing = transaction(async (tx) => {
    await record('undone', tx)
    throw new Error('undone')
  })
  await expect(failing).rejects.toThrow('undone')
  expect(await db().$count(auditEvents)).toBe(6)
  expect(await db().$count(auditPending)).toBe(0)
})

test('a transaction that stays open holds back later seals, is reported, and keeps its place', async () => {
  const slow = new pg.Client({ connectionString: database.url })
  await slow.connect()
  await slow.query('begin')
  await slow.query(`insert into audit_events (id, action, target_type, target_id) values (gen_random_uuid(), 'slow', 'thing', 'slow')`)
  await record('quick')
  expect(await sealEntries()).toBe(0)
  const waiting = await readVerdict()
  expect(waiting).toMatchObject({ isIntact: true, checked: 6, unsealed: { count: 1 } })
  expect(Date.parse(waiting.unsealed.oldestAt ?? '')).toBeGreaterThan(Date.now() - 60_000)
  await slow.query('commit')
  await slow.end()
  await sealAll()
  const { rows } = await superuser.query(
    'select target_id from audit_seals join audit_events e on e.id = event_id order by seq desc limit 2',
  )
  expect(rows.map(({ target_id: id }) => id)).toEqual(['quick', 'slow'])
  expect(await readVerdict()).toMatchObject({ isIntact: true, checked: 8 })
})

test('seals go on after the rows move to another server, whose transactions have other numbers', async () => {
  await tamper(
    `insert into audit_events (id, action, target_type, target_id, transaction_id) values ('01900000-0000-7000-8000-000000000001', 'old', 'thing', 'old', '9000000000000')`,
    `insert into audit_pending (event_id, transaction_id) values ('01900000-0000-7000-8000-000000000001', '9000000000000')`,
  )
  await record('new')
  await sealAll()
  expect(await readVerdict()).toMatchObject({ isIntact: true, checked: 8 })
})

const ofSeal = (seq: number) => `(select event_id from audit_seals where seq = ${seq})`
const attacks: [string, string[], { kind: string; seq: number | null }][] = [
  ['an entry that was changed', [`update audit_events set after = '{"a": 3}' where id = ${ofSeal(3)}`], { kind: 'entry-changed', seq: 3 }],
  ['a field that was emptied', [`update audit_events set address = null where id = ${ofSeal(4)}`], { kind: 'entry-changed', seq: 4 }],
  ['the last entry, changed', [`update audit_events set action = 'x' where id = ${ofSeal(6)}`], { kind: 'entry-changed', seq: 6 }],
  ['an entry that was deleted', [`delete from audit_events where id = ${ofSeal(2)}`], { kind: 'entry-missing', seq: 2 }],
  ['a seal that was deleted', ['delete from audit_seals where seq = 3'], { kind: 'seal-missing', seq: 3 }],
  [
    'an entry deleted with its seal',
    [`delete from audit_events where id = ${ofSeal(3)}`, 'delete from audit_seals where seq = 3'],
    { kind: 'seal-missing', seq: 3 },
  ],
  [
    'a gap that was closed',
    [
      'delete from audit_seals where seq = 3',
      'update audit_seals set seq = seq - 1 where seq = 4',
      'update audit_seals set seq = seq - 1 where seq = 5',
      'update audit_seals set seq = seq - 1 where seq = 6',
    ],
    { kind: 'seal-changed', seq: 3 },
  ],
  [
    'two that were exchanged',
    [
      'create temp table two as select seq, event_id from audit_seals where seq in (2, 3)',
      'update audit_seals set event_id = gen_random_uuid() where seq = 2',
      'update audit_seals set event_id = (select event_id from two where seq = 2) where seq = 3',
      'update audit_seals set event_id = (select event_id from two where seq = 3) where seq = 2',
      'drop table two',
    ],
    { kind: 'entry-changed', seq: 2 },
  ],
  [
    'a hash that was changed',
    [`update audit_seals set hash = decode(repeat('ab', 32), 'hex') where seq = 3`],
    { kind: 'seal-changed', seq: 3 },
  ],
  [
    'a link that was changed',
    [`update audit_seals set previous = decode(repeat('ab', 32), 'hex') where seq = 3`],
    { kind: 'seal-changed', seq: 3 },
  ],
  ['the last seal, deleted', ['delete from audit_seals where seq = 6'], { kind: 'entry-unsealed', seq: null }],
  [
    'an entry put in beside the program',
    [`insert into audit_events (id, action, target_type, target_id) values (gen_random_uuid(), 'x', 'thing', 'x')`],
    { kind: 'entry-unsealed', seq: null },
  ],
]
test.each(attacks)('finds %s', async (_name, statements, found) => {
  await tamper(...statements)
  expect(await readVerdict()).toMatchObject({ isIntact: false, firstBreak: found })
})

test('finds an entry that was removed before it was sealed', async () => {
  await record('gone')
  await tamper(`delete from audit_events where target_id = 'gone'`)
  expect(await readVerdict()).toMatchObject({ isIntact: false, firstBreak: { kind: 'entry-missing', seq: null } })
})

test('an end that was cut off with its seals shows against a head that was kept, and only so', async () => {
  const { head } = await readVerdict()
  if (!head) throw new Error('there is a head')
  await tamper(`delete from audit_events where id = ${ofSeal(6)}`, 'delete from audit_seals where seq = 6')
  expect(await readVerdict()).toMatchObject({ isIntact: true, checked: 5 })
  expect(await readVerdict(head)).toMatchObject({ isIntact: false, firstBreak: { kind: 'head-missing', seq: 6 } })
  await record('another')
  await sealAll()
  expect(await readVerdict(head)).toMatchObject({ isIntact: false, firstBreak: { kind: 'head-missing', seq: 6 } })
})

test('walks in batches and says how far it is', async () => {
  await superuser.query(
    `insert into audit_events (id, action, target_type, target_id, after) select gen_random_uuid(), 'many', 'thing', 'n' || n, '{"n": 1}' from generate_series(1, 2500) n`,
  )
  await sealAll()
  const steps: number[] = []
  for await (const { checked } of verifyChain()) steps.push(checked)
  expect(steps).toEqual([1000, 2000, 2506])
  expect(await db().$count(auditSeals)).toBe(2506)
})
