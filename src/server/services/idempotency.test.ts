/** Two of the same call at once, in this process: one that took longer than its lease never makes its change beside the other. */
import '#src/testing/settings.ts'
import { eq, sql } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { db, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { idempotencyKeys, projects } from '#src/server/db/schema.ts'
import { useDatabase } from '#src/testing/database.ts'
import { caller, makeUser } from '#src/testing/factories.ts'
import { once } from './idempotency.ts'

useDatabase()
const endLease = () => db().update(idempotencyKeys).set({ lockedUntil: sql`now() - interval '1 second'` })
const makeProject = (name: string) => transaction(async (tx) => void (await tx.insert(projects).values({ id: newId(), name })))
const countOf = (name: string) => db().$count(projects, eq(projects.name, name))
const made = { status: 201, body: { made: true } }

/** Something that waits until it is let go. */
function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

it('a call that outlived its lease changes nothing when the same was made in its place, and takes nothing from it', async () => {
  const of = { caller: await caller(await makeUser('admin')), route: 'test', key: 'slow', request: {} }
  const [begun, later] = [gate(), gate()]
  const slow = once(of, async () => {
    begun.open()
    await later.opened
    await makeProject('of-the-slow-call')
    return made
  }).catch((error: unknown) => error)
  await begun.opened
  await endLease()
  await once(of, async () => {
    await makeProject('of-the-second-call')
    return made
  })
  later.open()
  expect(await slow).toMatchObject({ code: 'conflict', message: expect.stringContaining('Nothing of this one was kept') })
  expect([await countOf('of-the-slow-call'), await countOf('of-the-second-call')]).toEqual([0, 1])
  expect(await once(of, async () => expect.fail('made a third time'))).toEqual({ ...made, isReplay: true })
})

it('a call that outlived its lease and fails leaves the key to the one that was made in its place', async () => {
  const of = { caller: await caller(await makeUser('admin')), route: 'test', key: 'fails-late', request: {} }
  const [begun, later, finish] = [gate(), gate(), gate()]
  const slow = once(of, async () => {
    begun.open()
    await later.opened
    throw new Error('late')
  }).catch((error: unknown) => error)
  await begun.opened
  await endLease()
  const second = once(of, async () => {
    later.open()
    await slow
    await finish.opened
    return made
  })
  await slow
  await expect(once(of, async () => made)).rejects.toMatchObject({ message: expect.stringContaining('still under way') })
  finish.open()
  expect(await second).toEqual({ ...made, isReplay: false })
})
