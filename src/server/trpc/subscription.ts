/**
 * Subscriptions over HTTP, written straight to the connection in tRPC's own words for server-sent events.
 *
 * tRPC's adapter answers them through five web streams each, which hold more memory than the connection and all that is followed on it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { callTRPCProcedure, getErrorShape, getTRPCErrorFromUnknown, isTrackedEnvelope } from '@trpc/server'
import { dropWhenStalled, headerOf, signalOf, write } from '#src/server/http.ts'
import { createLog } from '#src/server/log.ts'
import { appErrorOf, type Context, streamTimes, translate } from './init.ts'
import { appRouter } from './root.ts'

const log = createLog('trpc')
const config = appRouter._def._config
/** By their whole paths, as `training.onEvents`, which the type of the router has nested. */
const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>)
const subscriptions = new Set(procedures.filter(([, { _def }]) => _def.type === 'subscription').map(([path]) => path))

export type Subscription = { path: string; input: unknown }

/**
 * The subscription that a request asks for, with the id of the last event that the client saw in its input, as tRPC's links send it.
 * @returns undefined for whatever else tRPC is to answer, what it refuses included.
 */
export function subscriptionOf(req: IncomingMessage, { pathname, searchParams }: URL): Subscription | undefined {
  const path = decodeURIComponent(pathname.slice('/api/trpc/'.length))
  if (req.method !== 'GET' || searchParams.has('batch') || !subscriptions.has(path)) return undefined
  const lastEventId = headerOf(req, 'last-event-id') || searchParams.get('lastEventId') || searchParams.get('Last-Event-Id')
  try {
    const input: unknown = JSON.parse(searchParams.get('input') ?? '{}')
    return { path, input: lastEventId && isObject(input) ? { ...input, lastEventId } : input }
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Answers with `connected`, each event, a `ping` now and then, and `return` or `serialized-error` at the end.
 * Protocol: https://github.com/trpc/trpc, packages/server/src/unstable-core-do-not-import/stream/sse.ts.
 */
export async function answerSubscription(asked: Subscription, ctx: Context, req: IncomingMessage, res: ServerResponse): Promise<void> {
  dropWhenStalled(req, res)
  const signal = signalOf(res)
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' })
  const ping = setInterval(() => res.write(lines('ping', '')), streamTimes.pingMs)
  try {
    res.write(lines('connected', JSON.stringify({ reconnectAfterInactivityMs: streamTimes.reconnectAfterMs })))
    const { path, input } = asked
    const call = { router: appRouter, path, getRawInput: async () => input, ctx, type: 'subscription' as const, signal, batchIndex: 0 }
    const events: AsyncIterable<unknown> = await callTRPCProcedure(call)
    for await (const event of events) {
      await write(res, linesOf(event))
      if (res.destroyed) return
    }
    res.end(lines('return', ''))
  } catch (error) {
    if (signal.aborted) return
    res.end(lines('serialized-error', JSON.stringify(shapeOf(error, asked, ctx))))
  } finally {
    clearInterval(ping)
  }
}

function shapeOf(thrown: unknown, { path, input }: Subscription, ctx: Context) {
  const error = getTRPCErrorFromUnknown(thrown)
  const app = appErrorOf(error)
  if (app.code === 'internal') log.error('a subscription failed', { error: error.cause ?? error, data: { path } })
  return getErrorShape({ config, ctx, error: translate(app), input, path, type: 'subscription' })
}

const linesOf = (event: unknown) =>
  isTrackedEnvelope(event) ? `data: ${JSON.stringify(event[1])}\nid: ${event[0]}\n\n` : `data: ${JSON.stringify(event)}\n\n`
const lines = (event: string, data: string) => `event: ${event}\ndata: ${data}\n\n`
