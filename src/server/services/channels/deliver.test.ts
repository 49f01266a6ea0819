/** Deliveries with real rows and a real receiver: who is slow holds up nobody else. */
import '#src/testing/settings.ts'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { eq, inArray } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { db } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { channelDeliveries, channels } from '#src/server/db/schema.ts'
import { seal } from '#src/server/sealing.ts'
import { useDatabase } from '#src/testing/database.ts'
import { makeProject } from '#src/testing/factories.ts'
import { until } from '#src/testing/until.ts'
import { deliverChannels } from './deliver.ts'
import { send } from './send.ts'

const mail = createSocketServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1')
await once(mail, 'listening')
vi.hoisted(() => Object.assign(process.env, { NEUROWEAVER_OUTBOUND_ALLOW: '127.0.0.1' }))
process.env.SMTP_URL = `smtp://127.0.0.1:${(mail.address() as AddressInfo).port}`

useDatabase()
const held: ServerResponse[] = []
/** Answers nothing below `/slow` until it is let go. */
const receiver = createServer((req, res) => void (req.url === '/slow' ? held.push(res) : res.end())).listen(0, '127.0.0.1')
beforeAll(async () => {
  if (!receiver.listening) await once(receiver, 'listening')
})
afterAll(() => {
  receiver.closeAllConnections()
  receiver.close()
  mail.close()
})

async function makeChannel(projectId: string, name: string, path: string, deliveries: number): Promise<string> {
  const id = newId()
  const target = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}${path}`
  await db()
    .insert(channels)
    .values({ id, projectId, name, kind: 'slack', target, sealedTarget: seal(target), events: [] })
  for (let count = 0; count < deliveries; count += 1)
    await db().insert(channelDeliveries).values({ id: newId(), channelId: id, event: 'test', payload: {} })
  return id
}
const statusesOf = async (ids: string[]) =>
  (await db().select().from(channelDeliveries).where(inArray(channelDeliveries.channelId, ids))).map(({ status }) => status)

it('of a project whose receivers are all slow leave places for those of others', async () => {
  const slow = await makeProject()
  const names = Array.from({ length: 10 }, (_, index) => `slow ${index}`)
  const ids = await Promise.all(names.map((name) => makeChannel(slow.id, name, '/slow', 8)))
  const good = await makeChannel((await makeProject()).id, 'good', '/good', 1)
  await deliverChannels()
  await until(
    () => statusesOf([good]),
    ([status]) => status === 'delivered',
    5_000,
  )
  expect(held.length).toBeGreaterThanOrEqual(16)
  expect(held.length).toBeLessThan(24)

  await db().delete(channelDeliveries).where(eq(channelDeliveries.attempts, 0))
  for (const res of held) res.end()
  await until(
    () => statusesOf(ids),
    (statuses) => statuses.every((status) => status === 'delivered'),
  )
})

it('is over within the whole time of a try, whatever the mail server does', async () => {
  const parcel = {
    id: 'msg_1',
    kind: 'email',
    projectId: crypto.randomUUID(),
    target: 'ada@example.org',
    secrets: [],
    event: 'test',
    payload: {},
    correlationId: null,
  } as const
  expect(await send(parcel, 200)).toMatchObject({ isDelivered: false, error: 'not done within 0.2 s' })
})
