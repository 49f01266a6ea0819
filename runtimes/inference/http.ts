import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { limits } from '#src/contracts/common.ts'
import { InferError } from './errors.ts'

/** Bodies of all callers together that may be in memory at once. */
const maxBufferedBytes = 4 * limits.inferBodyBytes
const drainMs = 2000
/** A body in very many pieces costs far more memory than its bytes. */
const maxPieces = 65_536
let bufferedBytes = 0

/** The caller's id for this request, when it is one that a header can carry back. */
export function correlationIdOf(request: IncomingMessage): string {
  const given = request.headers['x-correlation-id'] ?? request.headers['x-request-id']
  return typeof given === 'string' && /^[\x21-\x7e]{1,200}$/.test(given) ? given : randomUUID()
}

export function sendJson(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers })
  response.end(text)
}

/** Headers of whatever the answer will be. */
export function addHeaders(response: ServerResponse, headers: Record<string, string>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
}

/** `{"error": text}`, with the headers of `error`; Retry-After where trying again makes sense. */
export function sendError(
  request: IncomingMessage,
  response: ServerResponse,
  error: InferError,
  headers: Record<string, string> = {},
): void {
  const extra: Record<string, string> = { ...headers, ...error.headers }
  if (error.retryAfterS !== undefined) extra['retry-after'] = String(error.retryAfterS)
  if (error.status === 401) extra['www-authenticate'] = 'Bearer'
  if (!request.complete) drainThenClose(request)
  sendJson(response, error.status, JSON.stringify({ error: error.message }), extra)
}

/**
 * A caller that still sends would see a reset instead of the answer, so its bytes are thrown away for a moment.
 * No "connection: close" here: with it Node ends the socket at once.
 */
function drainThenClose(request: IncomingMessage): void {
  request.resume()
  const timer = setTimeout(() => request.socket.destroy(), drainMs)
  timer.unref()
  request.once('close', () => clearTimeout(timer))
}

/** @throws InferError 415 when the body is declared as something else than JSON */
export function requireJson(request: IncomingMessage): void {
  const { 'content-type': type, 'content-encoding': encoding, 'inference-header-content-length': binaryHeader } = request.headers
  if (binaryHeader !== undefined)
    throw new InferError(400, 'binary tensor data is not supported: send JSON without Inference-Header-Content-Length')
  if (encoding !== undefined && encoding !== 'identity') throw new InferError(415, 'send the body without Content-Encoding')
  const media = type?.split(';')[0]?.trim().toLowerCase()
  if (media && media !== 'application/json' && !media.endsWith('+json')) throw new InferError(415, 'send the body as application/json')
}

/**
 * The whole body as text; the limit holds for bytes read, whatever the headers say.
 * @throws InferError 413 past the limit or for too many pieces, 503 while others' bodies fill the memory set aside, 400 for text that is not UTF-8
 */
export function readBody(request: IncomingMessage): Promise<string> {
  const declared = Number(request.headers['content-length'] ?? 0)
  const tooLarge = new InferError(413, `the body is larger than ${limits.inferBodyBytes} bytes`)
  const inPieces = new InferError(413, `the body came in more than ${maxPieces} pieces: send fewer and larger ones`)
  if (declared > limits.inferBodyBytes) return Promise.reject(tooLarge)
  if (bufferedBytes + declared > maxBufferedBytes) return Promise.reject(new InferError(503, 'too many large requests at once', 1))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const finish = (settle: () => void) => {
      bufferedBytes -= size
      size = 0
      request.removeAllListeners('data')
      settle()
    }
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      bufferedBytes += chunk.length
      chunks.push(chunk)
      if (size > limits.inferBodyBytes) finish(() => reject(tooLarge))
      else if (chunks.length > maxPieces) finish(() => reject(inPieces))
      else if (bufferedBytes > maxBufferedBytes) finish(() => reject(new InferError(503, 'too many large requests at once', 1)))
    })
    request.once('end', () => finish(() => settleText(chunks, resolve, reject)))
    request.once('close', () => {
      if (!request.complete) finish(() => reject(new InferError(499, 'the caller went away')))
    })
    request.once('error', () => finish(() => reject(new InferError(499, 'the caller went away'))))
  })
}

function settleText(chunks: Buffer[], resolve: (text: string) => void, reject: (error: Error) => void): void {
  const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
  if (body.length === 0) reject(new InferError(400, 'the body is empty: send a JSON object with "inputs"'))
  else if (!isUtf8(body)) reject(new InferError(400, 'the body is not UTF-8'))
  else resolve(body.toString('utf8'))
}
