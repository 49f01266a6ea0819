/** Probes with real rows and a real server: who is slow holds up nobody else. */
import '#src/testing/settings.ts'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { db, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { deployments, models, modelVersions } from '#src/server/db/schema.ts'
import { useDatabase } from '#src/testing/database.ts'
import { makeProject } from '#src/testing/factories.ts'
import { until } from '#src/testing/until.ts'
import { replaceTargets } from '../deployments/targets.ts'
import { probeExternals } from './probe.ts'
import { addExternalVersion } from './register.ts'

vi.hoisted(() => Object.assign(process.env, { NEUROWEAVER_OUTBOUND_ALLOW: '127.0.0.1' }))

useDatabase()
const list = '{"data":[{"id":"m"}]}'
const held: ServerResponse[] = []
/** Answers nothing below `/slow` until it is let go, and fails below `/gone`. */
const server = createServer((req, res) => {
  if (req.url?.startsWith('/slow')) return void held.push(res)
  if (req.url?.startsWith('/gone')) return void res.writeHead(500).end()
  res.end(list)
}).listen(0, '127.0.0.1')
beforeAll(async () => {
  if (!server.listening) await once(server, 'listening')
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

async function register(projectId: string, path: string, versions: number): Promise<string> {
  const [model] = await db().insert(models).values({ id: newId(), projectId, name: newId() }).returning()
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
  const input = { url, model: 'm', timeoutMs: 60_000, maxTokens: 16, maxConcurrent: 1, requestsPerMinute: null }
  for (let count = 0; count < versions; count += 1)
    await transaction((tx) => addExternalVersion(tx, model as typeof models.$inferSelect, input as never, null))
  return (model as { id: string }).id
}
const statesOf = async (modelId: string) =>
  (await db().select().from(modelVersions).where(eq(modelVersions.modelId, modelId))).map(({ externalState }) => externalState)

it('of a project whose servers are all slow leave places for those of others', async () => {
  const slow = await register((await makeProject()).id, '/slow', 50)
  const good = await register((await makeProject()).id, '/good', 1)
  await probeExternals()
  await until(
    () => statesOf(good),
    ([state]) => state === 'ready',
    4_000,
  )
  expect((await statesOf(slow)).every((state) => state === 'unknown')).toBe(true)
  expect(held).toHaveLength(10)

  for (const res of held) res.end(list)
  await until(
    () => statesOf(slow),
    (states) => states.filter((state) => state === 'ready').length === 10,
  )
})

describe('a server that nothing depends on', () => {
  const age = (modelId: string, seconds: number) =>
    db()
      .update(modelVersions)
      .set({ externalState: 'ready', externalCheckedAt: sql`now() - make_interval(secs => ${seconds})` })
      .where(eq(modelVersions.modelId, modelId))
  const failuresOf = async (modelId: string) =>
    (await db().select().from(modelVersions).where(eq(modelVersions.modelId, modelId))).map(({ externalFailures }) => externalFailures)

  it('is looked at now and then, so that none is asked to stand in that went away long ago', async () => {
    const [gone, recent] = [await register((await makeProject()).id, '/gone', 1), await register((await makeProject()).id, '/gone', 1)]
    await Promise.all([age(gone, 301), age(recent, 200)])
    await probeExternals()
    await until(
      () => failuresOf(gone),
      ([failures]) => failures === 1,
    )
    await age(gone, 301)
    await probeExternals()
    await until(
      () => statesOf(gone),
      ([state]) => state === 'failing',
    )
    expect([await statesOf(recent), await failuresOf(recent)]).toEqual([['ready'], [0]])
  })

  it('is looked at at once when a deployment turns to it', async () => {
    const modelId = await register((await makeProject()).id, '/gone', 1)
    await age(modelId, 5)
    const [version] = await db().select().from(modelVersions).where(eq(modelVersions.modelId, modelId))
    const { projectId, id: versionId } = version as typeof modelVersions.$inferSelect
    const id = newId()
    await transaction(async (tx) => {
      await tx.insert(deployments).values({ id, projectId, modelId, name: id, replicas: 1, status: 'ready' })
      await replaceTargets(tx, id, [{ versionId, weight: 100 }], { kind: 'set', userId: null })
    })
    await probeExternals()
    await until(
      () => failuresOf(modelId),
      ([failures]) => failures === 1,
    )
  })
})
