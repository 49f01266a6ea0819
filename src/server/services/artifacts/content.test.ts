import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { db } from '#src/server/db/client.ts'
import { artifactGrants, artifacts } from '#src/server/db/schema.ts'
import { openStores, store } from '#src/server/storage/index.ts'
import { useDatabase } from '#src/testing/database.ts'
import { caller, makeProject, makeRuntime, makeUser } from '#src/testing/factories.ts'
import { call } from '#src/testing/uploadDoor.ts'
import { openArtifact, sendArtifact } from './content.ts'
import { parseRange } from './range.ts'

useDatabase()
const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-content-'))
const content = randomBytes(20_000_000)
const sha256 = createHash('sha256').update(content).digest('hex')
const etag = `"${sha256}"`
const server = createServer(
  (req, res) => void sendArtifact(req, res, { sha256, sizeBytes: content.length, filename: decodeURIComponent(req.url?.slice(1) ?? '') }),
)
let url: string

beforeAll(async () => {
  openStores({ artifactDir: join(folder, 'artifacts'), uploadDir: join(folder, 'uploads') })
  writeFileSync(join(folder, 'staged'), content)
  await store().adopt(join(folder, 'staged'), sha256)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.bin`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

async function get(headers: Record<string, string> = {}, method = 'GET', address = url) {
  const response = await fetch(address, { method, headers })
  return { status: response.status, headers: Object.fromEntries(response.headers), body: Buffer.from(await response.arrayBuffer()) }
}

describe('sendArtifact', () => {
  it('X3: sends all of it, as a file that no browser takes for a page', async () => {
    const { status, headers, body } = await get()
    expect(status).toBe(200)
    expect(body.equals(content)).toBe(true)
    expect(headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': String(content.length),
      'content-disposition': 'attachment; filename="model.bin"; filename*=UTF-8\'\'model.bin',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'accept-ranges': 'bytes',
      etag,
    })
  })

  it.each([
    ['bytes=0-0', 0, 0],
    ['bytes=1048575-1048577', 1048575, 1048577],
    ['bytes=19999990-', 19999990, 19999999],
    ['bytes=-5', 19999995, 19999999],
    ['bytes=19999000-99999999', 19999000, 19999999],
    ['bytes=-99999999', 0, 19999999],
  ])('answers %s with that part', async (range, start, end) => {
    const { status, headers, body } = await get({ range })
    expect([status, headers['content-range']]).toEqual([206, `bytes ${start}-${end}/20000000`])
    expect(body.equals(content.subarray(start, end + 1))).toBe(true)
  })

  it.each(['bytes=20000000-', 'bytes=99999999-999999999', 'bytes=-0'])('refuses %s', async (range) => {
    const { status, headers, body } = await get({ range })
    expect([status, headers['content-range'], body.length]).toEqual([416, 'bytes */20000000', 0])
  })

  it.each(['bytes=5-2', 'bytes=a-b', 'items=0-1', 'bytes=0-1,5-6', 'bytes=-', `bytes=${'9'.repeat(30)}-`])(
    'answers %s with the whole',
    async (range) => {
      const { status, body } = await get({ range })
      expect([status, body.length]).toEqual([200, content.length])
    },
  )

  it('minds what the client has', async () => {
    expect((await get({ 'if-none-match': etag })).status).toBe(304)
    expect((await get({ 'if-none-match': `"x", W/${etag}` })).status).toBe(304)
    expect((await get({ 'if-none-match': '"x"' }, 'HEAD')).status).toBe(200)
    expect((await get({ range: 'bytes=0-1', 'if-range': etag })).status).toBe(206)
    expect((await get({ range: 'bytes=0-1', 'if-range': '"other"' })).body.length).toBe(content.length)
  })

  it('tells HEAD the same without the bytes', async () => {
    const { status, headers, body } = await get({ range: 'bytes=0-9' }, 'HEAD')
    expect([status, headers['content-length'], body.length]).toEqual([206, '10', 0])
    expect((await get({}, 'HEAD')).headers['content-length']).toBe(String(content.length))
  })

  it('names the file as its owner does, whatever the name', async () => {
    const base = url.replace('/model.bin', '/')
    const dispositionOf = async (name: string) => (await get({}, 'HEAD', base + encodeURIComponent(name))).headers['content-disposition']
    expect(await dispositionOf('a/b/Grüße "1"\r\nX: y.csv')).toBe(
      'attachment; filename="Gr__e__1___X__y.csv"; filename*=UTF-8\'\'Gr%C3%BC%C3%9Fe%20%221%22%0D%0AX%3A%20y.csv',
    )
    expect(await dispositionOf("it's(*).bin")).toContain("filename*=UTF-8''it%27s%28%2A%29.bin")
  })

  it('closes the file when the client goes away', async () => {
    const openFiles = () => readdirSync('/proc/self/fd').length
    const before = openFiles()
    for (let at = 0; at < 20; at++) {
      const req = request(url, { agent: false }).end()
      const [res] = await once(req, 'response')
      await once(res, 'readable')
      req.destroy()
    }
    await vi.waitFor(() => expect(openFiles()).toBeLessThanOrEqual(before + 3), 5_000)
    expect((await call(url, 'GET', { range: 'bytes=0-0' })).status).toBe(206)
  })
})

describe('openArtifact', () => {
  it('opens for the projects that hold it, and for whom it was granted otherwise', async () => {
    await db().insert(artifacts).values({ sha256, sizeBytes: content.length, format: 'unknown' })
    const [mine, other] = [await makeProject(), await makeProject()]
    await db().insert(artifactGrants).values({ projectId: mine.id, sha256 })
    const admin = await makeUser('admin')
    const stream = await openArtifact(await caller(admin, mine.name), sha256, { start: 3, end: 4 })
    for await (const chunk of stream) expect(chunk).toEqual(content.subarray(3, 5))
    await expect(openArtifact(await caller(admin, other.name), sha256)).rejects.toMatchObject({ code: 'not_found' })
    await expect(openArtifact(await caller(admin, mine.name), '../../etc/passwd')).rejects.toMatchObject({ code: 'not_found' })
    const runtime = await caller((await makeRuntime('inference')).credential)
    await expect(openArtifact(runtime, sha256)).rejects.toMatchObject({ code: 'not_found' })
    ;(await openArtifact(runtime, sha256, undefined, { allowAny: true })).destroy()
  })
})

describe('parseRange', () => {
  it('has no part of nothing', () => {
    expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable')
    expect(parseRange('bytes=-1', 0)).toBe('unsatisfiable')
    expect(parseRange(undefined, 0)).toBeUndefined()
  })
})
