import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { AppError } from './errors.ts'
import { inferenceOrigin } from './services/deployments/find.ts'
import { traceHeaders } from '#src/telemetry/tracing.ts'

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'cookie',
])
const cacheMs = 2_000
let origin: { url: string | null; until: number } | undefined

async function currentOrigin(): Promise<string> {
  const known = origin?.url ?? null
  // Where it was last is a better guess than none: it serves without the database too.
  const find = () => inferenceOrigin().catch((error) => known ?? Promise.reject(error))
  if (!origin || origin.until < Date.now()) origin = { url: await find(), until: Date.now() + cacheMs }
  if (!origin.url)
    throw new AppError('unavailable', 'No inference runtime is connected just now. Try again when one is.', { retryAfterSeconds: 5 })
  return origin.url
}

const passed = (headers: IncomingMessage['headers']) => Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name)))

/**
 * A body keeps its frame. Without one Node writes the body of a GET, HEAD or DELETE after the head as it stands, and the runtime would
 * read it as the next request on a connection that other callers share.
 */
const frameOf = (req: IncomingMessage) => (req.headers['transfer-encoding'] === undefined ? {} : { 'transfer-encoding': 'chunked' })

/** Hands `/v2` on to an inference runtime, for callers who reach only web. The runtime asks who the caller is, as it does of all. */
export async function passThrough(req: IncomingMessage, res: ServerResponse, { pathname, search }: URL): Promise<void> {
  const target = new URL(`${pathname}${search}`, await currentOrigin())
  const send = target.protocol === 'https:' ? httpsRequest : request
  const headers = { ...passed(req.headers), ...traceHeaders(), ...frameOf(req), host: target.host }
  await new Promise<void>((resolve, reject) => {
    const away = (cause: unknown) => {
      // Nobody is left to be told.
      if (res.destroyed) return resolve()
      reject(new AppError('unavailable', 'The inference runtime does not answer. Try again in a moment.', { cause, retryAfterSeconds: 2 }))
    }
    const onward = send(target, { method: req.method, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, passed(answer.headers))
      answer.pipe(res)
      answer.once('error', away)
      res.once('close', resolve)
    })
    onward.once('error', away)
    res.once('close', () => onward.destroy())
    req.pipe(onward)
  })
}
