/** What happens to bytes that never become a request of ours: each gets its status and a reason, in the shape of every other refusal. */
import { randomUUID } from 'node:crypto'
import { type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** How long a refused sender may go on sending: a connection that is closed with bytes unread is reset, and its answer lost. */
const lingerMs = 1_000
/** As much of a packet as is looked at for the end of a request line; the parser takes no longer one. */
const lineBytes = 16 * 1024

type Refusal = { status: number; code: string; message: string; headers?: string[] }
type ParserError = Error & { code?: string; rawPacket?: Buffer }

const isLongLine = (packet: Buffer | undefined) => /^[A-Z]{3,20} [^\r\n]*$/.test(packet?.toString('latin1', 0, lineBytes) ?? '')

function refusalOf({ code, rawPacket }: ParserError): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW' && isLongLine(rawPacket))
    return { status: 414, code: 'bad_request', message: 'The address is too long. Send less in it, or fewer calls at once.' }
  if (code === 'HPE_HEADER_OVERFLOW')
    return { status: 431, code: 'bad_request', message: 'The headers are larger than 16 KiB. Send fewer or shorter ones.' }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { status: 408, code: 'bad_request', message: 'The request did not come in time. Send it again.' }
  return { status: 400, code: 'bad_request', message: 'This is not a request by HTTP/1.1. Look at its lines and lengths.' }
}

function textOf({ status, code, message, headers = [] }: Refusal): string {
  const correlationId = randomUUID()
  const body = JSON.stringify({ error: { code, message, correlation_id: correlationId } })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    `X-Correlation-Id: ${correlationId}`,
    ...headers,
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

const refused = new WeakSet<Duplex>()

function refuse(socket: Duplex, refusal: Refusal): void {
  if (refused.has(socket)) return
  refused.add(socket)
  if (!socket.writable) return void socket.destroy()
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.on('error', () => socket.destroy())
  socket.once('close', () => clearTimeout(timer))
  socket.end(textOf(refusal))
  socket.resume()
}

/** Answers what Node would cut off without a word, or with one that is no JSON. */
export function refuseNonRequests(server: Server): void {
  server.on('clientError', (error: ParserError, socket) => refuse(socket, refusalOf(error)))
  server.on('connect', (_req, socket) =>
    refuse(socket, { status: 405, code: 'method_not_allowed', message: 'This is no proxy.', headers: ['Allow: GET, HEAD, POST'] }),
  )
}
