/** More connections than may be open, at a server of Node's own. */
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '#src/testing/collector.ts'
import { limitConnections } from './connections.ts'
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
