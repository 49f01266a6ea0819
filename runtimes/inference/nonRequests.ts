/** Answers in this protocol's own words what Node would refuse with no body, or cut off without a word. */
import { type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { sendJson } from './http.ts'

/** How long a refused sender may go on sending: a connection that is closed with bytes unread is reset, and its answer lost. */
const lingerMs = 1_000
const expectation = 'Expect: only 100-continue is known here. Leave the header out.'

function refusalOf({ code }: Error & { code?: string }): [status: number, message: string] {
  if (code === 'HPE_HEADER_OVERFLOW') return [431, 'the address and the headers are larger than 16 KiB: send fewer or shorter ones']
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return [408, 'the request did not come in time: send it again']
  return [400, 'this is not a request by HTTP/1.1: look at its lines and lengths']
}

const refused = new WeakSet<Duplex>()

function refuse(socket: Duplex, status: number, message: string): void {
  if (refused.has(socket)) return
  refused.add(socket)
  if (!socket.writable) return void socket.destroy()
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.on('error', () => socket.destroy())
  socket.once('close', () => clearTimeout(timer))
  const body = JSON.stringify({ error: message })
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, 'Connection: close', 'Content-Type: application/json']
  socket.end(`${[...head, `Content-Length: ${Buffer.byteLength(body)}`].join('\r\n')}\r\n\r\n${body}`)
  socket.resume()
}

export function refuseNonRequests(server: Server): void {
  server.on('clientError', (error, socket) => refuse(socket, ...refusalOf(error)))
  server.on('connect', (_request, socket) => refuse(socket, 405, 'this is no proxy'))
  server.on('checkExpectation', (_request, response) =>
    sendJson(response, 417, JSON.stringify({ error: expectation }), { connection: 'close' }),
  )
}
