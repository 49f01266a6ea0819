/** What kill -9 leaves of a job that the worker had taken, and of a call whose change was made and whose answer was not kept. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { useDatabase } from '#src/testing/database.ts'
import { uploadBytes } from '#src/testing/upload.ts'
import { startWeb, type TestWeb } from '#src/testing/web.ts'

const database = useDatabase()
const dataDir = mkdtempSync(join(tmpdir(), 'neuroweaver-killed-'))
// The same caller after a restart.
const key = randomBytes(24).toString('base64url')
const env = { NEUROWEAVER_BOOTSTRAP_API_KEY: key }
let web: TestWeb
let admin: pg.Client
beforeAll(async () => {
  admin = new pg.Client({ connectionString: database.url })
  await admin.connect()
  web = await startWeb({ databaseUrl: database.url, dataDir, worker: true, env })
})
afterAll(async () => {
  await web?.stop()
  await admin?.end()
  rmSync(dataDir, { recursive: true, force: true })
})

const ask = (path: string, init: RequestInit = {}) =>
  fetch(`${web.url}/api/v1${path}`, { ...init, headers: { authorization: `Bearer ${key}`, ...init.headers } })

/** Until a statement of another connection waits, or sleeps, as `what` says. */
const isHeld = (what: string) =>
  expect
    .poll(async () => (await admin.query(`select 1 from pg_stat_activity where ${what}`)).rowCount, { timeout: 20_000 })
    .toBeGreaterThan(0)

test('an upload whose worker is killed while it verifies is verified by the next one', { timeout: 120_000 }, async () => {
  const holding = new pg.Client({ connectionString: database.url })
  await holding.connect()
  await holding.query('begin')
  await holding.query('lock table artifacts in exclusive mode')
  const id = await uploadBytes(web.url, key, 'table.csv', Buffer.from('a,b\n1,2\n'))
  await isHeld(`wait_event_type = 'Lock' and datname = current_database()`)
  await web.killWorker()
  await holding.end()
  const taken = await admin.query(`select state from pgboss.job where name = 'verify-upload' and data->>'uploadId' = $1`, [id])
  expect(taken.rows).toEqual([{ state: 'active' }])
  await web.startWorker()
  const state = async () => ((await (await ask(`/uploads/${id}`)).json()) as { status: string }).status
  await expect.poll(state, { timeout: 60_000, interval: 200 }).toBe('ready')
})

test('what came while the worker was away is verified without a pause when it is back', { timeout: 120_000 }, async () => {
  await web.killWorker()
  const ids = await Promise.all(Array.from({ length: 12 }, (_, nth) => uploadBytes(web.url, key, `${nth}.bin`, randomBytes(100))))
  await web.startWorker()
  const countWaiting = async () => (await admin.query(`select 1 from uploads where id = any($1) and status <> 'ready'`, [ids])).rowCount
  await expect.poll(countWaiting, { timeout: 20_000, interval: 200 }).toBe(0)
})

test('a call that is killed between its change and its answer is not made again for its Idempotency-Key', { timeout: 60_000 }, async () => {
  await admin.query(`
    create function hold_answer() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return new; end $$;
    create trigger hold_answer before update of status on idempotency_keys for each row execute function hold_answer()`)
  const create = () =>
    ask('/api-keys', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'cut-off' },
      body: JSON.stringify({ name: 'made-once', scope: 'read' }),
    })
  const cutOff = create().catch(() => 'cut off')
  await isHeld(`wait_event = 'PgSleep' and datname = current_database()`)
  await web.stop()
  expect(await cutOff).toBe('cut off')
  await admin.query(
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`,
  )
  await admin.query('drop trigger hold_answer on idempotency_keys')
  web = await startWeb({ databaseUrl: database.url, dataDir, env })
  const early = await create()
  expect([early.status, await early.text()]).toEqual([409, expect.stringContaining('still under way')])
  await admin.query(`update idempotency_keys set locked_until = now() - interval '1 second'`)
  const again = await create()
  expect([again.status, await again.text()]).toEqual([409, expect.stringContaining('was carried out')])
  const { rows } = await admin.query(`select count(*)::int from api_keys where name = 'made-once'`)
  expect(rows).toEqual([{ count: 1 }])
})

test('an upload that was whole when web was killed, before its row could say so, is one that can be registered', {
  timeout: 120_000,
}, async () => {
  await web.killWorker()
  await admin.query(`
    create function hold_end() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return new; end $$;
    create trigger hold_end before update of status on uploads for each row execute function hold_end()`)
  const cutOff = uploadBytes(web.url, key, 'weights.bin', randomBytes(1000)).catch(() => 'cut off')
  await isHeld(`wait_event = 'PgSleep' and datname = current_database()`)
  await web.stop()
  expect(await cutOff).toBe('cut off')
  await admin.query(
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`,
  )
  await admin.query('drop trigger hold_end on uploads')
  web = await startWeb({ databaseUrl: database.url, dataDir, env })
  const { rows } = await admin.query(`select id from uploads where status = 'uploading'`)
  const id = rows[0].id as string
  const headers = { authorization: `Bearer ${key}`, 'tus-resumable': '1.0.0' }
  // What tells a tus client that it is done.
  expect((await fetch(`${web.url}/uploads/${id}`, { method: 'HEAD', headers })).headers.get('upload-offset')).toBe('1000')
  const registered = await ask('/models/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'whole', files: [{ path: 'weights.bin', upload_id: id }] }),
  })
  expect([registered.status, await registered.json()]).toEqual([201, expect.objectContaining({ status: 'pending' })])
  await web.startWorker()
  const state = async () => ((await (await ask('/models/whole')).json()) as { status: string }).status
  await expect.poll(state, { timeout: 60_000, interval: 200 }).toBe('ready')
})
