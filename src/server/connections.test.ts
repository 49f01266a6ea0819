/** More connections than may be open, and requests that offer another protocol, at a server without doors. */
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '#src/testing/collector.ts'
import { createWebServer, limitConnections } from './connections.ts'
import { toAppError } from './errors.ts'
import { sendError } from './http.ts'

const most = 5
const server = createServer()
let port: number
beforeAll(async () => {
  const admit = limitConnections(server, most)
  server.on('request', (_req, res) => {
    try {
      admit()
      res.end('fine')
    } catch (error) {
      sendError(res, toAppError(error), 'test')
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const open = () =>
  new Promise<Socket>(
    (resolve) =>
      void connect(port, '127.0.0.1').once('connect', function (this: Socket) {
        resolve(this)
      }),
  )
const ask = () => fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })

it('L2: answers 503 and says when to come again, until there is room', async () => {
  const idle = await Promise.all(Array.from({ length: most }, open))
  const refused = await ask()
  expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('connection')]).toEqual([503, '5', 'close'])
  expect(await refused.json()).toMatchObject({ error: { code: 'unavailable', message: expect.stringContaining('Try again') } })
  idle[0]?.destroy()
  expect(await eventually(async () => (await ask()).status === 200 || undefined)).toBe(true)
  for (const socket of idle) socket.destroy()
})

describe('a request that offers another protocol', () => {
  /** Takes upgrades as Next does once it has rendered a page. */
  const serve = async (isDev: boolean): Promise<Server> => {
    const web = createWebServer(isDev)
    web.on('request', async (req, res) => res.end(`as any other: ${req.url} ${await text(req)}.`))
    web.on('upgrade', (_req, taken) => taken.end('taken'))
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    return web
  }
  const head = (path: string, headers: string) => `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n${headers}\r\nbody`
  /** @returns what comes back, to a second request on the same connection too if there is a first answer. */
  const offer = async (path: string, protocol: string, isDev = false): Promise<string> => {
    const web = await serve(isDev)
    const socket = connect((web.address() as AddressInfo).port, '127.0.0.1')
    socket.write(head(path, `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: ${protocol}\r\n`))
    let said = ''
    for await (const chunk of socket) {
      if (String(chunk).endsWith('body.') && said === '') socket.write(head('/next', 'Connection: close\r\n'))
      said += chunk
    }
    web.close()
    return said
  }

  it.each(['h2c', 'websocket'])('is answered as any other, and so is the one after it: %s', async (protocol) => {
    expect(await offer('/api/v1/me', protocol)).toMatch(
      /^HTTP\/1\.1 200 .*as any other: \/api\/v1\/me body\..*as any other: \/next body\./s,
    )
  })

  it('changes to it only for the reload of development', async () => {
    expect(await offer('/_next/hmr?id=1', 'websocket', true)).toBe('taken')
    expect(await offer('/api/v1/me', 'websocket', true)).toContain('as any other: /api/v1/me')
  })
})
