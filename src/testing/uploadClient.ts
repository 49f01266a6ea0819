/** The upload door in this process, with a database, a folder and a user of its own, for the test file that calls it. */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, vi } from 'vitest'
import { db } from '#src/server/db/client.ts'
import { uploads } from '#src/server/db/schema.ts'
import { openStores, staging } from '#src/server/storage/index.ts'
import { useDatabase } from './database.ts'
import { makeKey, makeUser, type TestUser } from './factories.ts'
import { call, openUploadDoor, type Reply, type UploadDoor } from './uploadDoor.ts'

export type Headers = Record<string, string | string[]>

const appendType = 'application/offset+octet-stream'

export const base64 = (text: string): string => Buffer.from(text).toString('base64')
/** The metadata of an upload called data.bin. */
export const named = `filename ${base64('data.bin')}`
export const idOf = (path: string): string => path.split('/').at(-1) as string
export const stagedPath = (path: string): string => staging().pathOf(idOf(path))

export async function rowOf(path: string) {
  const [row] = await db()
    .select()
    .from(uploads)
    .where(eq(uploads.id, idOf(path)))
  return row
}

/** Waits until a PATCH is being received: the server writes when a mebibyte has come. */
export const isReceiving = (path: string) => vi.waitFor(() => expect(statSync(stagedPath(path)).size).toBeGreaterThan(0), 10_000)

/** What one user does with the door; a new user for every test. */
export class UploadClient {
  door!: UploadDoor
  owner!: TestUser
  key!: string

  /** A tus request as this user, or as whoever `bearer` names. */
  send(method: string, path: string, headers: Headers = {}, body?: Buffer, bearer = this.key): Promise<Reply> {
    return call(this.door.url + path, method, { authorization: `Bearer ${bearer}`, 'tus-resumable': '1.0.0', ...headers }, body)
  }

  create(bytes: number, headers: Headers = {}, bearer = this.key): Promise<Reply> {
    return this.send('POST', '/uploads', { 'upload-length': String(bytes), 'upload-metadata': named, ...headers }, undefined, bearer)
  }

  patch(path: string, offset: number | string, body: Buffer, headers: Headers = {}, bearer = this.key): Promise<Reply> {
    return this.send('PATCH', path, { 'upload-offset': String(offset), 'content-type': appendType, ...headers }, body, bearer)
  }

  /** @returns the address of a new upload. */
  async made(bytes: number, bearer = this.key): Promise<string> {
    const { status, headers } = await this.create(bytes, {}, bearer)
    expect(status).toBe(201)
    return String(headers.location)
  }

  async offsetAt(path: string): Promise<string | undefined> {
    return (await this.send('HEAD', path)).headers['upload-offset'] as string | undefined
  }

  /** A PATCH whose body the test sends bit by bit; `status` is 0 when the connection breaks. */
  openPatch(path: string, length: number | undefined) {
    const framing: Headers = length === undefined ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(length) }
    const own = { authorization: `Bearer ${this.key}`, 'tus-resumable': '1.0.0', 'upload-offset': '0', 'content-type': appendType }
    const req = request(this.door.url + path, { method: 'PATCH', agent: false, headers: { ...own, ...framing } })
    const status = new Promise<number>((resolve) => {
      req.on('error', () => resolve(0))
      req.on('response', (res) => {
        res.resume()
        resolve(res.statusCode ?? 0)
      })
    })
    return { req, status }
  }
}

export function useUploadClient(): UploadClient {
  useDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-tus-'))
  const client = new UploadClient()
  beforeAll(async () => {
    openStores({ artifactDir: join(folder, 'artifacts'), uploadDir: join(folder, 'uploads') })
    client.door = await openUploadDoor()
  })
  beforeEach(async () => {
    client.owner = await makeUser('manager')
    client.key = await makeKey(client.owner)
  })
  afterAll(async () => {
    await client.door.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return client
}
