/** What web hands on to an inference runtime, byte for byte: the runtime here is a socket that writes down what comes. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { db } from '#src/server/db/client.ts'
import { makeRuntime } from '#src/testing/factories.ts'
import { useRest } from '#src/testing/rest.ts'
import { runtimes } from './db/schema.ts'

const use = useRest()
const portOf = (server: Server) => (server.address() as AddressInfo).port

/** Answers every chunk with "ok" and keeps what it heard. */
async function listen(): Promise<{ server: Server; heard: () => string; origin: string }> {
  let heard = ''
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      heard += chunk
      if (!socket.writableEnded && heard.includes('\r\n\r\n'))
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, heard: () => heard, origin: `http://127.0.0.1:${portOf(server)}` }
}

let runtime: Awaited<ReturnType<typeof listen>>
let stranger: Awaited<ReturnType<typeof listen>>
beforeAll(async () => {
  runtime = await listen()
  stranger = await listen()
  await makeRuntime('inference', { url: runtime.origin, lastHeartbeatAt: new Date() })
  expect(await db().$count(runtimes)).toBe(1)
})
afterAll(() => [runtime, stranger].map(({ server }) => server.close()))

/** Sends exactly these bytes to web. @returns the status and the rest of the answer. */
async function send(head: string, body = ''): Promise<string> {
  const socket = connect(use.rest.web.port, '127.0.0.1')
  socket.write(`${head}\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer secret-of-the-caller\r\n${body || '\r\n'}`)
  return text(socket)
}

describe('an address that looks like another host', () => {
  const other = () => `127.0.0.1:${portOf(stranger.server)}`
  it.each([
    ['two slashes and a step up', () => `//${other()}/../v2/models/x`],
    ['two slashes', () => `//${other()}/v2/models/x`],
    ['a whole address', () => `http://${other()}/v2/models/x`],
    ['a backslash', () => `/\\${other()}/../v2`],
    ['a dot before two slashes', () => `/.//${other()}/v2`],
    ['an asterisk', () => '*'],
  ])('is not called: %s', async (_what, address) => {
    const answer = await send(`GET ${address()} HTTP/1.1`)
    expect(answer).toMatch(/^HTTP\/1\.1 (200|400|404) /)
    expect(stranger.heard()).toBe('')
  })
})

describe('a body', () => {
  const smuggled = 'GET /v2/health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
  const chunked = `Transfer-Encoding: chunked\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`

  it.each(['GET', 'HEAD', 'DELETE', 'POST'])('of a %s arrives in its frame, and not as a request of its own', async (method) => {
    const before = runtime.heard().length
    expect(await send(`${method} /v2 HTTP/1.1`, chunked)).toMatch(/^HTTP\/1\.1 200 /)
    const head = runtime.heard().slice(before).split('\r\n\r\n', 1)[0]
    expect(head?.toLowerCase()).toContain('transfer-encoding: chunked')
  })
})
