import type { IncomingMessage, ServerResponse } from 'node:http'
import { toAppError } from '#src/server/errors.ts'
import { createLog } from '#src/server/log.ts'
import { ProtocolRefusal, tusVersion } from './protocol.ts'

const drainMs = 2_000
const log = createLog('uploads')

const common = { 'tus-resumable': tusVersion, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

/** An answer without a body. Header names are in lower case. */
export function answer(res: ServerResponse, status: number, headers: Record<string, string>): void {
  const { 'content-type': _none, ...kept } = headers
  res.writeHead(status, { ...kept, ...common, ...(status === 204 ? {} : { 'content-length': '0' }) }).end()
}

type Refusal = { status: number; code: string; message: string; headers: Record<string, string> }

function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof ProtocolRefusal) return thrown
  const { status, code, message, retryAfterSeconds } = toAppError(thrown)
  return { status, code, message, headers: retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) } }
}

/** Tells the client why not, in the shape of every other error of this server. */
export async function refuse(req: IncomingMessage, res: ServerResponse, thrown: unknown, correlationId: string): Promise<void> {
  const { status, code, message, headers } = refusalOf(thrown)
  if (status >= 500) log.error('an upload request failed', { error: thrown, statusCode: status })
  if (res.headersSent || res.destroyed) return void res.destroy()
  const body = Buffer.from(JSON.stringify({ error: { code, message, correlation_id: correlationId } }))
  const isUnread = !req.complete
  const closing: Record<string, string> = isUnread ? { connection: 'close' } : {}
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length, ...closing, ...common, ...headers })
  if (req.method !== 'HEAD') res.write(body)
  if (isUnread) await drain(req)
  res.end()
}

/**
 * Reads on for a moment without keeping anything: closing a socket with unread bytes resets it, and the client
 * would lose the answer that says why.
 */
function drain(req: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, drainMs)
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    req.once('end', done).once('close', done).once('error', done)
    req.resume()
  })
}
