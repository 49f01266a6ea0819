import { randomUUID } from 'node:crypto'
import { getEventListeners } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Change } from '#src/contracts/home.ts'
import { db } from '#src/server/db/client.ts'
import { listener, startListener, stopListener } from '#src/server/db/listen.ts'
import { useDatabase } from '#src/testing/database.ts'
import { caller, makeUser } from '#src/testing/factories.ts'
import type { Caller } from './access.ts'
import { announce } from './audit.ts'
import { followChanges } from './changes.ts'

const database = useDatabase()
let person: Caller
beforeAll(async () => {
  await startListener(database.url)
  person = await caller(await makeUser('viewer'))
})
afterAll(stopListener)

const say = (id: string) => announce(db(), 'model', person.project.id, id)

test('a stream hears for as long as it is wanted, and leaves nothing behind', async () => {
  const wanted = new AbortController()
  const changes = followChanges(person, wanted.signal)
  for (let round = 0; round < 20; round++) {
    const next = changes.next()
    const id = randomUUID()
    await say(id)
    expect(await next).toMatchObject({ value: { kind: 'model', id } })
  }
  expect(getEventListeners(wanted.signal, 'abort').length).toBeLessThanOrEqual(1)
  const last = changes.next()
  wanted.abort()
  expect(await last).toMatchObject({ done: true })
  expect([listener().listenerCount('nw_change'), listener().listenerCount('reconnected')]).toEqual([0, 0])
})

test('who reads too slowly is told once to look at everything again, and misses nothing', async () => {
  const wanted = new AbortController()
  const changes = followChanges(person, wanted.signal)
  const first = changes.next()
  await say('first')
  await first
  const heard = new Promise<void>((resolve) => {
    listener().on('nw_change', function hear(payload: string) {
      if (!payload.endsWith(':last')) return
      listener().off('nw_change', hear)
      resolve()
    })
  })
  for (let item = 0; item < 600; item++) await say(`${item}`)
  await say('last')
  await heard
  const seen: Change[] = []
  while (!seen.some(({ id }) => id === 'last')) seen.push((await changes.next()).value as Change)
  expect(seen).toContainEqual({ kind: 'model', id: '*' })
  expect(seen.length).toBeLessThan(200)
  wanted.abort()
  await changes.return(undefined)
})
