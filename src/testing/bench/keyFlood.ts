/** What a key that is far over its limit costs everybody else: the times of another key, alone and beside the flood. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { eq } from 'drizzle-orm'
import { connect, db, disconnect } from '#src/server/db/client.ts'
import { apiKeys } from '#src/server/db/schema.ts'
import { sha256Of } from '#src/server/services/access.ts'
import { startTestCluster, urlOf } from '../cluster.ts'
import { makeKey, makeUser } from '../factories.ts'
import { startWeb, type TestWeb } from '../web.ts'
import { Connection, measureTimes } from './load.ts'
import { type BenchResult, quantile } from './result.ts'

const floodPerSecond = 1_000
const floodConnections = 20
const rounds = 2_000
const perMinute = 60

const targetOf = (web: TestWeb, key: string) => ({ port: web.port, path: '/api/v1/me', headers: { authorization: `Bearer ${key}` } })

/** Asks at an even rate until it is told to stop. @returns how often it was refused and let in, in all. */
function flood(web: TestWeb, key: string): { stop: () => Promise<{ refused: number; admitted: number; perSecond: number }> } {
  const request = `GET /api/v1/me HTTP/1.1\r\nhost: 127.0.0.1:${web.port}\r\nauthorization: Bearer ${key}\r\n\r\n`
  const seen = { refused: 0, admitted: 0 }
  let isOver = false
  const started = performance.now()
  const everyMs = (1000 * floodConnections) / floodPerSecond
  const send = async (index: number) => {
    const connection = await Connection.open(web.port)
    for (let count = 0; !isOver; count++) {
      const { status } = await connection.send(request)
      if (status === 429) seen.refused += 1
      else seen.admitted += 1
      const waitMs = started + (index / floodConnections + count) * everyMs - performance.now()
      if (waitMs > 1) await pause(waitMs)
    }
    connection.close()
  }
  const sent = Promise.all(Array.from({ length: floodConnections }, (_, index) => send(index)))
  return {
    async stop() {
      isOver = true
      await sent
      return { ...seen, perSecond: (seen.refused + seen.admitted) / ((performance.now() - started) / 1000) }
    },
  }
}

/** Each floor is the same key with nobody beside it; it has no limit, and the one that floods is at its own. */
export async function benchKeyFlood(): Promise<BenchResult[]> {
  const cluster = await startTestCluster()
  const databaseUrl = urlOf(cluster.adminUrl, cluster.template)
  const dataDir = mkdtempSync(join(tmpdir(), 'neuroweaver-bench-flood-'))
  connect(databaseUrl, { max: 4 })
  const web = await startWeb({ databaseUrl, dataDir, env: { LOG_LEVEL: 'error' } })
  try {
    const owner = await makeUser('manager')
    const [busy, other] = [await makeKey(owner, 'read'), await makeKey(owner, 'read')]
    await db()
      .update(apiKeys)
      .set({ rateLimitPerMinute: perMinute })
      .where(eq(apiKeys.hash, sha256Of(busy)))
    await measureTimes([targetOf(web, other)], rounds)
    const alone = await measureTimes([targetOf(web, other)], rounds)
    const flooding = flood(web, busy)
    const beside = await measureTimes([targetOf(web, other)], rounds)
    const { refused, admitted, perSecond } = await flooding.stop()
    if (refused < admitted) throw new Error(`the flood was not refused: ${refused} refused, ${admitted} let in`)
    const [floor50, value50] = [quantile(alone, 0.5), quantile(beside, 0.5)]
    const [floor, value] = [quantile(alone, 0.99), quantile(beside, 0.99)]
    return [
      { name: 'another key beside a flood, p50', value: value50, unit: 'ms', floor: floor50, ratio: value50 / floor50 },
      { name: 'another key beside a flood, p99', value, unit: 'ms', floor, ratio: value / floor },
      { name: 'flood, of which refused', value: perSecond, unit: '1/s', floor: floodPerSecond, ratio: refused / (refused + admitted) },
    ]
  } finally {
    await web.stop()
    await disconnect()
    rmSync(dataDir, { recursive: true, force: true })
    await cluster.stop()
  }
}
