/** Event streams under strain, at the real web process: readers that do not read, and all coming back at once. */
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { eq, sql } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { db, notify } from '#src/server/db/client.ts'
import { apiKeys } from '#src/server/db/schema.ts'
import { sha256Of } from '#src/server/services/access.ts'
import { caller, makeKey, makeUser } from '#src/testing/factories.ts'
import { eventually } from '#src/testing/collector.ts'
import { useRest } from '#src/testing/rest.ts'
import { makeReadyDataset } from '#src/testing/rows.ts'

const use = useRest()
const events = 3_000
const messageLength = 10_000
const residentBytes = () => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${use.rest.web.pid}/status`, 'utf8'))?.[1]) * 1024
const startedJob = async (): Promise<string> => {
  const dataset = await makeReadyDataset(await caller(use.rest.web.adminKey), `d-${crypto.randomUUID()}`)
  const body = { recipe: 'tabular-classification', dataset, columns: { target: 'left' }, model_name: 'm' }
  return ((await use.rest.ask('POST', '/training/jobs', { body })).body as { id: string }).id
}
const speak = (job: string) =>
  db().execute(sql`insert into training_events (job_id, seq, attempt, n, at, type, body)
    select ${job}::uuid, 1000 + i, 1, i, now(), 'log', jsonb_build_object('type', 'log', 'level', 'info', 'message', repeat('x', ${messageLength}))
    from generate_series(1, ${events}) i`)

/** A connection that asks for a stream and takes nothing of it until it is told to. */
function openUnread(path: string, key: string, headers: string[] = []): Socket {
  const socket = connect(use.rest.web.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.pause()
  const lines = [`GET ${path} HTTP/1.1`, 'Host: 127.0.0.1', `Authorization: Bearer ${key}`, 'Accept: text/event-stream', ...headers]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  return socket
}
async function readAll(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk) => (text += chunk))
  socket.resume()
  await new Promise((resolve) => socket.once('close', resolve))
  return text
}

describe('a reader that does not read', () => {
  let job: string
  beforeAll(async () => {
    job = await startedJob()
    await speak(job)
  })

  it('L2: is dropped, costs no more than a little memory, and misses nothing when it comes back', { timeout: 60_000 }, async () => {
    const path = `/api/v1/training/jobs/${job}/events`
    const people = await Promise.all([1, 2, 3].map(async () => makeKey(await makeUser('viewer'), 'read')))
    const before = residentBytes()
    const unread = Array.from({ length: 40 }, (_, index) => openUnread(path, people[index % 3] as string))
    const dropped = () => use.rest.web.written.web().split(`"GET ${path}"`).length - 1
    let largest = 0
    await eventually(() => {
      largest = Math.max(largest, residentBytes())
      return dropped() >= unread.length || undefined
    }, 30_000)
    expect((largest - before) / 2 ** 20, 'MiB').toBeLessThan(256)

    const [first, ...others] = unread
    for (const socket of others) socket.destroy()
    const seen = await readAll(first as Socket)
    const idsOf = (text: string) => [...text.matchAll(/^id: (\d+)\r?\ndata: .*"\}\r?$/gm)].map(([, id]) => Number(id))
    const last = idsOf(seen).at(-1) as number
    expect(last).toBeLessThan(1000 + events)

    const back = openUnread(path, people[0] as string, [`Last-Event-ID: ${last}`])
    let rest = ''
    back.on('data', (chunk) => (rest += chunk))
    back.resume()
    await eventually(() => rest.includes(`id: ${1000 + events}\n`) || undefined, 20_000)
    back.destroy()
    const ids = [...idsOf(seen), ...idsOf(rest)].filter((id) => id > 1000)
    expect(ids).toEqual(Array.from({ length: events }, (_, index) => 1001 + index))
  })

  it('L2: of what changes is kept no more for than one can look at', { timeout: 60_000 }, async () => {
    const key = await makeKey(await makeUser('viewer'), 'read')
    const { project } = await caller(key)
    const before = residentBytes()
    const unread = Array.from({ length: 20 }, () => openUnread('/api/trpc/live.changes', key))
    await Promise.all(unread.map((socket) => new Promise((resolve) => socket.once('data', resolve).resume())))
    for (const socket of unread) socket.pause()
    for (let round = 0; round < 4; round++)
      await db().transaction(async (tx) => {
        for (let index = 0; index < 500; index++) await notify(tx, 'nw_change', `model:${project.id}:${crypto.randomUUID()}`)
      })
    await use.rest.ask('GET', '/me')
    expect((residentBytes() - before) / 2 ** 20, 'MiB').toBeLessThan(256)
    for (const socket of unread) socket.destroy()
  })
})

it('an open stream is one call: that its caller is looked at again counts against no limit', { timeout: 60_000 }, async () => {
  const job = await startedJob()
  const key = await makeKey(await makeUser('viewer'), 'read')
  await db()
    .update(apiKeys)
    .set({ rateLimitPerMinute: 2 })
    .where(eq(apiKeys.hash, sha256Of(key)))
  const socket = openUnread(`/api/v1/training/jobs/${job}/events`, key)
  let text = ''
  socket.on('data', (chunk) => (text += chunk)).resume()
  // It goes out with a look.
  await eventually(() => text.includes('\n: keep-alive') || undefined, 20_000)
  socket.destroy()
  const status = async () => (await fetch(`${use.rest.web.url}/api/v1/me`, { headers: { authorization: `Bearer ${key}` } })).status
  expect([await status(), await status()]).toEqual([200, 429])
})

describe('streams of many', () => {
  it('L2: one more than a person may have is refused with 429, and a storm of new ones loses no place', { timeout: 60_000 }, async () => {
    const job = await startedJob()
    const key = await makeKey(await makeUser('viewer'), 'read')
    const path = `/api/v1/training/jobs/${job}/events`
    const open = async () => {
      const ended = new AbortController()
      const response = await fetch(`${use.rest.web.url}${path}`, {
        headers: { authorization: `Bearer ${key}`, accept: 'text/event-stream' },
        signal: ended.signal,
      })
      // Whoever lets go of an answer has its stream closed, as soon as memory is tidied up.
      const { status, headers } = response
      return { status, retryAfter: headers.get('retry-after'), response, end: () => ended.abort() }
    }
    for (let storm = 0; storm < 3; storm++) {
      // Those of the storm before are still being let go when the first of these come.
      const streams = await eventually(async () => {
        const opened = await Promise.all(Array.from({ length: 100 }, open))
        if (opened.every(({ status }) => status === 200)) return opened
        for (const { end } of opened) end()
        return undefined
      }, 15_000)
      const tooMany = await open()
      expect([tooMany.status, tooMany.retryAfter]).toEqual([429, '5'])
      expect((await fetch(`${use.rest.web.url}/health`)).status).toBe(200)
      for (const { end } of streams) end()
    }
  })

  it.each<[string, () => Promise<string>]>([
    ['over tRPC', async () => '/api/trpc/live.changes'],
    ['over REST', async () => `/api/v1/training/jobs/${await startedJob()}/events`],
  ])('L2: %s no place is lost when one leaves before it has heard anything', { timeout: 60_000 }, async (_door, pathOf) => {
    const key = await makeKey(await makeUser('viewer'), 'read')
    const path = await pathOf()
    for (let storm = 0; storm < 3; storm++) {
      const sockets = Array.from({ length: 100 }, () => openUnread(path, key))
      await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
      if (storm > 0) await new Promise((resolve) => setImmediate(resolve))
      for (const socket of sockets) socket.destroy()
    }
    const isRefused = (said: string) => said.startsWith('HTTP/1.1 429') || said.includes('too_many_requests')
    const firstWords = (socket: Socket) => new Promise<string>((resolve) => socket.once('data', (said) => resolve(`${said}`)).resume())
    const refused = await eventually(async () => {
      const sockets = Array.from({ length: 100 }, () => openUnread(path, key))
      const said = await Promise.all(sockets.map(firstWords))
      for (const socket of sockets) socket.destroy()
      return said.some(isRefused) ? undefined : said.filter(isRefused)
    }, 20_000)
    expect(refused).toEqual([])
  })
})
