import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { eq } from 'drizzle-orm'
import { Upload } from 'tus-js-client'
import { describe, expect, it } from 'vitest'
import { db } from '#src/server/db/client.ts'
import { auditEvents, uploads } from '#src/server/db/schema.ts'
import { addMember, makeKey, makeProject, makeRuntime, makeUser } from '#src/testing/factories.ts'
import { base64, idOf, named, rowOf, stagedPath, useUploadClient } from '#src/testing/uploadClient.ts'
import { call } from '#src/testing/uploadDoor.ts'

const client = useUploadClient()
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

describe('what is said of itself', () => {
  it('answers OPTIONS with version, extensions and the largest size', async () => {
    const { status, headers } = await client.send('OPTIONS', '/uploads')
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
    const path = await client.made(3)
    for (const method of ['OPTIONS', 'GET', 'POST', 'HEAD', 'PATCH', 'DELETE', 'PUT', 'TRACE']) {
      for (const address of ['/uploads', path])
        expect((await call(client.door.url + address, method, { 'tus-resumable': '1.0.0' })).status).toBe(401)
    }
  })

  it('answers errors as the rest of the server does', async () => {
    const { headers, body } = await client.send('POST', '/uploads')
    expect(headers['content-type']).toBe('application/json')
    expect(JSON.parse(body)).toEqual({ error: { code: 'bad_request', message: 'Upload-Length is missing.', correlation_id: 'test' } })
  })
})

describe('the way of an upload', () => {
  it('creates, appends, and sends it to be verified with its digest', async () => {
    const content = randomBytes(3_000_000)
    const path = await client.made(content.length)
    expect(path).toMatch(/^\/uploads\/[0-9a-f]{8}-[0-9a-f]{4}-7/)
    const first = await client.patch(path, 0, content.subarray(0, 1_234_567))
    expect(first).toMatchObject({ status: 204, headers: { 'upload-offset': '1234567', 'tus-resumable': '1.0.0' } })
    expect(Date.parse(String(first.headers['upload-expires'])) - Date.now()).toBeGreaterThan(6.9 * 86_400_000)
    expect(await client.offsetAt(path)).toBe('1234567')
    expect((await client.patch(path, 1_234_567, content.subarray(1_234_567))).status).toBe(204)
    expect(await rowOf(path)).toMatchObject({ status: 'verifying', sha256: sha256(content), filename: 'data.bin', userId: client.owner.id })
    expect(readFileSync(stagedPath(path)).equals(content)).toBe(true)
    const [audit] = await db()
      .select()
      .from(auditEvents)
      .where(eq(auditEvents.targetId, idOf(path)))
    expect(audit).toMatchObject({ action: 'upload.create', userId: client.owner.id })
  })

  it('takes the first bytes with the creation', async () => {
    const content = randomBytes(70_000)
    const { status, headers } = await client.send(
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
    expect(await rowOf(await client.made(0))).toMatchObject({ status: 'verifying', sizeBytes: 0 })
  })

  it('gives the metadata back as it came', async () => {
    const metadata = `filename ${base64('Grüße.csv')},purpose,sha256 ${base64('A'.repeat(64))}`
    const { headers } = await client.create(10, { 'upload-metadata': metadata })
    const { headers: head } = await client.send('HEAD', String(headers.location))
    expect(head).toMatchObject({ 'upload-metadata': metadata, 'upload-length': '10', 'upload-offset': '0', 'cache-control': 'no-store' })
    expect(await rowOf(String(headers.location))).toMatchObject({ filename: 'Grüße.csv', expectedSha256: 'a'.repeat(64) })
  })

  it('serves the client that people use, over a broken connection', async () => {
    const content = randomBytes(5_000_000)
    let hasBroken = false
    const upload = new Upload(content, {
      endpoint: `${client.door.url}/uploads`,
      headers: { authorization: `Bearer ${client.key}` },
      metadata: { filename: 'model.bin' },
      chunkSize: 1_500_000,
      retryDelays: [0, 50, 100],
      onProgress: (sent) => {
        if (sent > 2_000_000 && !hasBroken) {
          hasBroken = true
          client.door.server.closeAllConnections()
        }
      },
    })
    await new Promise<void>((resolve, reject) => {
      upload.options.onSuccess = () => resolve()
      upload.options.onError = reject
      upload.start()
    })
    expect(hasBroken).toBe(true)
    const path = String(upload.url).replace(client.door.url, '')
    expect(readFileSync(stagedPath(path)).equals(content)).toBe(true)
  })

  it('is ended by its owner, once, and leaves nothing', async () => {
    const path = await client.made(10)
    await client.patch(path, 0, Buffer.from('12345'))
    expect((await client.send('DELETE', path)).status).toBe(204)
    expect((await client.send('DELETE', path)).status).toBe(404)
    expect((await client.send('HEAD', path)).status).toBe(404)
    expect(readdirSync(dirname(stagedPath(path))).filter((name) => name.startsWith(idOf(path)))).toEqual([])
  })
})

describe('whose it is', () => {
  it("T14: another's upload is no upload", async () => {
    const path = await client.made(3)
    const stranger = await makeKey(await makeUser('admin'))
    expect((await client.send('HEAD', path, {}, undefined, stranger)).status).toBe(404)
    expect((await client.patch(path, 0, Buffer.from('abc'), {}, stranger)).status).toBe(404)
    expect((await client.send('DELETE', path, {}, undefined, stranger)).status).toBe(404)
    const runtime = await makeRuntime('training')
    expect((await client.patch(path, 0, Buffer.from('abc'), {}, runtime.credential)).status).toBe(404)
    expect(await client.offsetAt(path)).toBe('0')
  })

  it('is bound to its project', async () => {
    const project = await makeProject()
    const path = String((await client.create(3, { 'x-neuroweaver-project': project.name })).headers.location)
    expect((await client.send('HEAD', path)).status).toBe(404)
    expect((await client.send('HEAD', path, { 'x-neuroweaver-project': project.id })).status).toBe(200)
    expect((await rowOf(path))?.projectId).toBe(project.id)
  })

  it('wants the right to write', async () => {
    const viewer = await makeUser('viewer')
    expect((await client.create(3, {}, await makeKey(viewer))).status).toBe(403)
    expect((await client.create(3, {}, await makeKey(client.owner, 'read'))).status).toBe(403)
    expect((await client.create(3, {}, (await makeRuntime('inference')).credential)).status).toBe(403)
    const project = await makeProject()
    await addMember(project, viewer, 'editor')
    expect((await client.create(3, { 'x-neuroweaver-project': project.name }, await makeKey(viewer))).status).toBe(201)
  })

  it('takes results from a training runtime', async () => {
    const { id, credential } = await makeRuntime('training')
    const path = await client.made(3, credential)
    expect((await client.patch(path, 0, Buffer.from('abc'), {}, credential)).status).toBe(204)
    expect(await rowOf(path)).toMatchObject({ runtimeId: id, userId: null, status: 'verifying' })
    expect((await client.patch(path, 3, Buffer.alloc(0))).status).toBe(404)
  })

  it('T17: stops at 200 unfinished ones, and forgets the old', async () => {
    const made: string[] = []
    while (made.length < 200) made.push(...(await Promise.all(Array.from({ length: 20 }, () => client.made(3)))))
    const [first] = made
    const refused = await client.create(3)
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '60'])
    expect((await client.create(3, {}, await makeKey(await makeUser()))).status).toBe(201)
    await db()
      .update(uploads)
      .set({ createdAt: new Date(Date.now() - 8 * 86_400_000) })
      .where(eq(uploads.id, idOf(String(first))))
    expect((await client.create(3)).status).toBe(201)
    expect((await client.send('HEAD', String(first))).status).toBe(410)
    expect((await client.patch(String(first), 0, Buffer.from('a'))).status).toBe(410)
    // Made in 2020 by its own time stamp, so that it is gone, whoever asks.
    expect((await client.send('HEAD', '/uploads/016f5e66-e800-7000-8000-000000000000')).status).toBe(410)
  })
})
