/** What a key that is far over its limit costs everybody else: the times of another key, alone and beside the flood. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { connect, db, disconnect } from '#src/server/db/client.ts'
import { apiKeys } from '#src/server/db/schema.ts'
import { sha256Of } from '#src/server/services/access.ts'
import { startTestCluster, urlOf } from '../cluster.ts'
import { makeKey, makeUser } from '../factories.ts'
import { startWeb, type TestWeb } from '../web.ts'
import { startFlood } from './flood.ts'
import { measureTimes } from './load.ts'
import { type BenchResult, quantile } from './result.ts'

const floodPerSecond = 1_000
const rounds = 2_000
const perMinute = 60

const targetOf = (web: TestWeb, key: string) => ({ port: web.port, path: '/api/v1/me', headers: { authorization: `Bearer ${key}` } })

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
    const flooding = await startFlood({ port: web.port, key: busy, perSecond: floodPerSecond })
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
