/** What every door needs of a request: who sent it, its body, and an answer for what goes wrong. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { z } from 'zod'
import { AppError, toAppError } from './errors.ts'

const correlation = /^[\x21-\x7e]{1,128}$/

export const headerOf = (req: IncomingMessage, name: string): string | undefined => {
  const value = req.headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** The request's own correlation id, or a new one. */
export function correlationIdOf(req: IncomingMessage): string {
  const given = headerOf(req, 'x-correlation-id') ?? headerOf(req, 'x-request-id')
  return given && correlation.test(given) ? given : randomUUID()
}

/**
 * The Bearer token, if the request has an Authorization header.
 * @throws AppError unauthorized for another scheme.
 */
export function bearerOf(req: IncomingMessage): string | undefined {
  const { authorization } = req.headers
  if (authorization === undefined) return undefined
  const match = /^Bearer +([\x21-\x7e]{1,16384})$/i.exec(authorization)
  if (!match) throw new AppError('unauthorized', 'Send the API key as "Authorization: Bearer <key>".')
  return match[1]
}

/**
 * Reads the address of a request, and writes it back as it was read: a door that looked at the raw one again could find a host in
 * `//host/../v2`, or another path than the one that chose the door.
 * @throws AppError bad_request for what is not a path of this server.
 */
export function takeAddress(req: IncomingMessage): URL {
  const raw = req.url ?? '/'
  // The parser of addresses takes a backslash for a slash, and then for a step up.
  if (!raw.startsWith('/') || raw.includes('\\'))
    throw new AppError('bad_request', 'An address begins with a slash and holds no backslash.')
  const address = `http://host${raw.replace(/^\/+/, '/')}`
  if (!URL.canParse(address)) throw new AppError('bad_request', 'The address of this request can not be read.')
  const url = new URL(address)
  // Steps up may leave two slashes at the front, which are a host again.
  if (url.pathname.startsWith('//')) throw new AppError('bad_request', 'An address does not begin with two slashes.')
  req.url = `${url.pathname}${url.search}`
  return url
}

/** @throws AppError bad_request for a path whose percent signs can not be read, which Next and tRPC take for a fault of their own. */
export function refuseUnreadable(pathname: string): void {
  try {
    decodeURIComponent(pathname)
  } catch {
    throw new AppError('bad_request', 'The path of this request can not be read. Write each percent sign in it as %25.')
  }
}

const bodyTimeoutMs = 30_000
/** A body in very many pieces costs more than its bytes. */
const maxChunks = 65_536

/** Reads a whole body, counting the bytes that come rather than those that were promised. */
export async function readBody(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLarge = () => new AppError('payload_too_large', `The body is larger than ${maxBytes} bytes.`)
  const inPieces = () => new AppError('payload_too_large', `The body came in more than ${maxChunks} pieces. Send fewer and larger ones.`)
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw tooLarge()
  const chunks: Buffer[] = []
  let size = 0
  const timer = setTimeout(() => req.destroy(), bodyTimeoutMs)
  try {
    // The connection is still needed for the answer.
    for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > maxBytes) throw tooLarge()
      if (chunks.length >= maxChunks) throw inPieces()
      chunks.push(chunk)
    }
  } finally {
    clearTimeout(timer)
  }
  return Buffer.concat(chunks)
}

/** Reads a JSON body. An empty one counts as `{}`; any other must say that it is JSON. */
export async function readJson(req: IncomingMessage, maxBytes: number): Promise<unknown> {
  const encoding = headerOf(req, 'content-encoding')
  if (encoding && encoding !== 'identity') throw new AppError('unsupported_media_type', 'Send the body without a Content-Encoding.')
  const body = await readBody(req, maxBytes)
  if (body.length === 0) return {}
  const type = headerOf(req, 'content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json')
    throw new AppError('unsupported_media_type', 'Send the body as JSON, with "Content-Type: application/json".')
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw new AppError('bad_request', 'The body is not valid JSON.')
  }
}

/** Parses with a schema; what is wrong becomes a bad request that names each field. */
export function parse<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const result = schema.safeParse(value)
  if (!result.success) throw toAppError(result.error)
  return result.data
}

export function sendJson(res: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  if (res.headersSent || res.destroyed) return void res.destroy()
  const payload = Buffer.from(JSON.stringify(body))
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': payload.length, ...headers })
  res.end(payload)
}

/** The error shape of REST and of the runtime protocol. */
export function sendError(res: ServerResponse, error: AppError, correlationId: string): void {
  const { code, message, details } = error
  sendRefusal(res, error, { error: { code, message, ...(details ? { details } : {}), correlation_id: correlationId } })
}

/** Sends an error with its status and headers, in the shape of the door that refuses. */
export function sendRefusal(res: ServerResponse, error: AppError, body: unknown): void {
  const headers: Record<string, string> = {
    ...error.headers,
    ...(error.retryAfterSeconds === undefined ? {} : { 'retry-after': String(error.retryAfterSeconds) }),
  }
  if (error.code === 'payload_too_large') return sendEarly(res, error.status, body, { ...headers, connection: 'close' })
  sendJson(res, error.status, body, headers)
}

const lingerMs = 2_000
const lingerBytes = 32 * 2 ** 20
/** As many pieces go by before others have their turn. */
const lingerPieces = 1_000

/** Answers before the body has come, and lets some of it go by: a connection that is closed with bytes unread is reset, and its answer lost. */
function sendEarly(res: ServerResponse, status: number, body: unknown, headers: Record<string, string>): void {
  const { req } = res
  if (res.headersSent || res.destroyed || req.complete) return sendJson(res, status, body, headers)
  const payload = Buffer.from(JSON.stringify(body))
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': payload.length, ...headers })
  res.write(payload)
  const finish = () => void res.end()
  const timer = setTimeout(finish, lingerMs)
  let size = 0
  let pieces = 0
  req.on('data', (chunk: Buffer) => {
    size += chunk.length
    pieces += 1
    if (size > lingerBytes) return finish()
    if (pieces % lingerPieces > 0) return
    req.pause()
    setImmediate(() => req.resume())
  })
  req.once('end', finish)
  res.once('close', () => clearTimeout(timer))
}

/** After so long without a byte either way a connection is given up. */
export const idleMs = 120_000
/** A stream says something every few seconds: who has taken nothing for so long does not read. */
const stallMs = 6_000

/** Ends a stream whose client does not read, so that nothing is kept for it; it comes back with the id of the last event that it saw. */
export function dropWhenStalled({ socket }: IncomingMessage, res: ServerResponse): void {
  socket.setTimeout(stallMs)
  // With nothing left to send it was this process that was silent, because it was busy: the next word starts the time again.
  res.on('timeout', () => {
    if (socket.writableLength > 0) socket.destroy()
  })
  // The connection may carry another request afterwards.
  res.once('close', () => socket.setTimeout(idleMs))
}

/** Writes, and waits while the client reads more slowly than it is told. */
export async function write(res: ServerResponse, text: string): Promise<void> {
  if (res.destroyed || res.write(text)) return
  // Whichever does not come must not be listened for any longer: a slow reader makes many of them.
  const waiting = new AbortController()
  const { signal } = waiting
  await Promise.race([once(res, 'drain', { signal }), once(res, 'close', { signal })]).finally(() => waiting.abort())
}

/** Aborts when the client goes away before the answer is complete; it may have gone while it was looked up who it is. */
export function signalOf(res: ServerResponse): AbortSignal {
  const controller = new AbortController()
  if (res.destroyed && !res.writableFinished) controller.abort()
  res.once('close', () => {
    if (!res.writableFinished) controller.abort()
  })
  return controller.signal
}

const answers = new WeakMap<IncomingMessage, ServerResponse>()

/** Remembers the answer to a request, for what is known of it only once its caller is. */
export const noteAnswer = (req: IncomingMessage, res: ServerResponse) => void answers.set(req, res)

/** Sets headers on the answer to a request, if it has not begun. */
export function setAnswerHeaders(req: IncomingMessage, headers: Record<string, string>): void {
  const res = answers.get(req)
  if (!res || res.headersSent) return
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
}
