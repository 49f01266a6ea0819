/** Connections: how many there may be, and what happens to bytes on them that never become a request. */
import { randomUUID } from 'node:crypto'
import { createServer, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { openFilesLimit } from '#src/telemetry/openFiles.ts'
import { AppError } from './errors.ts'

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

/** Files, the database and outgoing calls need some as well, and without one left nothing works. */
const shareOfFiles = 0.75
const retryAfterSeconds = 5

/**
 * Keeps count of the connections of a server.
 * @param most how many of them are served; by default three quarters of what the process may open.
 * @returns a check for each request: AppError unavailable, and the connection ends, while there are more.
 */
export function limitConnections(server: Server, most = Math.floor(openFilesLimit() * shareOfFiles)): () => void {
  let open = 0
  // Past this they are closed without a word, because even a refusal takes a socket.
  if (Number.isFinite(most)) server.maxConnections = Math.ceil(most * 1.15)
  server.on('connection', (socket) => {
    open += 1
    socket.once('close', () => {
      open -= 1
    })
  })
  return () => {
    if (open <= most) return
    throw new AppError('unavailable', `There are ${open} connections open, which is as many as there may be. Try again in a few seconds.`, {
      retryAfterSeconds,
      headers: { connection: 'close' },
    })
  }
}

/**
 * A server that answers a request which offers another protocol as any other one (RFC 9110, 7.8), because it speaks none. Next would cut
 * its connection off without a word, from the first page on.
 * @param isDev the pages of development reload themselves over an upgraded connection, which Next then takes.
 */
export const createWebServer = (isDev: boolean): Server =>
  createServer({ shouldUpgradeCallback: ({ url }) => isDev && url?.startsWith('/_next/') === true })

/** Answers what Node would cut off without a word, or with one that is no JSON. */
export function refuseNonRequests(server: Server): void {
  server.on('clientError', (error: ParserError, socket) => refuse(socket, refusalOf(error)))
  server.on('connect', (_req, socket) =>
    refuse(socket, { status: 405, code: 'method_not_allowed', message: 'This is no proxy.', headers: ['Allow: GET, HEAD, POST'] }),
  )
  server.on('checkExpectation', ({ socket }) =>
    refuse(socket, { status: 417, code: 'bad_request', message: 'Expect: only 100-continue is known here. Leave the header out.' }),
  )
}
