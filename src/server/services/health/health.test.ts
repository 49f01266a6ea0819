/** Each part as the outside sees it, with and without what it needs. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { partNames } from '#src/contracts/health.ts'
import { db } from '#src/server/db/client.ts'
import { useDatabase } from '#src/testing/database.ts'
import { makeRuntime } from '#src/testing/factories.ts'
import { startWeb, type TestWeb } from '#src/testing/web.ts'

type Report = {
  status: string
  parts: Record<string, { status: string; message: string; latency_ms: number; details: Record<string, unknown> }>
}
const database = useDatabase()
const dataDir = mkdtempSync(join(tmpdir(), 'neuroweaver-health-'))
let web: TestWeb

beforeAll(async () => {
  web = await startWeb({ databaseUrl: database.url, dataDir })
})
afterAll(async () => {
  await web?.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

async function read(): Promise<Report & { code: number }> {
  const response = await fetch(`${web.url}/api/v1/health`, { headers: { authorization: `Bearer ${web.adminKey}` } })
  return { ...((await response.json()) as Report), code: response.status }
}

async function until(isIt: (report: Report & { code: number }) => boolean): Promise<Report & { code: number }> {
  for (const deadline = Date.now() + 15_000; ; ) {
    const report = await read()
    if (isIt(report)) return report
    if (Date.now() > deadline) throw new Error(`it stayed ${JSON.stringify(report)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

test('every part is told, with what to do about it', async () => {
  const report = await read()
  expect([report.code, report.status]).toEqual([200, 'degraded'])
  expect(Object.keys(report.parts).sort()).toEqual([...partNames].sort())
  for (const part of Object.values(report.parts)) expect(part.message).toMatch(/\.$/)
  for (const name of ['database', 'migrations', 'queue', 'storage']) expect(report.parts[name]).toMatchObject({ status: 'ok' })
  expect(report.parts.disk?.details).toMatchObject({ free_percent: expect.any(Number), free_bytes: expect.any(Number) })
  expect(report.parts.worker).toMatchObject({ status: 'unavailable', message: expect.stringContaining('No worker runs') })
  expect(report.parts.training?.message).toBe('No training runtime has joined. Start one.')
  expect(report.parts.relaycore?.status).toBe('off')
})

test('a runtime is seen to come, to fall silent and to be lost', async () => {
  await makeRuntime('inference')
  await db().execute(sql`update runtimes set last_heartbeat_at = now()`)
  await until(({ parts }) => parts.inference?.status === 'ok')
  await db().execute(sql`update runtimes set last_heartbeat_at = now() - interval '1 hour'`)
  const lost = await until(({ parts }) => parts.inference?.status === 'unavailable')
  expect(lost.parts.inference?.details).toMatchObject({ live: 0, lost: 1 })
})

test('jobs that nobody takes are told by their age', async () => {
  await db().execute(
    sql`insert into pgboss.job (name, data, created_on, start_after) values ('verify-upload', '{}', now() - interval '5 minutes', now() - interval '5 minutes')`,
  )
  const old = await until(({ parts }) => parts.queue?.status === 'degraded')
  expect(old.parts.queue?.details).toMatchObject({ depth: 1 })
  expect(old.parts.queue?.message).toMatch(/waited for 30\d s/)
})

test('a database of an older program makes the installation unavailable', async () => {
  await db().execute(sql`update drizzle.__drizzle_migrations set created_at = 1`)
  const report = await until(({ parts }) => parts.migrations?.status === 'unavailable')
  expect([report.code, report.status]).toEqual([503, 'unavailable'])
})

test('load balancers ask without a key: alive, ready, and whole', async () => {
  const status = async (path: string) => (await fetch(`${web.url}${path}`)).status
  expect(await status('/health/live')).toBe(200)
  expect(await status('/health/ready')).toBe(200)
  expect(await status('/health')).toBe(200)
  expect(await status('/health?strict')).toBe(503)
})

test('a data folder that is gone is told', async () => {
  rmSync(dataDir, { recursive: true, force: true })
  const report = await until(({ parts }) => parts.storage?.status === 'unavailable')
  expect(report.parts.storage?.message).toContain('data folder')
})
