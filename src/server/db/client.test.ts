import { sql } from 'drizzle-orm'
import { beforeAll, expect, test } from 'vitest'
import { toAppError } from '#src/server/errors.ts'
import { useDatabase } from '#src/testing/database.ts'
import { db, disconnect, executeNamed, type Queryable, sqlState, trail, transaction } from './client.ts'

useDatabase()
beforeAll(() => db().execute(sql`create table trailed (label text primary key, written_by xid8 not null default pg_current_xact_id())`))

const insert = (on: Queryable, label: string) => executeNamed(on, 'trailed', 'insert into trailed (label) values ($1)', [label])
const rows = async () => (await db().execute<{ label: string; written_by: string }>(sql`select * from trailed order by label`)).rows

test('what trails a transaction is part of it, in the order in which it was sent', async () => {
  await transaction(async (tx) => {
    await trail(tx, insert(tx, 'a'))
    await trail(tx, insert(tx, 'b'))
  })
  const [first, second] = await rows()
  expect([first?.label, second?.label]).toEqual(['a', 'b'])
  expect(second?.written_by).toBe(first?.written_by)
})

test('a transaction whose trailing statement fails has failed, and left nothing', async () => {
  const failed = transaction(async (tx) => {
    await tx.execute(sql`insert into trailed (label) values ('kept-with')`)
    await trail(tx, insert(tx, 'a'))
  })
  expect(sqlState(await failed.catch((error: unknown) => error))).toBe('23505')
  expect((await rows()).map(({ label }) => label)).not.toContain('kept-with')
})

test('what a later statement meets in a transaction that a trailing one broke is told by its reason', async () => {
  const failed = transaction(async (tx) => {
    await trail(tx, insert(tx, 'a'))
    await tx.execute(sql`select 1`)
  })
  expect(sqlState(await failed.catch((error: unknown) => error))).toBe('23505')
})

test('nothing that trails is there when the work behind it gives up', async () => {
  const failed = transaction(async (tx) => {
    await trail(tx, insert(tx, 'given-up'))
    throw new Error('no')
  })
  await expect(failed).rejects.toThrow('no')
  expect((await rows()).map(({ label }) => label)).not.toContain('given-up')
})

test('a connection that is lost between two statements of a transaction fails that transaction, not the process', async () => {
  const failed = transaction(async (tx) => {
    const { rows: own } = await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`)
    const pid = own[0]?.pid
    const gone = sql`select pg_terminate_backend(${pid}, 5000)`
    await db().execute(gone)
    await tx.execute(sql`select 1`)
  })
  const error: unknown = await failed.catch((reason: unknown) => reason)
  expect(toAppError(error)).toMatchObject({ code: 'unavailable', retryAfterSeconds: 2 })
  expect((await db().execute(sql`select 1 as one`)).rows).toEqual([{ one: 1 }])
})

test('what is still under way when the process stops is refused like anything else without a database', async () => {
  await disconnect()
  const refused = await transaction(async () => undefined).catch(toAppError)
  expect(refused).toMatchObject({ code: 'unavailable', retryAfterSeconds: 2 })
})
