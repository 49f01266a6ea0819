/** Subscriptions as the typed client hears them, over an EventSource that others wrote, and what is refused. */
import { EventSource } from 'eventsource'
import { sql } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { createClient } from '#src/client/index.ts'
import { db, notify } from '#src/server/db/client.ts'
import { eventually } from '#src/testing/collector.ts'
import { caller, makeKey, makeUser } from '#src/testing/factories.ts'
import { useRest } from '#src/testing/rest.ts'
import { makeReadyDataset } from '#src/testing/rows.ts'

const use = useRest()
const clientOf = (apiKey: string) => createClient({ url: use.rest.web.url, apiKey, EventSource: EventSource as never })
type Heard = { seq: number; message: string }

async function startedJob(): Promise<string> {
  const dataset = await makeReadyDataset(await caller(use.rest.web.adminKey), `d-${crypto.randomUUID()}`)
  const body = { recipe: 'tabular-classification', dataset, columns: { target: 'left' }, model_name: 'm' }
  return ((await use.rest.ask('POST', '/training/jobs', { body })).body as { id: string }).id
}

async function speak(job: string, from: number, to: number): Promise<void> {
  await db().execute(sql`insert into training_events (job_id, seq, attempt, n, at, type, body)
    select ${job}::uuid, i, 1, i, now(), 'log', jsonb_build_object('type', 'log', 'level', 'info', 'message', 'line ' || i || E'\nand more')
    from generate_series(${from}::int, ${to}::int) i`)
  await db().transaction((tx) => notify(tx, 'nw_events', job))
}

/** Follows a job's log, from after an event where one is named. */
function follow(id: string, lastEventId?: string) {
  const heard: Heard[] = []
  const failed: unknown[] = []
  const input = lastEventId === undefined ? { id } : { id, lastEventId }
  const { unsubscribe } = clientOf(use.rest.web.adminKey).training.onEvents.subscribe(input, {
    onData: ({ data }) => void (data.type === 'log' && heard.push({ seq: data.seq, message: data.message })),
    onError: (error) => void failed.push(error),
  })
  return { heard, failed, unsubscribe }
}

const seqsOf = (heard: readonly Heard[]) => heard.map(({ seq }) => seq)
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

it('a job is followed from its first event, and as it speaks', async () => {
  const job = await startedJob()
  await speak(job, 1001, 1250)
  const { heard, failed, unsubscribe } = follow(job)
  await eventually(() => heard.length >= 250 || undefined)
  await speak(job, 1251, 1260)
  await eventually(() => heard.length >= 260 || undefined)
  unsubscribe()
  expect([seqsOf(heard), heard[0]?.message, failed]).toEqual([numbers(1001, 1260), 'line 1001\nand more', []])
})

it('whoever comes back hears what came after the last event that it saw, and nothing twice', async () => {
  const job = await startedJob()
  await speak(job, 1001, 1100)
  const { heard, unsubscribe } = follow(job, '1040')
  await eventually(() => heard.length >= 60 || undefined)
  unsubscribe()
  expect(seqsOf(heard)).toEqual(numbers(1041, 1100))
})

it('an EventSource that lost its connection goes on where it was, by its own header', async () => {
  const job = await startedJob()
  await speak(job, 1001, 1100)
  const response = await fetch(`${use.rest.web.url}/api/trpc/training.onEvents?input=${encodeURIComponent(JSON.stringify({ id: job }))}`, {
    headers: { authorization: `Bearer ${use.rest.web.adminKey}`, accept: 'text/event-stream', 'last-event-id': '1099' },
  })
  let said = ''
  for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    said += part
    if (said.includes('"seq":1100')) break
  }
  expect([said.match(/^event: .*$/gm), said.match(/^id: .*$/gm)]).toEqual([['event: connected'], ['id: 1100']])
})

it('a subscription that comes to its end says so, and the client does not ask again', async () => {
  const opened: string[] = []
  const last = await new Promise((resolve, reject) => {
    const heard: unknown[] = []
    clientOf(use.rest.web.adminKey).audit.verify.subscribe(undefined, {
      onStarted: () => void opened.push('opened'),
      onData: (data) => void heard.push(data),
      onComplete: () => resolve(heard.at(-1)),
      onError: reject,
    })
  })
  expect([last, opened]).toEqual([
    expect.objectContaining({ checked: 0, verdict: expect.objectContaining({ firstBreak: null }) }),
    ['opened'],
  ])
})

it.each([
  ['a thing that is not there', { id: crypto.randomUUID() }, 'not_found', 404],
  ['an input of another shape', { id: 7 }, 'bad_request', 400],
])('%s is refused in the words of every procedure', async (_what, input, code, httpStatus) => {
  const key = await makeKey(await makeUser('viewer'), 'read')
  const error = await new Promise((resolve) => {
    clientOf(key).training.onEvents.subscribe(input as never, { onError: resolve, onData: resolve })
  })
  expect(error).toMatchObject({ data: { code, httpStatus, correlationId: expect.any(String) } })
})

it.each([
  ['with an input that is no JSON', 'live.changes?input=%7B', {}, 'bad_request'],
  ['by POST', 'live.changes', { method: 'POST', body: '{}' }, 'method_not_allowed'],
])('a subscription %s is refused by name', async (_what, path, init, code) => {
  const headers = { authorization: `Bearer ${use.rest.web.adminKey}`, 'content-type': 'application/json' }
  const response = await fetch(`${use.rest.web.url}/api/trpc/${path}`, { ...init, headers })
  expect(await response.text()).toContain(`"code":"${code}"`)
})
