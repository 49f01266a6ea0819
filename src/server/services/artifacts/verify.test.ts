import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { and, eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { db } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { artifactGrants, artifacts, uploads } from '#src/server/db/schema.ts'
import { take } from '#src/server/jobs/queues.ts'
import { openStores, staging, store } from '#src/server/storage/index.ts'
import { useDatabase } from '#src/testing/database.ts'
import { caller, makeKey, makeProject, makeRuntime, makeUser } from '#src/testing/factories.ts'
import { onnxFile } from '#src/testing/onnx.ts'
import type { Caller } from '../access.ts'
import { openReceiver } from './receiver.ts'
import { reconcileUploads } from './reconcile.ts'
import { createUpload, getUpload, listUploads, type NewUpload } from './uploads.ts'
import { verifyUpload } from './verify.ts'

useDatabase()
const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-verify-'))
let manager: Caller

beforeAll(async () => {
  openStores({ artifactDir: join(folder, 'artifacts'), uploadDir: join(folder, 'uploads') })
  manager = await caller(await makeKey(await makeUser('manager')))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const digestOf = (content: Buffer) => createHash('sha256').update(content).digest('hex')
const rowOf = async (id: string) => (await db().select().from(uploads).where(eq(uploads.id, id)))[0]
const artifactOf = async (sha256: string) => (await db().select().from(artifacts).where(eq(artifacts.sha256, sha256)))[0]

async function open(sizeBytes: number, values: Partial<NewUpload> = {}, who = manager): Promise<string> {
  const id = newId()
  await createUpload(who, { id, filename: 'data.bin', sizeBytes, expectedSha256: null, metadata: null, ...values })
  return id
}

async function write(id: string, content: Buffer, who = manager): Promise<void> {
  const receiver = await openReceiver(who, id, { offset: 0, lengthBytes: content.length })
  receiver.take(content)
  await receiver.commit()
}

/** An upload whose bytes are all there: `verifying`. */
async function uploaded(content: Buffer, values: Partial<NewUpload> = {}, who = manager): Promise<string> {
  const id = await open(content.length, values, who)
  await write(id, content, who)
  return id
}

/** As if the process had died right after the last byte, before the row could say so; last touched `agoMs` ago. */
async function leftComplete(content: Buffer, agoMs: number): Promise<string> {
  const id = await open(content.length)
  const writer = await staging().openWriter(id, 0)
  writer.take(content)
  await writer.end(content.length)
  const then = (Date.now() - agoMs) / 1000
  utimesSync(staging().pathOf(id), then, then)
  return id
}

describe('verifyUpload', () => {
  it('keeps what it finds whole, and lets its project read it', async () => {
    const content = randomBytes(2_500_000)
    const id = await uploaded(content, { expectedSha256: digestOf(content) })
    await verifyUpload(id)
    expect(await rowOf(id)).toMatchObject({ status: 'ready', format: 'unknown', sha256: digestOf(content), reason: null })
    expect(readFileSync(store().pathOf(digestOf(content))).equals(content)).toBe(true)
    expect(existsSync(staging().pathOf(id))).toBe(false)
    const grant = and(eq(artifactGrants.sha256, digestOf(content)), eq(artifactGrants.projectId, manager.project.id))
    expect(await db().$count(artifactGrants, grant)).toBe(1)
    expect(await getUpload(manager, id)).toMatchObject({ status: 'ready', offsetBytes: content.length })
  })

  it('finds the signature of a model', async () => {
    const content = onnxFile()
    const id = await uploaded(content, { filename: 'model.onnx' })
    await verifyUpload(id)
    expect(await artifactOf(digestOf(content))).toMatchObject({
      format: 'onnx',
      signature: { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }] },
    })
  })

  it('finds the digest itself when nobody has seen all bytes go by', async () => {
    const content = randomBytes(1_500_000)
    const id = await leftComplete(content, 10_000)
    await reconcileUploads()
    expect(await rowOf(id)).toMatchObject({ status: 'verifying', sha256: null })
    await verifyUpload(id)
    expect(await rowOf(id)).toMatchObject({ status: 'ready', sha256: digestOf(content) })
  })

  it.each<[string, Buffer, Partial<NewUpload>, RegExp]>([
    ['another digest than announced', Buffer.from('abc'), { expectedSha256: 'a'.repeat(64) }, /SHA-256 is ba7816bf.*but aaaa/],
    ['a model that is none', Buffer.from('89504e470d0a1a0a', 'hex'), { filename: 'model.onnx' }, /PNG image/],
    ['a model of no bytes', Buffer.alloc(0), { filename: 'model.onnx' }, /empty/],
  ])('rejects %s, keeps nothing of it, and says why', async (_name, content, values, reason) => {
    const id = await uploaded(content, values)
    await verifyUpload(id)
    expect(await rowOf(id)).toMatchObject({ status: 'rejected', format: null, reason: expect.stringMatching(reason) })
    expect(await store().has(digestOf(content))).toBe(false)
    expect(existsSync(staging().pathOf(id))).toBe(false)
    expect(await artifactOf(digestOf(content))).toBeUndefined()
  })

  it('rejects a file that is shorter than its row says, and one that is gone', async () => {
    const id = await uploaded(Buffer.from('abcdef'))
    writeFileSync(staging().pathOf(id), 'abc')
    await verifyUpload(id)
    expect((await rowOf(id))?.reason).toMatch(/has 3 bytes, but 6/)
    const gone = await uploaded(Buffer.from('abcdefg'))
    await staging().remove(gone)
    await verifyUpload(gone)
    expect((await rowOf(gone))?.reason).toMatch(/no longer there/)
  })

  it('goes on where a killed run stopped: after the bytes had moved into the store', async () => {
    const content = randomBytes(5000)
    const id = await uploaded(content)
    await store().adopt(staging().pathOf(id), digestOf(content))
    await verifyUpload(id)
    expect(await rowOf(id)).toMatchObject({ status: 'ready', sha256: digestOf(content) })
  })

  it('is the same once, twice and at the same time, and again when all is over', async () => {
    const content = randomBytes(300_000)
    const [one, other] = [await uploaded(content), await uploaded(content)]
    await Promise.allSettled([verifyUpload(one), verifyUpload(one), verifyUpload(other)])
    for (const id of [one, other, one]) await verifyUpload(id)
    expect([(await rowOf(one))?.status, (await rowOf(other))?.status]).toEqual(['ready', 'ready'])
    expect(await db().$count(artifacts, eq(artifacts.sha256, digestOf(content)))).toBe(1)
    expect(statSync(store().pathOf(digestOf(content))).size).toBe(content.length)
  })

  it('learns from a telling name what the same bytes are', async () => {
    const content = Buffer.from(`a,b\n1,${Math.random()}\n`)
    await verifyUpload(await uploaded(content, { filename: 'notes' }))
    expect((await artifactOf(digestOf(content)))?.format).toBe('unknown')
    await verifyUpload(await uploaded(content, { filename: 'notes.csv' }))
    expect((await artifactOf(digestOf(content)))?.format).toBe('csv')
    await verifyUpload(await uploaded(content, { filename: 'notes.bin' }))
    expect((await artifactOf(digestOf(content)))?.format).toBe('csv')
  })
})

describe('reconcileUploads', () => {
  it('leaves alone what is still being written', async () => {
    const id = await leftComplete(Buffer.from('abc'), 0)
    await reconcileUploads()
    expect((await rowOf(id))?.status).toBe('uploading')
  })

  it('sends a verification again that got lost, and only that', async () => {
    const waiting = async (id: string) => {
      const { rows } = await db().execute(
        sql`select count(*)::int as n from pgboss.job where name = 'verify-upload' and data->>'uploadId' = ${id} and state < 'completed'`,
      )
      return rows[0]?.n
    }
    const [lost, queued] = [await uploaded(Buffer.from('lost')), await uploaded(Buffer.from('queued'))]
    await db().execute(sql`delete from pgboss.job where name = 'verify-upload' and data->>'uploadId' = ${lost}`)
    await reconcileUploads()
    expect(await waiting(lost)).toBe(0)
    await db()
      .update(uploads)
      .set({ updatedAt: new Date(Date.now() - 60_000) })
    await reconcileUploads()
    await reconcileUploads()
    expect([await waiting(lost), await waiting(queued)]).toEqual([1, 1])
  })

  it('ends what was not finished in seven days, with its bytes', async () => {
    const id = await open(10)
    await db()
      .update(uploads)
      .set({ createdAt: new Date(Date.now() - 8 * 86_400_000) })
      .where(eq(uploads.id, id))
    await reconcileUploads()
    expect(await rowOf(id)).toBeUndefined()
    expect(existsSync(staging().pathOf(id))).toBe(false)
  })

  it('clears files that no row knows, when they are old', async () => {
    const [old, young] = [newId(), newId()]
    await staging().create(old)
    await staging().create(young)
    const then = Date.now() / 1000 - 2 * 3600
    utimesSync(staging().pathOf(old), then, then)
    await reconcileUploads(Date.now() + 700_000)
    expect([
      existsSync(staging().pathOf(old)),
      existsSync(`${staging().pathOf(old)}.durable`),
      existsSync(staging().pathOf(young)),
    ]).toEqual([false, false, true])
  })
})

describe('who sees an upload', () => {
  it('is whoever may read in its project, and its runtime', async () => {
    const id = await open(10, { filename: 'mine.csv' })
    const viewer = await caller(await makeUser('viewer'))
    expect(await getUpload(viewer, id)).toMatchObject({ id, filename: 'mine.csv', status: 'uploading', offsetBytes: 0, sizeBytes: 10 })
    expect(await listUploads(viewer, { limit: 10 })).toEqual([])
    expect((await listUploads(manager, { limit: 2 }))[0]?.id).toBe(id)
    const project = await makeProject()
    const elsewhere = await caller(await makeKey(await makeUser('admin'), 'admin', project))
    await expect(getUpload(elsewhere, id)).rejects.toMatchObject({ code: 'not_found' })
    const [one, other] = [
      await caller((await makeRuntime('training')).credential),
      await caller((await makeRuntime('training')).credential),
    ]
    const result = await open(10, {}, one)
    expect((await getUpload(one, result)).id).toBe(result)
    await expect(getUpload(other, result)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('puts the job in the queue in the same breath as the row', async () => {
    await db().execute(sql`delete from pgboss.job where name = 'verify-upload'`)
    const id = await uploaded(Buffer.from('x'))
    expect(await take(db(), 'verify-upload')).toMatchObject({ uploadId: id })
  })
})
