/** A job's events over HTTP: as an array, as a stream (server-sent events), and as lines of text. */
import type { ErrorCode } from '#src/contracts/errors.ts'
import { toAppError } from '#src/server/errors.ts'
import { openStream } from '#src/server/services/limits.ts'
import type { TrainingEvent } from '#src/contracts/training.ts'
import { dropWhenStalled, signalOf, write } from '#src/server/http.ts'
import { readEvents } from '#src/server/services/training/events.ts'
import { followEvents } from '#src/server/services/training/follow.ts'
import { watchJob } from '#src/server/services/training/jobs.ts'
import type { Call } from './route.ts'

type EventsCall = Call<{ job: string }, { after: number; limit: number }, unknown>

const keepAliveMs = 4_000
const batch = 1_000
/** The largest number that a sequence can have. */
const maxSeq = 2 ** 31 - 1

/** Reads once, or follows when the client accepts an event stream. */
export async function answerEvents(call: EventsCall): Promise<TrainingEvent[] | undefined> {
  const { caller, params, query, req } = call
  const { id, isFinal } = await watchJob(caller, params.job)
  if (!(req.headers.accept ?? '').includes('text/event-stream')) return readEvents(id, query.after, query.limit)
  const last = lastEventId(req.headers['last-event-id'])
  const after = last ?? query.after
  // 204 is how an EventSource that comes back is told that there is no more.
  if (last !== undefined && isFinal && (await readEvents(id, after, 1)).length === 0) return void call.res.writeHead(204).end()
  await stream(call, id, after)
  return undefined
}

const lastEventId = (header: string | string[] | undefined) =>
  typeof header === 'string' && /^\d{1,15}$/.test(header) ? Math.min(Number(header), maxSeq) : undefined

/** What ends a stream; a database that is away for a moment does not. */
const lost = new Set<ErrorCode>(['unauthorized', 'forbidden', 'not_found'])

async function stream(call: EventsCall, id: string, after: number): Promise<void> {
  const release = openStream(call.caller)
  try {
    await sendEvents(call, id, after)
  } finally {
    release()
  }
}

async function sendEvents({ caller, req, res, lookAgain }: EventsCall, id: string, after: number): Promise<void> {
  res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
  if (req.method === 'HEAD') return void res.end()
  res.flushHeaders()
  dropWhenStalled(req, res)
  const ended = new AbortController()
  const signal = AbortSignal.any([signalOf(res), ended.signal])
  const tick = setInterval(() => {
    res.write(': keep-alive\n\n')
    // A key that was revoked, or a right that was taken, ends the stream.
    lookAgain().catch((error) => lost.has(toAppError(error).code) && ended.abort())
  }, keepAliveMs)
  try {
    for await (const event of followEvents(caller, id, after, signal))
      await write(res, `id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`)
    res.end()
  } finally {
    clearInterval(tick)
  }
}

function lineOf(event: TrainingEvent): string {
  if (event.type === 'log') return `${event.at} ${event.level.toUpperCase()} ${event.message}\n`
  if (event.type === 'warning') return `${event.at} WARN ${event.message}\n`
  if (event.type === 'state') return `${event.at} STATE ${event.state}${event.message ? `: ${event.message}` : ''}\n`
  return ''
}

/** The log of a job so far, over all its attempts: lines, warnings and changes of state. */
export async function sendLogs({ caller, params, req, res }: Call<{ job: string }, unknown, unknown>): Promise<void> {
  const { id } = await watchJob(caller, params.job)
  let events = await readEvents(id, 0, batch)
  res.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
  if (req.method === 'HEAD') return void res.end()
  while (events.length > 0 && !res.destroyed) {
    await write(res, events.map(lineOf).join(''))
    const last = events.at(-1)?.seq ?? 0
    events = events.length === batch ? await readEvents(id, last, batch) : []
  }
  res.end()
}
