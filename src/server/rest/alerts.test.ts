/** From a figure that breaks a threshold to the message that arrives: real web and worker, a real receiver and mail server. */
import { createHmac, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eq } from 'drizzle-orm'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bucketOf, emptyHistogram } from '#src/contracts/latency.ts'
import { db } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { channelDeliveries, channels, modelVersions } from '#src/server/db/schema.ts'
import { addMember, caller, makeKey, makeProject, makeRuntime, makeUser } from '#src/testing/factories.ts'
import { sendHeartbeat } from '#src/testing/heartbeat.ts'
import { useRest } from '#src/testing/rest.ts'
import { makeArtifact } from '#src/testing/rows.ts'

type Got = { path: string; headers: IncomingHttpHeaders; body: string; at: number }
const got: Got[] = []
/** How often each path still answers 500 before it takes anything. */
const refusals = new Map<string, number>([['/flaky-9f8e7d', 1]])

/** What answers only once it is let go. */
let letGo = () => {}
const held = new Promise<void>((resolve) => (letGo = resolve))

/** Says back all that it was sent, as a careless receiver does. */
const receiver = createServer(async (req, res) => {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks).toString('utf8')
  const path = req.url ?? ''
  const left = refusals.get(path) ?? 0
  refusals.set(path, left - 1)
  if (path === '/moved') return void res.writeHead(302, { location: 'http://169.254.169.254/' }).end()
  got.push({ path, headers: req.headers, body, at: Date.now() })
  if (path === '/held') await held
  res.writeHead(left > 0 ? 500 : 200).end(`${path} ${JSON.stringify(req.headers)} ${body}`)
}).listen(0, '127.0.0.1')
const mails: string[] = []
const mailServer = new SMTPServer({
  authOptional: true,
  disabledCommands: ['AUTH', 'STARTTLS'],
  onData(stream, _session, done) {
    let text = ''
    stream.on('data', (chunk) => (text += chunk))
    stream.on('end', () => {
      mails.push(text)
      done()
    })
  },
})
mailServer.listen(0, '127.0.0.1')
await Promise.all([once(receiver, 'listening'), once(mailServer.server, 'listening')])
const receiverUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
const mailUrl = `smtp://127.0.0.1:${(mailServer.server.address() as AddressInfo).port}`

const use = useRest({ worker: true, env: { NEUROWEAVER_OUTBOUND_ALLOW: '127.0.0.1', SMTP_URL: mailUrl } })
afterAll(() => {
  receiver.close()
  mailServer.close()
})

type Made = { id: string; secret: string; target: string }
const make = (name: string, kind: string, target: string, more: object = {}) =>
  use.rest.ask('POST', '/channels', { body: { name, kind, target, ...more } })

async function waitFor<T>(find: () => T | undefined, what: string): Promise<T> {
  for (const deadline = Date.now() + 25_000; ; ) {
    const found = find()
    if (found !== undefined) return found
    if (Date.now() > deadline)
      throw new Error(`${what} did not arrive; there came ${JSON.stringify(got.map(({ path, body }) => [path, body.slice(0, 80)]))}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}
/** What the first page says needs attention. */
async function readAttention(): Promise<object[]> {
  const response = await fetch(`${use.rest.web.url}/api/trpc/home.get`, { headers: { authorization: `Bearer ${use.rest.web.adminKey}` } })
  const { result } = (await response.json()) as { result: { data: { attention: object[] } } }
  return result.data.attention
}
const arrived = (path: string, type: string) => got.find((one) => one.path === path && JSON.parse(one.body).type === type)

/** A receiver's own check, as Standard Webhooks has it. */
function isSigned({ headers, body }: Got, secret: string): boolean {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const wanted = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
  return String(headers['webhook-signature']).split(' ').includes(wanted)
}

describe('a channel', () => {
  let hook: Made

  it('is made with a secret that is shown once, and its address not at all', async () => {
    const { status, body, text } = await make('hook', 'webhook', `${receiverUrl}/hook-1a2b3c?token=t0ps3cret`)
    expect(status).toBe(201)
    hook = body
    expect(hook).toMatchObject({ target: `${receiverUrl}/…`, kind: 'webhook', enabled: true })
    expect(text).not.toContain('t0ps3cret')
    const shown = await use.rest.ask('GET', `/channels/${hook.id}`)
    expect(shown.body).not.toHaveProperty('secret')
    const [row] = await db().select().from(channels).where(eq(channels.id, hook.id))
    expect(JSON.stringify(row)).not.toContain('t0ps3cret')
    expect(JSON.stringify(row)).not.toContain(hook.secret)
  })

  it.each([
    'http://10.0.0.1/',
    'http://[::1]/',
    'http://169.254.169.254/',
    'http://[fd00::1]/',
    'http://metadata.google.internal/',
    'file:///etc/passwd',
    'http://u:p@93.184.216.34/',
    'words',
  ])('that leads to %s is refused', async (target) => {
    const { status, body } = await make('inner', 'webhook', target)
    expect([status, (body as { error: { details: { path: string }[] } }).error.details[0]?.path]).toEqual([400, 'target'])
  })

  it('of e-mail takes addresses alone, and a taken name is refused', async () => {
    expect((await make('mail', 'email', 'ops@example.test\r\nBcc: all@example.test')).status).toBe(400)
    expect((await make('hook', 'email', 'ops@example.test')).status).toBe(409)
  })

  it('S4: is tested at once; what comes back is kept without what was secret', async () => {
    const { status, body } = await use.rest.ask('POST', `/channels/${hook.id}/test`)
    expect(status).toBe(200)
    expect(body).toMatchObject({ status: 'delivered', answer_status: 200, event: 'test', attempts: 1 })
    const message = got.at(-1) as Got
    expect(isSigned(message, hook.secret)).toBe(true)
    const { answer } = body as { answer: string }
    for (const secret of ['t0ps3cret', 'hook-1a2b3c', String(message.headers['webhook-signature'])]) expect(answer).not.toContain(secret)
    expect(answer).toContain('[redacted]')
  })

  it('S2: says why a test did not arrive, and follows no redirect', async () => {
    const { id } = (await make('moved', 'webhook', `${receiverUrl}/moved`)).body as Made
    const { body } = await use.rest.ask('POST', `/channels/${id}/test`)
    expect(body).toMatchObject({ status: 'failed', answer_status: 302, error: expect.stringContaining('Redirects are not followed') })
  })

  it('says in words that nothing listens where it leads', async () => {
    const { id } = (await make('shut', 'webhook', 'http://127.0.0.1:1/t0ps3cret')).body as Made
    const { body } = await use.rest.ask('POST', `/channels/${id}/test`)
    const error = 'The host 127.0.0.1:1 refused the connection: nothing listens there (ECONNREFUSED).'
    expect(body).toMatchObject({ status: 'failed', answer_status: null, error })
  })

  it('is sent now what waits for its next try, but not while a try is under way', async () => {
    const { id } = (await make('hurried', 'webhook', `${receiverUrl}/held`, { events: ['version.rejected'] })).body as Made
    const nextAt = new Date(Date.now() + 3_600_000)
    const resting = newId()
    const waiting = { id: resting, event: 'version.rejected' as const, payload: { type: 'version.rejected' }, nextAt }
    await db()
      .insert(channelDeliveries)
      .values({ ...waiting, channelId: id, attempts: 3, durationMs: 12, error: 'It answered 500.' })
    const hurry = () => use.rest.ask('POST', `/channels/${id}/deliveries/${resting}/replay`)
    const { status, body, headers } = await hurry()
    expect([status, body]).toEqual([202, expect.objectContaining({ id: resting, replay: false })])
    await waitFor(() => arrived('/held', 'version.rejected'), 'what was hurried')
    expect(await hurry()).toMatchObject({ status: 409, text: expect.stringContaining('just being sent') })
    letGo()
    const after = await use.rest.until<{ status: string }[]>(`/channels/${id}/deliveries`, ([one]) => one?.status === 'delivered')
    expect(after).toMatchObject([{ id: resting, attempts: 4 }])
    expect((await use.rest.ask('GET', `/audit/events?correlation_id=${headers.get('x-correlation-id')}`)).body).toMatchObject([
      { action: 'channel.replay', target_name: 'hurried', after: { delivery: resting } },
    ])
  })

  it('signs with the old and the new secret for a while after a rotation', async () => {
    const { secret } = (await use.rest.ask('POST', `/channels/${hook.id}/rotate`)).body as Made
    expect(secret).not.toBe(hook.secret)
    await use.rest.ask('POST', `/channels/${hook.id}/test`)
    expect([hook.secret, secret].map((one) => isSigned(got.at(-1) as Got, one))).toEqual([true, true])
  })

  it('is sent to again under the same id, when it is on', async () => {
    const [first] = (await use.rest.ask('GET', `/channels/${hook.id}/deliveries`)).body as { id: string }[]
    const path = `/channels/${hook.id}/deliveries/${first?.id}/replay`
    const before = got.length
    const { status } = await use.rest.ask('POST', path)
    expect(status).toBe(202)
    const again = await waitFor(() => got.slice(before).find((one) => one.path.startsWith('/hook')), 'the replay')
    expect(again.headers['webhook-id']).toBe(`msg_${first?.id}`)
    await use.rest.ask('PATCH', `/channels/${hook.id}`, { body: { enabled: false } })
    expect((await use.rest.ask('POST', path)).status).toBe(409)
  })

  it('is seen by whoever reads the project, changed by its admins, and unknown elsewhere', async () => {
    const viewer = await makeKey(await makeUser('viewer'))
    expect((await use.rest.ask('GET', `/channels/${hook.id}`, { key: viewer })).status).toBe(200)
    expect((await use.rest.ask('GET', `/channels/${hook.id}/deliveries`, { key: viewer })).status).toBe(403)
    expect((await make('x', 'webhook', receiverUrl)).status).toBe(201)
    const body = { name: 'y', kind: 'webhook', target: receiverUrl }
    expect((await use.rest.ask('POST', '/channels', { key: viewer, body })).status).toBe(403)
    const project = await makeProject()
    const stranger = await makeUser('viewer')
    await addMember(project, stranger, 'admin')
    const key = await makeKey(stranger, 'admin', project)
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/test'],
      ['POST', '/rotate'],
      ['GET', '/deliveries'],
    ] as const)
      expect((await use.rest.ask(method, `/channels/${hook.id}${path}`, { key, ...(method === 'PATCH' ? { body: {} } : {}) })).status).toBe(
        404,
      )
  })
})

describe('an alert', () => {
  type Alert = { id: string; status: string; severity: string; message: string; notified_at: string | null }
  let runtime: string
  let deployment: { id: string; name: string }
  let versionId: string
  const bootId = randomUUID()
  let flaky: Made

  /** So many requests of this minute, of which so many took 6 s. */
  async function report(requests: number, slow: number): Promise<void> {
    const latency = emptyHistogram()
    latency[bucketOf(6_000)] = slow
    latency[bucketOf(5)] = requests - slow
    const minute = new Date(Math.floor(Date.now() / 60_000) * 60_000).toISOString()
    const metrics = [
      {
        deployment_id: deployment.id,
        version_id: versionId,
        minute,
        requests,
        errors: 0,
        latency_counts: latency,
        queue_counts: emptyHistogram(),
      },
    ]
    await sendHeartbeat(use.rest.web.url, { credential: runtime, bootId, metrics })
  }

  beforeAll(async () => {
    const admin = await caller(use.rest.web.adminKey)
    runtime = (await makeRuntime('inference', { lastHeartbeatAt: new Date() })).credential
    const files = [{ path: 'model.onnx', sha256: await makeArtifact(admin) }]
    const model = (await use.rest.ask('POST', '/models/register', { body: { name: 'watched', files } })).body as { id: string }
    deployment = (await use.rest.ask('POST', '/models/watched/deploy')).body
    const [version] = await db().select({ id: modelVersions.id }).from(modelVersions).where(eq(modelVersions.modelId, model.id))
    versionId = version?.id as string
    await use.rest.ask('POST', '/alert-rules', { body: { name: 'Latency', figure: 'latency_p95', warning: 2000, critical: 5000 } })
    await make('pager', 'webhook', `${receiverUrl}/pager`, { events: ['alert.firing', 'alert.resolved'] })
    flaky = (await make('flaky', 'webhook', `${receiverUrl}/flaky-9f8e7d`, { events: ['alert.firing'] })).body
    await make('chat', 'slack', `${receiverUrl}/chat`, { events: ['alert.firing'] })
    await make('mail', 'email', 'ops@example.test, lead@example.test', { events: ['alert.firing'] })
  })

  it('is watched for from the start: a project begins with the usual rules', async () => {
    await use.rest.ask('POST', '/projects', { body: { name: 'fresh' } })
    const rules = (await use.rest.ask('GET', '/alert-rules', { headers: { 'x-neuroweaver-project': 'fresh' } })).body as {
      name: string
      warning: number
      critical: number
      min_requests: number
    }[]
    expect(rules.map(({ name, warning, critical }) => [name, warning, critical])).toEqual([
      ['Accuracy', 0.85, 0.75],
      ['Latency', 2000, 5000],
      ['Success rate', 0.95, 0.9],
    ])
    expect(rules.every((rule) => rule.min_requests === 50)).toBe(true)
  })

  it('reaches every channel within 30 s of the breach, also one that failed at first', { timeout: 60_000 }, async () => {
    await report(49, 49)
    const breachAt = Date.now()
    await report(60, 60)
    const first = await waitFor(() => arrived('/pager', 'alert.firing'), 'the alert')
    const seconds = (first.at - breachAt) / 1000
    expect(seconds).toBeLessThan(30)
    expect(JSON.parse(first.body).data).toMatchObject({
      severity: 'critical',
      figure: 'latency_p95',
      threshold: 5000,
      deployment: { name: 'watched' },
      message: expect.stringMatching(/^Latency, p95 of watched is \d+ ms, above 5000 ms/),
    })
    const chat = await waitFor(() => got.find(({ path }) => path === '/chat'), 'the chat message')
    expect(JSON.parse(chat.body)).toMatchObject({
      text: expect.stringContaining('Critical: Latency on watched'),
      blocks: [{ type: 'section' }],
    })
    const mail = await waitFor(() => mails[0], 'the mail')
    expect(mail).toMatch(/^Subject: Critical: Latency on watched/m)
    expect(mail).toMatch(/^To: ops@example.test, lead@example.test/m)
    const { alert } = JSON.parse(first.body).data as { alert: { id: string } }
    const page = `/monitoring/alerts?alert=${alert.id}&project=`
    expect(JSON.parse(first.body)).toMatchObject({ title: 'Critical: Latency on watched', url: expect.stringContaining(page) })
    expect(JSON.parse(chat.body).text).toContain(page)
    expect(mail.replaceAll('=\r\n', '').replaceAll('=3D', '=')).toContain(page)
    const tries = await waitFor(() => {
      const all = got.filter(({ path }) => path === '/flaky-9f8e7d')
      return all.length > 1 ? all : undefined
    }, 'the second try')
    expect(new Set(tries.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    await use.rest.until<{ status: string; attempts: number }[]>(
      `/channels/${flaky.id}/deliveries`,
      ([one]) => one?.status === 'delivered' && one.attempts === 2,
    )
  })

  it('is acknowledged by somebody who may, once told of; until then the first page shows it', async () => {
    const [open] = (await use.rest.ask('GET', '/alerts?status=open')).body as Alert[]
    const shown = {
      kind: 'alert',
      id: open?.id,
      title: 'Latency',
      reason: open?.message,
      href: `/monitoring/alerts?alert=${open?.id}`,
      state: 'critical',
    }
    expect(await readAttention()).toContainEqual({ ...shown, at: expect.any(String) })
    expect(open).toMatchObject({ status: 'firing', severity: 'critical', notified_at: expect.any(String) })
    const path = `/alerts/${open?.id}/acknowledge`
    expect((await use.rest.ask('POST', path, { key: await makeKey(await makeUser('viewer')), body: {} })).status).toBe(403)
    const { body } = await use.rest.ask('POST', path, { body: { note: 'looking' } })
    expect(body).toMatchObject({ status: 'acknowledged', note: 'looking', acknowledged_by: expect.any(String) })
    expect(await readAttention()).not.toContainEqual(expect.objectContaining({ kind: 'alert' }))
  })

  it('is over by itself when the figure is well clear, and says so', { timeout: 60_000 }, async () => {
    await report(5_000, 60)
    const over = await waitFor(() => arrived('/pager', 'alert.resolved'), 'the end')
    expect(JSON.parse(over.body).data).toMatchObject({ severity: 'critical', message: expect.stringContaining('again') })
    const [alert] = (await use.rest.ask('GET', '/alerts?status=resolved')).body as (Alert & { resolved_by: string | null })[]
    expect(alert).toMatchObject({ status: 'resolved', resolved_by: null })
  })

  it('opens again without telling anybody within the cooldown; resolved by hand it stays closed', { timeout: 60_000 }, async () => {
    await report(40_000, 20_000)
    const [again] = await use.rest.until<Alert[]>('/alerts?status=open', ({ length }) => length > 0)
    expect(again).toMatchObject({ status: 'firing', notified_at: null })
    await use.rest.ask('POST', `/alerts/${again?.id}/resolve`)
    const moves = (await use.rest.ask('GET', '/audit/events?target_type=alert&source=rest')).body as object[]
    expect(moves).toMatchObject([
      { action: 'alert.close', target_name: 'Latency', before: { status: 'firing' }, after: { status: 'resolved' } },
      {
        action: 'alert.acknowledge',
        target_name: 'Latency',
        before: { status: 'firing' },
        after: { status: 'acknowledged', note: 'looking' },
      },
    ])
    // A rule that fires at once shows that every rule was judged since.
    const busy = { name: 'Busy', figure: 'throughput', critical: 1_000_000, min_requests: 1 }
    const rule = (await use.rest.ask('POST', '/alert-rules', { body: busy })).body as { id: string }
    const open = await use.rest.until<{ rule: { name: string } }[]>('/alerts?status=open', ({ length }) => length > 0)
    expect(open.map(({ rule: { name } }) => name)).toEqual(['Busy'])
    expect((await use.rest.ask('DELETE', `/alert-rules/${rule.id}`)).status).toBe(204)
    expect(got.filter(({ path, body }) => path === '/pager' && JSON.parse(body).data.figure === 'latency_p95')).toHaveLength(2)
  })

  it('about a reported figure waits for as many reports of that figure', { timeout: 60_000 }, async () => {
    await use.rest.ask('POST', '/alert-rules', { body: { name: 'Right', figure: 'accuracy', critical: 0.75 } })
    const tell = (body: object) => use.rest.ask('POST', '/performance/models/watched/metrics', { body })
    type Reading = { name: string }
    const named = (name: string) => (all: { rule: Reading }[]) => all.some(({ rule }) => rule.name === name)
    for (let sent = 0; sent < 49; sent += 1) await tell({ latency_ms: 3 })
    for (let sent = 0; sent < 49; sent += 1) await tell({ accuracy_score: 0.1 })
    const preview = { figure: 'accuracy', critical: 0.75, deployment: 'watched', hours: 1 }
    expect((await use.rest.ask('POST', '/alert-rules/preview', { body: preview })).body).toMatchObject([{ firings: [] }])
    // A rule that fires at once shows that every rule was judged since.
    const busy = { name: 'Busier', figure: 'throughput', critical: 1_000_000, min_requests: 1 }
    const rule = (await use.rest.ask('POST', '/alert-rules', { body: busy })).body as { id: string }
    expect(named('Right')(await use.rest.until<{ rule: Reading }[]>('/alerts?status=open', named('Busier')))).toBe(false)
    await use.rest.ask('DELETE', `/alert-rules/${rule.id}`)
    await tell({ accuracy_score: 0.1 })
    await use.rest.until<{ rule: Reading }[]>('/alerts?status=open', named('Right'))
  })

  it('that people were told of and somebody closes is told to be over', { timeout: 60_000 }, async () => {
    const [open] = (await use.rest.ask('GET', '/alerts?status=open')).body as Alert[]
    expect(open).toMatchObject({ notified_at: expect.any(String) })
    await use.rest.ask('POST', `/alerts/${open?.id}/resolve`)
    const over = await waitFor(
      () =>
        got.find(({ path, body }) => path === '/pager' && body.includes(open?.id as string) && JSON.parse(body).type === 'alert.resolved'),
      'the end',
    )
    expect(JSON.parse(over.body).data).toMatchObject({
      alert: { id: open?.id, status: 'resolved' },
      figure: 'accuracy',
      deployment: { name: 'watched' },
      message: expect.stringMatching(/^Closed by .+@.+\.$/),
    })
  })

  it('shows in what a rule would have done in the past', async () => {
    const body = { figure: 'latency_p95', warning: 2000, critical: 5000, deployment: 'watched', hours: 1 }
    const preview = await use.rest.ask('POST', '/alert-rules/preview', { body })
    expect(preview.body).toMatchObject([{ deployment: { name: 'watched' }, firings: [{ severity: 'critical' }] }])
  })
})

describe('a rule', () => {
  const create = (body: object) =>
    use.rest.ask('POST', '/alert-rules', { body: { name: `rule ${randomUUID()}`, figure: 'latency_p95', ...body } })

  it.each([
    [{}, 400, 'warning'],
    [{ warning: 100, critical: 50 }, 400, 'critical'],
    [{ figure: 'success_rate', warning: 0.9, critical: 0.95 }, 400, 'critical'],
    [{ warning: 1, window_minutes: 0 }, 400, 'window_minutes'],
    [{ warning: 1, channels: [randomUUID()] }, 404, 'channelIds'],
  ])('that makes no sense is refused: %j', async (body, status, field) => {
    const answer = await create(body)
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(field)])
  })

  it('of a share takes no threshold beyond the whole, neither made, nor changed, nor tried', async () => {
    const { body: rule } = (await create({ figure: 'error_rate', warning: 0.5, critical: 0.99 })) as { body: { id: string } }
    const over = { figure: 'error_rate', warning: 2.5, critical: 3 }
    const input = encodeURIComponent(JSON.stringify({ ...over, windowMinutes: 10, minRequests: 1 }))
    const refusals = [
      [await create(over), 'warning'],
      [await create({ figure: 'success_rate', critical: 1.01 }), 'critical'],
      [await use.rest.ask('PATCH', `/alert-rules/${rule.id}`, { body: { critical: 3 } }), 'critical'],
      [await use.rest.ask('POST', '/alert-rules/preview', { body: over }), 'warning'],
    ] as const
    for (const [{ status, body }, path] of refusals)
      expect([status, (body as { error: object }).error]).toEqual([
        400,
        expect.objectContaining({ details: [{ path, message: 'must be at most 100 %' }] }),
      ])
    const tried = await fetch(`${use.rest.web.url}/api/trpc/alerts.preview?input=${input}`, {
      headers: { authorization: `Bearer ${use.rest.web.adminKey}` },
    })
    expect([tried.status, await tried.text()]).toEqual([400, expect.stringContaining('must be at most 100 %')])
    expect((await use.rest.ask('DELETE', `/alert-rules/${rule.id}`)).status).toBe(204)
  })

  it.each([
    [{ figure: 'error_rate', critical: 1 }, 'critical', 'must be below 100 %'],
    [{ figure: 'success_rate', warning: 0.9, critical: 0 }, 'critical', 'must be above 0'],
    [{ figure: 'throughput', warning: 0 }, 'warning', 'must be above 0'],
  ])('takes no threshold that its figure never crosses: %j', async (body, path, message) => {
    const tried = await use.rest.ask('POST', '/alert-rules/preview', { body })
    for (const { status, body: answer } of [await create(body), tried])
      expect([status, answer]).toMatchObject([400, { error: { details: [{ path, message }] } }])
  })

  it('watches a deployment or a model, not both, and is changed, muted and deleted', async () => {
    expect((await create({ warning: 1, deployment: 'watched', model: 'watched' })).status).toBe(400)
    const { body } = await create({ warning: 900, model: 'watched', for_minutes: 2 })
    const rule = body as { id: string }
    expect(rule).toMatchObject({ model: { name: 'watched' }, deployment: null, for_minutes: 2, cooldown_minutes: 15 })
    const changed = await use.rest.ask('PATCH', `/alert-rules/${rule.id}`, { body: { critical: 3000, enabled: false } })
    expect(changed.body).toMatchObject({ warning: 900, critical: 3000, enabled: false, model: { name: 'watched' } })
    const muted = await use.rest.ask('PUT', `/alert-rules/${rule.id}/mute`, { body: { minutes: 60 } })
    expect(muted.body).toMatchObject({ muted_until: expect.any(String) })
    expect((await use.rest.ask('DELETE', `/alert-rules/${rule.id}`)).status).toBe(204)
    expect((await use.rest.ask('GET', `/alert-rules/${rule.id}`)).status).toBe(404)
  })
})
