import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { Upload } from 'tus-js-client'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { db } from '#src/server/db/client.ts'
import { auditEvents, uploads } from '#src/server/db/schema.ts'
import { openStores, staging } from '#src/server/storage/index.ts'
import { DiskFailure } from '#src/server/storage/stagingWriter.ts'
import { useDatabase } from '#src/testing/database.ts'
import { addMember, makeKey, makeProject, makeRuntime, makeUser } from '#src/testing/factories.ts'
import { call, openUploadDoor, type Reply, type UploadDoor } from '#src/testing/uploadDoor.ts'

useDatabase()
const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-tus-'))
let door: UploadDoor
let key: string
let owner: Awaited<ReturnType<typeof makeUser>>

beforeAll(async () => {
  openStores({ artifactDir: join(folder, 'artifacts'), uploadDir: join(folder, 'uploads') })
  door = await openUploadDoor()
})
beforeEach(async () => {
  owner = await makeUser('manager')
  key = await makeKey(owner)
})
afterAll(async () => {
  await door.close()
  rmSync(folder, { recursive: true, force: true })
})

const base64 = (text: string) => Buffer.from(text).toString('base64')
const named = `filename ${base64('data.bin')}`
type Headers = Record<string, string | string[]>

const send = (method: string, path: string, headers: Headers = {}, body?: Buffer, bearer = key): Promise<Reply> =>
  call(door.url + path, method, { authorization: `Bearer ${bearer}`, 'tus-resumable': '1.0.0', ...headers }, body)
const create = (bytes: number, headers: Headers = {}, bearer = key) =>
  send('POST', '/uploads', { 'upload-length': String(bytes), 'upload-metadata': named, ...headers }, undefined, bearer)
const patch = (path: string, offset: number | string, body: Buffer, headers: Headers = {}, bearer = key) =>
  send('PATCH', path, { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream', ...headers }, body, bearer)

async function made(bytes: number, bearer = key): Promise<string> {
  const { status, headers } = await create(bytes, {}, bearer)
  expect(status).toBe(201)
  return String(headers.location)
}

const idOf = (path: string) => path.split('/').at(-1) as string
const offsetAt = async (path: string) => (await send('HEAD', path)).headers['upload-offset']
const rowOf = async (path: string) =>
  (
    await db()
      .select()
      .from(uploads)
      .where(eq(uploads.id, idOf(path)))
  )[0]
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

/** A PATCH whose body the test sends bit by bit. */
function openPatch(path: string, length: number | undefined, offset = 0) {
  const headers = {
    authorization: `Bearer ${key}`,
    'tus-resumable': '1.0.0',
    'upload-offset': String(offset),
    'content-type': 'application/offset+octet-stream',
  }
  const req = request(door.url + path, {
    method: 'PATCH',
    agent: false,
    headers: { ...headers, ...(length === undefined ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(length) }) },
  })
  const status = new Promise<number>((resolve) => {
    req.on('error', () => resolve(0))
    req.on('response', (res) => {
      res.resume()
      resolve(res.statusCode ?? 0)
    })
  })
  return { req, status }
}

/** Waits until a PATCH is being received: it writes when a mebibyte has come. */
const isReceiving = (path: string) => vi.waitFor(() => expect(statSync(staging().pathOf(idOf(path))).size).toBeGreaterThan(0), 10_000)

describe('what is said of itself', () => {
  it('answers OPTIONS with version, extensions and the largest size', async () => {
    const { status, headers } = await send('OPTIONS', '/uploads')
    expect(status).toBe(204)
    expect(headers).toMatchObject({
      'tus-version': '1.0.0',
      'tus-max-size': String(1024 ** 4),
      'tus-checksum-algorithm': 'sha1,sha256,md5',
    })
    expect(String(headers['tus-extension']).split(',').sort()).toEqual([
      'checksum',
      'creation',
      'creation-with-upload',
      'expiration',
      'termination',
    ])
  })

  it('tells nobody anything who does not say who they are', async () => {
    const path = await made(3)
    for (const method of ['OPTIONS', 'GET', 'POST', 'HEAD', 'PATCH', 'DELETE', 'PUT', 'TRACE']) {
      for (const address of ['/uploads', path])
        expect((await call(door.url + address, method, { 'tus-resumable': '1.0.0' })).status).toBe(401)
    }
  })

  it('answers errors as the rest of the server does', async () => {
    const { headers, body } = await send('POST', '/uploads')
    expect(headers['content-type']).toBe('application/json')
    expect(JSON.parse(body)).toEqual({ error: { code: 'bad_request', message: 'Upload-Length is missing.', correlation_id: 'test' } })
  })
})

describe('the way of an upload', () => {
  it('creates, appends, and sends it to be verified with its digest', async () => {
    const content = randomBytes(3_000_000)
    const path = await made(content.length)
    expect(path).toMatch(/^\/uploads\/[0-9a-f]{8}-[0-9a-f]{4}-7/)
    const first = await patch(path, 0, content.subarray(0, 1_234_567))
    expect(first).toMatchObject({ status: 204, headers: { 'upload-offset': '1234567', 'tus-resumable': '1.0.0' } })
    expect(Date.parse(String(first.headers['upload-expires'])) - Date.now()).toBeGreaterThan(6.9 * 86_400_000)
    expect(await offsetAt(path)).toBe('1234567')
    expect((await patch(path, 1_234_567, content.subarray(1_234_567))).status).toBe(204)
    expect(await rowOf(path)).toMatchObject({ status: 'verifying', sha256: sha256(content), filename: 'data.bin', userId: owner.id })
    expect(readFileSync(staging().pathOf(idOf(path))).equals(content)).toBe(true)
    const [audit] = await db()
      .select()
      .from(auditEvents)
      .where(eq(auditEvents.targetId, idOf(path)))
    expect(audit).toMatchObject({ action: 'upload.create', userId: owner.id })
  })

  it('takes the first bytes with the creation', async () => {
    const content = randomBytes(70_000)
    const { status, headers } = await send(
      'POST',
      '/uploads',
      { 'upload-length': '70000', 'upload-metadata': named, 'content-type': 'application/offset+octet-stream' },
      content,
    )
    expect(status).toBe(201)
    expect(headers['upload-offset']).toBe('70000')
    expect(await rowOf(String(headers.location))).toMatchObject({ status: 'verifying', sha256: sha256(content) })
  })

  it('finishes an upload of no bytes at once', async () => {
    expect(await rowOf(await made(0))).toMatchObject({ status: 'verifying', sizeBytes: 0 })
  })

  it('gives the metadata back as it came', async () => {
    const metadata = `filename ${base64('Grüße.csv')},purpose,sha256 ${base64('A'.repeat(64))}`
    const { headers } = await create(10, { 'upload-metadata': metadata })
    const { headers: head } = await send('HEAD', String(headers.location))
    expect(head).toMatchObject({ 'upload-metadata': metadata, 'upload-length': '10', 'upload-offset': '0', 'cache-control': 'no-store' })
    expect(await rowOf(String(headers.location))).toMatchObject({ filename: 'Grüße.csv', expectedSha256: 'a'.repeat(64) })
  })

  it('serves the client that people use, over a broken connection', async () => {
    const content = randomBytes(5_000_000)
    let hasBroken = false
    const upload = new Upload(content, {
      endpoint: `${door.url}/uploads`,
      headers: { authorization: `Bearer ${key}` },
      metadata: { filename: 'model.bin' },
      chunkSize: 1_500_000,
      retryDelays: [0, 50, 100],
      onProgress: (sent) => {
        if (sent > 2_000_000 && !hasBroken) {
          hasBroken = true
          door.server.closeAllConnections()
        }
      },
    })
    await new Promise<void>((resolve, reject) => {
      upload.options.onSuccess = () => resolve()
      upload.options.onError = reject
      upload.start()
    })
    expect(hasBroken).toBe(true)
    const path = String(upload.url).replace(door.url, '')
    expect(readFileSync(staging().pathOf(idOf(path))).equals(content)).toBe(true)
  })

  it('is ended by its owner, once, and leaves nothing', async () => {
    const path = await made(10)
    await patch(path, 0, Buffer.from('12345'))
    expect((await send('DELETE', path)).status).toBe(204)
    expect((await send('DELETE', path)).status).toBe(404)
    expect((await send('HEAD', path)).status).toBe(404)
    expect(readdirSync(join(folder, 'uploads')).filter((name) => name.startsWith(idOf(path)))).toEqual([])
  })
})

describe('headers', () => {
  it.each([
    ['none', undefined],
    ['0.2.2', '0.2.2'],
  ])('T1: refuses version %s with 412 and says which it speaks', async (_name, version) => {
    const path = await made(3)
    for (const [method, address] of [
      ['POST', '/uploads'],
      ['HEAD', path],
      ['PATCH', path],
      ['DELETE', path],
    ] as const) {
      const reply = await call(door.url + address, method, {
        authorization: `Bearer ${key}`,
        ...(version ? { 'tus-resumable': version } : {}),
      })
      expect(reply).toMatchObject({ status: 412, headers: { 'tus-version': '1.0.0' } })
    }
  })

  it.each<[string | string[], number]>([
    ['-1', 400],
    ['1e3', 400],
    ['0x10', 400],
    [String(2n ** 63n), 400],
    [String(2n ** 53n + 1n), 400],
    ['1, 1', 400],
    [['1', '1'], 400],
    ['', 400],
    ['01', 400],
    ['1.5', 400],
    ['NaN', 400],
    [String(1024 ** 4 + 1), 413],
  ])('T2: answers Upload-Length %s with %i', async (length, status) => {
    expect((await send('POST', '/uploads', { 'upload-length': length, 'upload-metadata': named })).status).toBe(status)
  })

  it('T3: wants a length, now, and once', async () => {
    const deferred: Headers[] = [
      { 'upload-defer-length': '1' },
      { 'upload-defer-length': '2' },
      { 'upload-length': '5', 'upload-defer-length': '1' },
      {},
    ]
    for (const headers of deferred) expect((await send('POST', '/uploads', { 'upload-metadata': named, ...headers })).status).toBe(400)
    const path = await made(5)
    expect((await patch(path, 0, Buffer.from('1'), { 'upload-length': '9' })).status).toBe(400)
    expect(await offsetAt(path)).toBe('0')
  })

  it.each<[string | undefined, number]>([
    ['-1', 400],
    ['NaN', 400],
    ['1e1', 400],
    [undefined, 400],
    ['11', 409],
    ['0', 409],
    ['7', 409],
  ])('T4: answers offset %s with %i and keeps the file as it is', async (offset, status) => {
    const path = await made(10)
    await patch(path, 0, Buffer.from('12345'))
    const headers: Headers = {
      'content-type': 'application/offset+octet-stream',
      ...(offset === undefined ? {} : { 'upload-offset': offset }),
    }
    expect((await send('PATCH', path, headers, Buffer.from('xxx'))).status).toBe(status)
    expect(readFileSync(staging().pathOf(idOf(path)), 'utf8')).toBe('12345')
    expect(await offsetAt(path)).toBe('5')
  })

  it('T7: wants its content type', async () => {
    const path = await made(3)
    for (const type of ['application/json', 'application/octet-stream', ''])
      expect((await patch(path, 0, Buffer.from('abc'), { 'content-type': type })).status).toBe(415)
    expect((await send('PATCH', path, { 'upload-offset': '0' }, Buffer.from('abc'))).status).toBe(415)
  })

  it.each([
    ['no filename', `purpose ${base64('x')}`],
    ['nothing', ''],
    ['bad base64', 'filename n$t'],
    ['truncated base64', 'filename YQ'],
    ['an empty key', ` ${base64('x')}`],
    ['a key twice', `${named},${named}`],
    ['a value too many', `filename ${base64('x')} ${base64('y')}`],
    ['too much', `${named},note ${base64('x'.repeat(7000))}`],
    ['NUL in the name', `filename ${base64('a\0b')}`],
    ['CRLF in the name', `filename ${base64('a\r\nSet-Cookie: x')}`],
    ['a name that is not UTF-8', `filename ${Buffer.from([0xff, 0xfe]).toString('base64')}`],
    ['a digest that is none', `${named},sha256 ${base64('xyz')}`],
  ])('T9: refuses metadata with %s', async (_name, metadata) => {
    expect((await create(3, { 'upload-metadata': metadata })).status).toBe(400)
  })

  it('T9: shows a name like a path, and does not walk it', async () => {
    const { headers } = await create(3, { 'upload-metadata': `filename ${base64('../../etc/passwd')},__proto__ ${base64('x')}` })
    expect(await rowOf(String(headers.location))).toMatchObject({ filename: '../../etc/passwd' })
    expect(existsSync(staging().pathOf(idOf(String(headers.location))))).toBe(true)
  })

  it.each([
    ['..%2f..%2fetc%2fpasswd'],
    ['%00'],
    ['../artifacts'],
    ['%zz'],
    ['..\\..'],
    ['00000000-0000-7000-8000-000000000000/x'],
    ['much too long a name', 'x'.repeat(10_000)],
  ])('T10: knows no upload called %s', async (name, id = name) => {
    for (const method of ['HEAD', 'PATCH', 'DELETE']) expect((await send(method, `/uploads/${id}`)).status).toBe(404)
  })

  it('T12: does not offer concatenation', async () => {
    for (const value of ['partial', 'final;/uploads/a /uploads/b']) expect((await create(3, { 'upload-concat': value })).status).toBe(400)
  })

  it('T16: takes no method but the real one', async () => {
    const path = await made(3)
    for (const method of ['POST', 'PATCH', 'HEAD'])
      expect((await send(method, path, { 'x-http-method-override': 'DELETE' })).status).toBe(400)
    expect(await offsetAt(path)).toBe('0')
    const { status, headers } = await send('GET', path)
    expect([status, headers.allow]).toEqual([405, 'HEAD, PATCH, DELETE, OPTIONS'])
    expect((await send('PUT', '/uploads')).status).toBe(405)
  })

  it('T20: names no host in its answer', async () => {
    const { headers } = await create(3, {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'gopher',
      forwarded: 'host=evil.example',
    })
    expect(headers.location).toMatch(/^\/uploads\//)
  })
})

describe('bodies', () => {
  it('T5: refuses more than is missing, announced or not', async () => {
    const path = await made(10)
    expect((await patch(path, 0, Buffer.alloc(11))).status).toBe(413)
    expect(await offsetAt(path)).toBe('0')
    const { req, status } = openPatch(path, undefined)
    req.write(Buffer.alloc(6))
    await vi.waitFor(() => expect(existsSync(staging().pathOf(idOf(path)))).toBe(true))
    req.end(Buffer.alloc(6))
    expect(await status).toBe(413)
    expect(Number(await offsetAt(path))).toBeLessThanOrEqual(10)
    const tooMuch = await send(
      'POST',
      '/uploads',
      { 'upload-length': '3', 'upload-metadata': named, 'content-type': 'application/offset+octet-stream' },
      Buffer.alloc(4),
    )
    expect(tooMuch.status).toBe(413)
  })

  it('T5: takes a body without a length', async () => {
    const path = await made(6)
    const { req, status } = openPatch(path, undefined)
    req.end(Buffer.from('abcdef'))
    expect(await status).toBe(204)
    expect(await rowOf(path)).toMatchObject({ status: 'verifying', sha256: sha256(Buffer.from('abcdef')) })
  })

  it('T6: keeps what came before the connection broke, and its digest', async () => {
    const content = randomBytes(4_000_000)
    const path = await made(content.length)
    const { req } = openPatch(path, content.length)
    req.write(content.subarray(0, 2_500_000))
    await isReceiving(path)
    req.destroy()
    await vi.waitFor(async () => expect(Number(await offsetAt(path))).toBeGreaterThan(0), 5_000)
    const offset = Number(await offsetAt(path))
    expect(offset).toBeLessThanOrEqual(2_500_000)
    expect((await patch(path, offset, content.subarray(offset))).status).toBe(204)
    expect(await rowOf(path)).toMatchObject({ sha256: sha256(content) })
  })

  it('T8: lets one of two writers win', async () => {
    const content = randomBytes(3_000_000)
    const path = await made(content.length)
    const one = openPatch(path, content.length)
    one.req.write(content.subarray(0, 2_000_000))
    await isReceiving(path)
    expect((await patch(path, 0, content)).status).toBe(409)
    one.req.end(content.subarray(2_000_000))
    expect(await one.status).toBe(204)
    expect(await rowOf(path)).toMatchObject({ status: 'verifying', sha256: sha256(content) })
  })

  it('T8: lets one of many that start together win', async () => {
    const content = randomBytes(500_000)
    const path = await made(content.length)
    const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await patch(path, 0, content)).status))
    expect(statuses.filter((status) => status === 204)).toHaveLength(1)
    expect(statuses.filter((status) => status === 409)).toHaveLength(7)
    expect(await rowOf(path)).toMatchObject({ sha256: sha256(content) })
  })

  it('takes over from a sender that fell silent, without losing what it sent', async () => {
    const content = randomBytes(100_000)
    const path = await made(content.length)
    const silent = openPatch(path, content.length)
    silent.req.write(content.subarray(0, 60_000))
    await vi.waitFor(async () => expect(await offsetAt(path)).toBe('60000'), { timeout: 10_000, interval: 500 })
    expect(await silent.status).toBe(409)
    expect((await patch(path, 60_000, content.subarray(60_000))).status).toBe(204)
    expect(await rowOf(path)).toMatchObject({ sha256: sha256(content) })
  })

  it.each([
    ['sha1', 204],
    ['sha256', 204],
    ['md5', 204],
  ])('T11: holds a body to its %s', async (algorithm, status) => {
    const content = randomBytes(5000)
    const path = await made(10_000)
    const right = `${algorithm} ${createHash(algorithm).update(content).digest('base64')}`
    const wrong = `${algorithm} ${createHash(algorithm).update('other').digest('base64')}`
    expect((await patch(path, 0, content, { 'upload-checksum': wrong })).status).toBe(460)
    expect(await offsetAt(path)).toBe('0')
    expect((await patch(path, 0, content, { 'upload-checksum': right })).status).toBe(status)
    expect(await offsetAt(path)).toBe('5000')
    expect((await patch(path, 5000, content, { 'upload-checksum': wrong })).status).toBe(460)
    expect((await patch(path, 5000, content)).status).toBe(204)
    expect(readFileSync(staging().pathOf(idOf(path))).equals(Buffer.concat([content, content]))).toBe(true)
  })

  it.each(['crc99 AAAA', 'sha1 AAAA', 'sha1', 'sha1 @@@', ''])('T11: refuses the checksum "%s"', async (checksum) => {
    const path = await made(10)
    expect((await patch(path, 0, Buffer.from('abc'), { 'upload-checksum': checksum })).status).toBe(400)
    expect(await offsetAt(path)).toBe('0')
  })

  it('T15: ends under the hands of a writer, and is refused when it is complete', async () => {
    const path = await made(3_000_000)
    const { req, status } = openPatch(path, 3_000_000)
    req.write(Buffer.alloc(2_000_000))
    await isReceiving(path)
    expect((await send('DELETE', path)).status).toBe(204)
    expect(await status).not.toBe(204)
    const whole = await made(3)
    await patch(whole, 0, Buffer.from('abc'))
    expect((await send('DELETE', whole)).status).toBe(409)
    expect((await patch(whole, 0, Buffer.from('abc'))).status).toBe(409)
    expect((await patch(whole, 3, Buffer.alloc(0))).status).toBe(204)
  })

  it('T18: lets go of a sender that is slower than any line, and keeps what it sent', async () => {
    const path = await made(1000)
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const { req, status } = openPatch(path, 1000)
      req.write(Buffer.alloc(100))
      let ended: number | undefined
      void status.then((code) => (ended = code))
      await vi.waitFor(() => {
        vi.advanceTimersByTime(60_000)
        expect(ended).toBe(0)
      })
    } finally {
      vi.useRealTimers()
    }
    expect(await offsetAt(path)).toBe('100')
  })

  it('D10: rejects an upload that the disk did not keep, and does not try to keep it again', async () => {
    const path = await made(3)
    const opening = vi.spyOn(staging(), 'openWriter').mockImplementationOnce(async (...args) => {
      opening.mockRestore()
      const writer = await staging().openWriter(...args)
      vi.spyOn(writer, 'end').mockRejectedValue(new DiskFailure('EIO'))
      return writer
    })
    const { status, body } = await patch(path, 0, Buffer.from('abc'))
    expect([status, JSON.parse(body).error.message]).toEqual([500, expect.stringContaining('The disk failed')])
    expect(await rowOf(path)).toMatchObject({ status: 'rejected', reason: expect.stringContaining('The disk failed') })
    expect(existsSync(staging().pathOf(idOf(path)))).toBe(false)
    expect((await send('DELETE', path)).status).toBe(204)
  })

  it('survives a request line that ends in the middle', async () => {
    const path = await made(10)
    const socket = connectSocket(Number(new URL(door.url).port), '127.0.0.1')
    socket.end(
      `PATCH ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 10\r\n\r\nabc`,
    )
    await vi.waitFor(async () => expect(await offsetAt(path)).toBe('3'), 5_000)
  })
})

describe('whose it is', () => {
  it("T14: another's upload is no upload", async () => {
    const path = await made(3)
    const stranger = await makeKey(await makeUser('admin'))
    expect((await send('HEAD', path, {}, undefined, stranger)).status).toBe(404)
    expect((await patch(path, 0, Buffer.from('abc'), {}, stranger)).status).toBe(404)
    expect((await send('DELETE', path, {}, undefined, stranger)).status).toBe(404)
    const runtime = await makeRuntime('training')
    expect((await patch(path, 0, Buffer.from('abc'), {}, runtime.credential)).status).toBe(404)
    expect(await offsetAt(path)).toBe('0')
  })

  it('is bound to its project', async () => {
    const project = await makeProject()
    const path = String((await create(3, { 'x-neuroweaver-project': project.name })).headers.location)
    expect((await send('HEAD', path)).status).toBe(404)
    expect((await send('HEAD', path, { 'x-neuroweaver-project': project.id })).status).toBe(200)
    expect((await rowOf(path))?.projectId).toBe(project.id)
  })

  it('wants the right to write', async () => {
    const viewer = await makeUser('viewer')
    expect((await create(3, {}, await makeKey(viewer))).status).toBe(403)
    expect((await create(3, {}, await makeKey(owner, 'read'))).status).toBe(403)
    expect((await create(3, {}, (await makeRuntime('inference')).credential)).status).toBe(403)
    const project = await makeProject()
    await addMember(project, viewer, 'editor')
    expect((await create(3, { 'x-neuroweaver-project': project.name }, await makeKey(viewer))).status).toBe(201)
  })

  it('takes results from a training runtime', async () => {
    const { id, credential } = await makeRuntime('training')
    const path = await made(3, credential)
    expect((await patch(path, 0, Buffer.from('abc'), {}, credential)).status).toBe(204)
    expect(await rowOf(path)).toMatchObject({ runtimeId: id, userId: null, status: 'verifying' })
    expect((await patch(path, 3, Buffer.alloc(0))).status).toBe(404)
  })

  it('T17: stops at 200 unfinished ones, and forgets the old', async () => {
    const [first] = await Promise.all(Array.from({ length: 200 }, () => made(3)))
    const refused = await create(3)
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '60'])
    expect((await create(3, {}, await makeKey(await makeUser()))).status).toBe(201)
    await db()
      .update(uploads)
      .set({ createdAt: new Date(Date.now() - 8 * 86_400_000) })
      .where(eq(uploads.id, idOf(String(first))))
    expect((await create(3)).status).toBe(201)
    expect((await send('HEAD', String(first))).status).toBe(410)
    expect((await patch(String(first), 0, Buffer.from('a'))).status).toBe(410)
    // Made in 2020 by its own time stamp, so that it is gone, whoever asks.
    expect((await send('HEAD', '/uploads/016f5e66-e800-7000-8000-000000000000')).status).toBe(410)
  })
})
