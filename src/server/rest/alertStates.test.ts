/** Alerts about what is missing: requests, a runtime's heartbeat, room on the disk. Real web and worker, a real receiver. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bucketOf, emptyHistogram } from '#src/contracts/latency.ts'
import { db } from '#src/server/db/client.ts'
import { modelVersions, performanceMetrics, runtimes } from '#src/server/db/schema.ts'
import { caller, makeRuntime } from '#src/testing/factories.ts'
import { sendHeartbeat } from '#src/testing/heartbeat.ts'
import { useRest } from '#src/testing/rest.ts'
import { makeArtifact } from '#src/testing/rows.ts'

type Told = {
  type: string
  data: { figure: string; severity: string; message: string; deployment: { name: string } | null; runtime: { name: string } | null }
}
const told: Told[] = []
const chats: string[] = []
const receiver = createServer(async (req, res) => {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks).toString('utf8')
  if (req.url === '/chat') chats.push(body)
  else told.push(JSON.parse(body))
  res.writeHead(200).end()
}).listen(0, '127.0.0.1')
await once(receiver, 'listening')
const receiverUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`

const use = useRest({ worker: true, env: { NEUROWEAVER_OUTBOUND_ALLOW: '127.0.0.1' } })
afterAll(() => void receiver.close())

type Alert = {
  id: string
  status: string
  severity: string
  message: string
  figure: string
  value: number
  notified_at: string | null
  deployment: { name: string } | null
  runtime: { name: string } | null
}
const alertsOf = (figure: string, isDone: (alerts: Alert[]) => boolean) =>
  use.rest
    .until<Alert[]>('/alerts', (all) => isDone(all.filter((one) => one.figure === figure)))
    .then((all) => all.filter((one) => one.figure === figure))
const makeRule = async (body: object): Promise<{ id: string }> => {
  const made = await use.rest.ask('POST', '/alert-rules', { body: { name: `rule ${randomUUID()}`, ...body } })
  expect(made.text).not.toContain('"error"')
  return made.body as { id: string }
}
const arrived = (type: string, figure: string) =>
  expect.poll(() => told.find((one) => one.type === type && one.data.figure === figure)?.data, { timeout: 25_000 })

let runtime: Awaited<ReturnType<typeof makeRuntime>>
const bootId = randomUUID()

const beat = (metrics: object[] = [], credential = runtime.credential) => sendHeartbeat(use.rest.web.url, { credential, bootId, metrics })

beforeAll(async () => {
  runtime = await makeRuntime('inference', { lastHeartbeatAt: new Date() })
  await use.rest.ask('POST', '/channels', { body: { name: 'pager', kind: 'webhook', target: `${receiverUrl}/pager` } })
  await use.rest.ask('POST', '/channels', { body: { name: 'chat', kind: 'slack', target: `${receiverUrl}/chat` } })
})

describe('no requests', () => {
  let deployment: { id: string }
  let versionId: string

  async function serve(name: string): Promise<{ id: string; versionId: string }> {
    const admin = await caller(use.rest.web.adminKey)
    const files = [{ path: 'model.onnx', sha256: await makeArtifact(admin) }]
    const model = (await use.rest.ask('POST', '/models/register', { body: { name, files } })).body as { id: string }
    const { id } = (await use.rest.ask('POST', `/models/${name}/deploy`)).body as { id: string }
    const [version] = await db().select({ id: modelVersions.id }).from(modelVersions).where(eq(modelVersions.modelId, model.id))
    return { id, versionId: version?.id as string }
  }

  const bucket = (minutesAgo: number, requests: number) => {
    const latency = emptyHistogram()
    latency[bucketOf(5)] = requests
    const minute = new Date(Math.floor(Date.now() / 60_000 - minutesAgo) * 60_000).toISOString()
    return {
      deployment_id: deployment.id,
      version_id: versionId,
      minute,
      requests,
      errors: 0,
      latency_counts: latency,
      queue_counts: emptyHistogram(),
    }
  }

  beforeAll(async () => {
    const served = await serve('quiet')
    deployment = served
    versionId = served.versionId
    await serve('never-asked')
    await beat([bucket(30, 5)])
    // What a runtime reports so late is counted all the same; its minute is what matters.
    expect(await db().$count(performanceMetrics)).toBe(1)
  })

  it('shows in what a rule would have done, from when they stopped', async () => {
    const body = { figure: 'no_requests', warning: 10, critical: 20, deployment: 'quiet', hours: 1, window_minutes: 1440, min_requests: 1 }
    const preview = await use.rest.ask('POST', '/alert-rules/preview', { body })
    expect(preview.body).toMatchObject([{ firings: [{ severity: 'critical' }] }])
  })

  it('fires for what was used and no longer is, alone; is acknowledged; is over with the next request', { timeout: 90_000 }, async () => {
    await makeRule({ figure: 'no_requests', warning: 10, critical: 120, window_minutes: 1440, min_requests: 1 })
    await arrived('alert.firing', 'no_requests').toMatchObject({
      severity: 'warning',
      deployment: { name: 'quiet' },
      runtime: null,
      message: expect.stringMatching(/^quiet has had no request for (29|30) minutes, although it had some before\.$/),
    })
    const [open, ...others] = await alertsOf('no_requests', ({ length }) => length > 0)
    expect(others).toEqual([])
    const taken = await use.rest.ask('POST', `/alerts/${open?.id}/acknowledge`, { body: {} })
    expect(taken.body).toMatchObject({ status: 'acknowledged', figure: 'no_requests', deployment: { name: 'quiet' } })
    await beat([bucket(0, 3)])
    await arrived('alert.resolved', 'no_requests').toMatchObject({ message: 'quiet has requests again.' })
    expect(await alertsOf('no_requests', ([one]) => one?.status === 'resolved')).toHaveLength(1)
  })
})

describe('a runtime that is lost', () => {
  const silence = (seconds: number, name: string) =>
    db()
      .update(runtimes)
      .set({ lastHeartbeatAt: sql`now() - make_interval(secs => ${seconds})` })
      .where(eq(runtimes.name, name))

  it('fires by its name, is over when it is heard of again, and is quiet within the cooldown', { timeout: 90_000 }, async () => {
    const [own] = await db().select({ name: runtimes.name }).from(runtimes).where(eq(runtimes.id, runtime.id))
    const name = own?.name as string
    // One that has been away for longer than the window is not missed any more.
    const gone = await makeRuntime('training', { lastHeartbeatAt: new Date(Date.now() - 7 * 86_400_000) })
    await silence(3_000, name)
    await makeRule({ figure: 'runtime_silent', warning: 1_000, critical: 2_000, window_minutes: 1440 })
    await arrived('alert.firing', 'runtime_silent').toMatchObject({
      severity: 'critical',
      deployment: null,
      runtime: { name },
      message: expect.stringContaining(`The runtime ${name} has not been heard of for 300`),
    })
    await expect.poll(() => chats.some((chat) => chat.includes(` on ${name}`)), { timeout: 25_000 }).toBe(true)
    await beat()
    await arrived('alert.resolved', 'runtime_silent').toMatchObject({ message: `The runtime ${name} is heard of again.` })
    await silence(2_500, name)
    const both = await alertsOf('runtime_silent', ({ length }) => length === 2)
    expect(both.map(({ runtime: of, notified_at: at }) => [of?.name, at !== null])).toEqual([
      [name, false],
      [name, true],
    ])
    await db().update(runtimes).set({ removedAt: new Date() }).where(eq(runtimes.name, name))
    await alertsOf('runtime_silent', (all) => all.every(({ status }) => status === 'resolved'))
    expect(both.some(({ runtime: of }) => of && 'id' in of && of.id === gone.id)).toBe(false)
  })
})

describe('the disk', () => {
  it('fires once for the installation, and is over when there is room for what the rule asks', { timeout: 60_000 }, async () => {
    const rule = await makeRule({ figure: 'disk_free', warning: 1 })
    await arrived('alert.firing', 'disk_free').toMatchObject({ deployment: null, runtime: null, severity: 'warning' })
    const [open] = await alertsOf('disk_free', ({ length }) => length > 0)
    expect(open?.message).toMatch(/^[\d.]+ % of the disk with the data is free, below 100 %\. Free space, or move the data folder\.$/)
    await use.rest.ask('PATCH', `/alert-rules/${rule.id}`, { body: { warning: 0.0001 } })
    expect(await alertsOf('disk_free', ([one]) => one?.status === 'resolved')).toHaveLength(1)
  })

  it('has no past to try a rule on: what is seen now is said instead', async () => {
    const body = { figure: 'disk_free', warning: 0.1 }
    expect((await use.rest.ask('POST', '/alert-rules/preview', { body })).body).toEqual([])
    const input = encodeURIComponent(JSON.stringify({ ...body, critical: null, windowMinutes: 10, minRequests: 0 }))
    const response = await fetch(`${use.rest.web.url}/api/trpc/alerts.preview?input=${input}`, {
      headers: { authorization: `Bearer ${use.rest.web.adminKey}` },
    })
    expect(await response.json()).toMatchObject({
      result: { data: { hasPast: false, now: [{ name: 'the data disk', value: expect.any(Number) }] } },
    })
  })
})

it.each([
  [{ figure: 'no_requests', warning: 10, critical: 30 }, 'windowMinutes'],
  [{ figure: 'runtime_silent', critical: 600, deployment: 'quiet' }, 'windowMinutes'],
  [{ figure: 'disk_free', critical: 0.1, deployment: 'quiet' }, 'deployment'],
  [{ figure: 'disk_free', warning: 0.1, critical: 0.2 }, 'critical'],
])('a rule that could never fire, or is about something else, is refused: %j', async (body, field) => {
  const answer = await use.rest.ask('POST', '/alert-rules', { body: { name: `rule ${randomUUID()}`, ...body } })
  expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(field)])
})
