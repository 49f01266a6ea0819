import { sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { db, transaction } from '#src/server/db/client.ts'
import { send } from '#src/server/jobs/queues.ts'
import { useDatabase } from './database.ts'
import { caller, makeKey, makeProject, makeRuntime, makeUser } from './factories.ts'

describe('the test database', () => {
  const database = useDatabase()

  it('is a database of its own, with tables, queues and the default project', async () => {
    const { rows } = await db().execute(sql`select current_database() as name, (select count(*)::int from projects) as projects`)
    expect(database.url).toContain(String(rows[0]?.name))
    expect(rows[0]?.projects).toBe(1)
    await transaction((tx) => send(tx, 'verify-upload', { uploadId: 'x' }))
  })

  it('makes callers with the rights that the server would find', async () => {
    const viewer = await makeUser('viewer')
    expect((await caller(viewer)).permissions).toEqual(['read'])
    const project = await makeProject()
    const key = await makeKey(await makeUser('admin'), 'write', project)
    expect(await caller(key)).toMatchObject({ kind: 'key', permissions: ['read', 'write', 'deploy'], project: { id: project.id } })
    const runtime = await makeRuntime('training')
    expect(await caller(runtime.credential)).toMatchObject({ kind: 'runtime', runtimeId: runtime.id, runtimeKind: 'training' })
  })
})
