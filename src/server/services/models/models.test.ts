import { once } from 'node:events'
import { desc, eq } from 'drizzle-orm'
import { beforeAll, describe, expect, test } from 'vitest'
import { listModels as listInput } from '#src/contracts/model.ts'
import { toAppError } from '#src/server/errors.ts'
import { db, rawPool, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { artifacts, auditEvents, modelAliasMoves, uploads } from '#src/server/db/schema.ts'
import { useDatabase } from '#src/testing/database.ts'
import { caller, makeKey, makeProject, makeUser } from '#src/testing/factories.ts'
import { exampleSignature, makeArtifact } from '#src/testing/rows.ts'
import type { Caller } from '../access.ts'
import { deleteModel, listAliasMoves, setAlias, updateModel } from './change.ts'
import { getModel, listModels } from './find.ts'
import { registerModel } from './register.ts'
import { settleVersionsOf } from './settle.ts'
import { deleteVersion, getVersion, listVersions } from './versions.ts'

useDatabase()
let person: Caller
let stranger: Caller
let sha256: string

beforeAll(async () => {
  person = await caller(await makeKey(await makeUser('manager')))
  const elsewhere = await makeProject()
  stranger = await caller(await makeKey(await makeUser('manager'), 'write', elsewhere))
  sha256 = await makeArtifact(person)
})

let count = 0
const newName = () => `model-${++count}`
const files = () => [{ path: 'model.onnx', sha256 }]
/** The newest entry about a model. */
async function endOf(modelId: string) {
  const [entry] = await db().select().from(auditEvents).where(eq(auditEvents.targetId, modelId)).orderBy(desc(auditEvents.id)).limit(1)
  return entry
}
const listAll = (input: object) => listModels(person, listInput.parse(input))

async function openUpload(): Promise<string> {
  const id = newId()
  await db()
    .insert(uploads)
    .values({ id, projectId: person.project.id, userId: person.userId, filename: 'model.onnx', sizeBytes: 100, status: 'verifying' })
  return id
}

describe('registering', () => {
  test('a new name makes the model and its version 1, a known one adds a version', async () => {
    const name = newName()
    expect(await registerModel(person, { name, files: files(), tags: { team: 'ml' } })).toMatchObject({
      name,
      latestVersion: 1,
      status: 'ready',
      tags: { team: 'ml' },
    })
    expect(await registerModel(person, { name, files: files(), tags: { stage: 'test' } })).toMatchObject({
      latestVersion: 2,
      tags: { team: 'ml', stage: 'test' },
    })
  })

  test('a known name keeps its tags and metadata within what a model takes', async () => {
    const name = newName()
    const many = (prefix: string, length: number) => Object.fromEntries(Array.from({ length }, (_, n) => [`${prefix}${n}`, 'x']))
    await registerModel(person, { name, files: files(), tags: many('a', 200), metadata: many('a', 200) })
    for (const field of ['tags', 'metadata']) {
      const error = toAppError(
        await registerModel(person, { name, files: files(), [field]: many('b', 1) }).catch((thrown: unknown) => thrown),
      )
      expect(error).toMatchObject({ code: 'bad_request', message: expect.stringContaining(field), details: [{ path: field }] })
    }
    const again = await registerModel(person, { name, files: files(), tags: many('a', 200) })
    expect(again.latestVersion).toBe(2)
    expect(await updateModel(person, { model: name, tags: again.tags })).toMatchObject({ tags: many('a', 200) })
  })

  test('a known name leaves a record of what it changed of the model', async () => {
    const name = newName()
    await registerModel(person, { name, files: files(), description: 'old', tags: { team: 'ml' } })
    const { id } = await registerModel(person, { name, files: files(), description: 'new', tags: { team: 'ml' } })
    const entries = await db().select().from(auditEvents).where(eq(auditEvents.targetId, id)).orderBy(auditEvents.id)
    expect(entries.filter(({ action }) => action === 'model.register').map(({ before, after }) => ({ before, after }))).toEqual([
      { before: { description: '', tags: {} }, after: { name, version: 1, description: 'old', tags: { team: 'ml' } } },
      { before: { description: 'old' }, after: { name, version: 2, description: 'new' } },
    ])
  })

  test('a hundred versions at once get numbers without a gap and without a double', async () => {
    const name = newName()
    // On a slow machine not all get a connection in time: such a one has changed nothing, and comes again.
    const register = (): Promise<unknown> =>
      registerModel(person, { name, files: files() }).catch((error) => {
        if (toAppError(error).code !== 'unavailable') throw error
        return register()
      })
    await Promise.all(Array.from({ length: 100 }, register))
    const { items } = await listVersions(person, { model: name, limit: 1000 })
    expect(items.map(({ version }) => version)).toEqual(Array.from(items, (_, index) => 100 - index))
    expect(items).toHaveLength(100)
  }, 60_000)

  test('what was registered is answered without a connection beside that of the change, so that nobody registers it twice', async () => {
    const pool = rawPool()
    const held = await Promise.all(Array.from({ length: pool.options.max - 1 }, () => pool.connect()))
    const taken = once(pool, 'acquire')
    const registered = registerModel(person, { name: newName(), files: files() })
    await taken
    // It gets the last connection as soon as the change lets go of it.
    const next = pool.connect()
    try {
      expect(await registered).toMatchObject({ latestVersion: 1, status: 'ready' })
    } finally {
      for (const connection of [...held, await next]) connection.release()
    }
  })

  test('a version waits for its upload, then is ready with the signature of its graph', async () => {
    const name = newName()
    const uploadId = await openUpload()
    expect(await registerModel(person, { name, files: [{ path: 'model.onnx', uploadId }] })).toMatchObject({ status: 'pending' })
    await transaction(async (tx) => {
      const digest = `${'0'.repeat(56)}${Date.now().toString(16).slice(-8)}`.padStart(64, '0')
      await tx.insert(artifacts).values({ sha256: digest, sizeBytes: 100, format: 'onnx', signature: exampleSignature })
      await tx.update(uploads).set({ status: 'ready', sha256: digest, format: 'onnx' }).where(eq(uploads.id, uploadId))
      await settleVersionsOf(tx, uploadId)
    })
    expect(await getVersion(person, { model: name, version: 1 })).toMatchObject({ status: 'ready', signature: exampleSignature })
    const model = await getModel(person, name)
    expect(model.status).toBe('ready')
    expect(await endOf(model.id)).toMatchObject({
      action: 'version.ready',
      source: 'system',
      userId: null,
      after: { version: 1, status: 'ready', format: 'onnx' },
      correlationId: person.correlationId,
    })
  })

  test('a version whose upload is rejected is rejected with the reason', async () => {
    const name = newName()
    const uploadId = await openUpload()
    await registerModel(person, { name, files: [{ path: 'model.onnx', uploadId }] })
    await transaction(async (tx) => {
      await tx.update(uploads).set({ status: 'rejected', reason: 'it ends in the middle' }).where(eq(uploads.id, uploadId))
      await settleVersionsOf(tx, uploadId)
    })
    expect(await getVersion(person, { model: name, version: 1 })).toMatchObject({
      status: 'rejected',
      statusMessage: 'model.onnx: it ends in the middle',
    })
    expect(await endOf((await getModel(person, name)).id)).toMatchObject({
      action: 'version.reject',
      after: { version: 1, status: 'rejected', reason: 'model.onnx: it ends in the middle' },
      correlationId: person.correlationId,
    })
  })

  test("content of another project can not be registered by its digest, nor another's upload", async () => {
    await expect(registerModel(stranger, { name: newName(), files: files() })).rejects.toMatchObject({ code: 'not_found' })
    const uploadId = await openUpload()
    await expect(registerModel(stranger, { name: newName(), files: [{ path: 'model.onnx', uploadId }] })).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  test('files that nothing can serve are kept, and the version says so', async () => {
    const name = newName()
    await registerModel(person, { name, files: [{ path: 'weights.bin', sha256: await makeArtifact(person, 'unknown', null) }] })
    expect(await getVersion(person, { model: name, version: 1 })).toMatchObject({
      status: 'ready',
      signature: null,
      statusMessage: expect.stringContaining('can not be deployed'),
    })
  })

  test('the number of a deleted version is not given again', async () => {
    const name = newName()
    await registerModel(person, { name, files: files() })
    await registerModel(person, { name, files: files() })
    await deleteVersion(person, { model: name, version: 2 })
    expect(await getModel(person, name)).toMatchObject({ latestVersion: 1 })
    await registerModel(person, { name, files: files() })
    expect(await getModel(person, name)).toMatchObject({ latestVersion: 3 })
  })

  test('each change leaves a record of who made it', async () => {
    const name = newName()
    const { id } = await registerModel(person, { name, files: files() })
    await updateModel(person, { model: name, description: 'new' })
    await deleteModel(person, name)
    const events = await db().select().from(auditEvents).where(eq(auditEvents.targetId, id))
    expect(events.map(({ action, userId }) => [action, userId])).toEqual([
      ['model.register', person.userId],
      ['version.ready', null],
      ['model.update', person.userId],
      ['model.delete', person.userId],
    ])
  })
})

describe('what is not of one’s project does not exist', () => {
  test('get, list, change and delete', async () => {
    const name = newName()
    const { id } = await registerModel(person, { name, files: files() })
    const missing = { code: 'not_found' }
    await expect(getModel(stranger, id)).rejects.toMatchObject(missing)
    await expect(getModel(stranger, name)).rejects.toMatchObject(missing)
    await expect(updateModel(stranger, { model: id, description: 'x' })).rejects.toMatchObject(missing)
    await expect(deleteModel(stranger, id)).rejects.toMatchObject(missing)
    await expect(getVersion(stranger, { model: id, version: 1 })).rejects.toMatchObject(missing)
    expect((await listModels(stranger, listInput.parse({}))).items).toEqual([])
  })
})

describe('aliases', () => {
  test('fifty moves at once end as the history says', async () => {
    const name = newName()
    for (let version = 0; version < 3; version++) await registerModel(person, { name, files: files() })
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        setAlias(person, { model: name, alias: 'champion', version: (index % 3) + 1, reason: `move ${index}` }),
      ),
    )
    const model = await getModel(person, name)
    const moves = await db().select().from(modelAliasMoves).where(eq(modelAliasMoves.modelId, model.id))
    expect(moves).toHaveLength(50)
    // Every move starts where another one ended: they happened one after the other.
    const starts = moves.map((move) => move.fromVersion).filter((version) => version !== null)
    const ends = moves.map((move) => move.toVersion as number)
    const left = [...ends]
    for (const start of starts) left.splice(left.indexOf(start), 1)
    expect(left).toEqual([model.aliases.champion])
    expect((await listAliasMoves(person, name)).length).toBe(50)
  }, 60_000)

  test('only a ready version takes one, and a version that has one can not be deleted', async () => {
    const name = newName()
    await registerModel(person, { name, files: files() })
    await registerModel(person, { name, files: [{ path: 'model.onnx', uploadId: await openUpload() }] })
    await expect(setAlias(person, { model: name, alias: 'champion', version: 2 })).rejects.toMatchObject({ code: 'conflict' })
    await setAlias(person, { model: name, alias: 'champion', version: 1 })
    await expect(deleteVersion(person, { model: name, version: 1 })).rejects.toMatchObject({ code: 'conflict' })
  })
})

describe('lists', () => {
  test('a filter finds models by tags, metadata, and status', async () => {
    const marked = newName()
    await registerModel(person, {
      name: marked,
      files: files(),
      tags: { owner: "o'neil" },
      metadata: { data: { rows: 1200 }, kind: 'tree' },
    })
    await registerModel(person, { name: newName(), files: files(), tags: { owner: 'ada' }, metadata: { data: { rows: 5 } } })
    const names = async (filter: string) => (await listAll({ filter })).items.map((model) => model.name)
    expect(await names("tags.owner = 'o\\'neil'")).toEqual([marked])
    expect(await names('metadata.data.rows > 1000')).toEqual([marked])
    expect(await names("metadata.kind = 'tree' and status = 'ready'")).toEqual([marked])
    expect(await names("metadata.kind = 'tree' and status = 'rejected'")).toEqual([])
  })

  test('a broken filter says what was expected', async () => {
    await expect(listAll({ filter: 'tags.a =' })).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('expected a value'),
    })
  })

  test.each(['updated_at desc', 'created_at asc', 'name asc', 'name desc'])(
    'pages in the order %s hold every model once',
    async (orderBy) => {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await listAll({ orderBy, limit: 3, cursor })
        seen.push(...page.items.map((model) => model.id))
        cursor = page.nextCursor ?? undefined
      } while (cursor)
      const all = await listAll({ orderBy, limit: 1000 })
      expect(seen).toEqual(all.items.map((model) => model.id))
      expect(new Set(seen).size).toBe(all.total)
    },
  )

  test('what is searched for stands for itself', async () => {
    const name = newName()
    await registerModel(person, { name: `${name}_x`, files: files() })
    expect((await listAll({ q: `${name}_` })).items).toHaveLength(1)
    expect((await listAll({ q: '%' })).items).toHaveLength(0)
    expect((await listAll({ q: "'; drop table models; --" })).items).toHaveLength(0)
  })

  test.each(['nonsense', Buffer.from('[1,2]').toString('base64url'), Buffer.from('["x","y"]').toString('base64url')])(
    'the cursor %s is refused',
    async (cursor) => {
      await expect(listAll({ cursor })).rejects.toThrow()
    },
  )
})
