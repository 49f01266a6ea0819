/** The real database goes away under a running web and worker, and comes back. */
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Postgres, startPostgres } from '#src/launcher/postgres.ts'
import { eventually } from '#src/testing/collector.ts'
import { uploadBytes } from '#src/testing/upload.ts'
import { sendHeartbeat } from '#src/testing/heartbeat.ts'
import { startWeb, type TestWeb } from '#src/testing/web.ts'
import { migrate } from './migrate.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'neuroweaver-away-'))
const dir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'neuroweaver-away-'))
let postgres: Postgres
let web: TestWeb

beforeAll(async () => {
  postgres = await startPostgres({ dir, fsync: false })
  await migrate(postgres.url)
  web = await startWeb({ databaseUrl: postgres.url, dataDir, worker: true })
}, 150_000)
afterAll(async () => {
  await web?.stop()
  await postgres?.stop()
  for (const folder of [dataDir, dir]) rmSync(folder, { recursive: true, force: true })
})

const ask = (path: string, init: RequestInit & { headers?: Record<string, string> } = {}) =>
  fetch(`${web.url}${path}`, { ...init, headers: { authorization: `Bearer ${web.adminKey}`, ...init.headers } })

const json = { 'content-type': 'application/json' }
const introduction = {
  kind: 'inference',
  name: 'one',
  version: '0.1.0',
  protocol: 1,
  boot_id: crypto.randomUUID(),
  devices: [],
  capacity: 1,
  url: null as string | null,
}
const enrol = () =>
  ask('/api/runtime/v1/enrol', {
    method: 'POST',
    headers: { ...json, authorization: `Bearer ${web.runtimeToken}` },
    body: JSON.stringify(introduction),
  })
const doors: Record<string, () => Promise<Response>> = {
  rest: () => ask('/api/v1/models'),
  'a change by rest': () => ask('/api/v1/projects', { method: 'POST', headers: json, body: JSON.stringify({ name: 'another' }) }),
  'the list at /models': () => ask('/models'),
  trpc: () => ask('/api/trpc/models.list?input=%7B%7D'),
  uploads: () =>
    ask('/uploads', { method: 'POST', headers: { 'tus-resumable': '1.0.0', 'upload-length': '3', 'upload-metadata': 'filename YQ==' } }),
  runtime: () => ask('/api/runtime/v1/heartbeat', { method: 'POST', headers: { ...json, authorization: `Bearer nwr_${'a'.repeat(43)}` } }),
  enrolment: () => enrol(),
}

/** A runtime that answers every call, and that web knows of. */
async function joinInference(): Promise<Server> {
  const server = createServer((_, res) => res.end('served')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  introduction.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { credential } = (await (await enrol()).json()) as { credential: string }
  await sendHeartbeat(web.url, { credential, bootId: introduction.boot_id })
  return server
}

const served = async () => (await ask('/v2/models/one')).text()

test('every door says so and when to come again, and all of them come back by themselves', async () => {
  const inference = await joinInference()
  expect(await served()).toBe('served')
  for (const [door, knock] of Object.entries(doors)) expect([door, (await knock()).status]).not.toEqual([door, 500])
  await postgres.stop()
  await eventually(async () => (await fetch(`${web.url}/health`)).status === 503 || undefined)
  for (const [door, knock] of Object.entries(doors)) {
    const response = await knock()
    expect([door, response.status]).toEqual([door, 503])
    expect([door, Number(response.headers.get('retry-after'))]).toEqual([door, expect.toSatisfy((seconds: number) => seconds > 0)])
    const body = (await response.json()) as { error: { message?: string } }
    expect([door, JSON.stringify(body)]).toEqual([door, expect.stringMatching(/not reachable|database/i)])
  }
  expect((await fetch(`${web.url}/health/live`)).status).toBe(200)
  expect(await served()).toBe('served')
  inference.close()
  const page = await fetch(`${web.url}/deployments`, { headers: { accept: 'text/html' } })
  expect([page.status, page.headers.get('retry-after')]).toEqual([503, '3'])
  expect(await page.text()).toMatch(/The database does not answer[\s\S]*tries again/)

  postgres = await startPostgres({ dir, fsync: false })
  await eventually(async () => (await fetch(`${web.url}/health/ready`)).status === 200 || undefined)
  for (const [door, knock] of Object.entries(doors)) expect([door, (await knock()).status]).not.toEqual([door, 503])
  expect((await fetch(`${web.url}/deployments`)).status).not.toBe(503)
  // The queues work again too: the worker, which was not started anew, takes what web puts in them.
  const id = await uploadBytes(web.url, web.adminKey, 'table.csv', Buffer.from('a,b\n1,2\n'))
  await eventually(async () => {
    const upload = (await (await ask(`/api/v1/uploads/${id}`)).json()) as { status: string }
    return upload.status === 'ready' || undefined
    // A worker that missed the call looks by itself every ten seconds, and tries what failed again with growing pauses.
  }, 40_000)
  for (const written of [web.written.web(), web.written.worker()]) expect(written).not.toContain('the process ends')
  expect(web.written.worker().match(/worker is ready/g)).toHaveLength(1)
}, 150_000)
