import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { base64, type Headers, named, rowOf, stagedPath, useUploadClient } from '#src/testing/uploadClient.ts'
import { call } from '#src/testing/uploadDoor.ts'

const client = useUploadClient()

describe('headers', () => {
  it.each([
    ['none', undefined],
    ['0.2.2', '0.2.2'],
  ])('T1: refuses version %s with 412 and says which it speaks', async (_name, version) => {
    const path = await client.made(3)
    for (const [method, address] of [
      ['POST', '/uploads'],
      ['HEAD', path],
      ['PATCH', path],
      ['DELETE', path],
    ] as const) {
      const reply = await call(client.door.url + address, method, {
        authorization: `Bearer ${client.key}`,
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
    expect((await client.send('POST', '/uploads', { 'upload-length': length, 'upload-metadata': named })).status).toBe(status)
  })

  it('T3: wants a length, now, and once', async () => {
    const deferred: Headers[] = [
      { 'upload-defer-length': '1' },
      { 'upload-defer-length': '2' },
      { 'upload-length': '5', 'upload-defer-length': '1' },
      {},
    ]
    for (const headers of deferred)
      expect((await client.send('POST', '/uploads', { 'upload-metadata': named, ...headers })).status).toBe(400)
    const path = await client.made(5)
    expect((await client.patch(path, 0, Buffer.from('1'), { 'upload-length': '9' })).status).toBe(400)
    expect(await client.offsetAt(path)).toBe('0')
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
    const path = await client.made(10)
    await client.patch(path, 0, Buffer.from('12345'))
    const headers: Headers = {
      'content-type': 'application/offset+octet-stream',
      ...(offset === undefined ? {} : { 'upload-offset': offset }),
    }
    expect((await client.send('PATCH', path, headers, Buffer.from('xxx'))).status).toBe(status)
    expect(readFileSync(stagedPath(path), 'utf8')).toBe('12345')
    expect(await client.offsetAt(path)).toBe('5')
  })

  it('T7: wants its content type', async () => {
    const path = await client.made(3)
    for (const type of ['application/json', 'application/octet-stream', ''])
      expect((await client.patch(path, 0, Buffer.from('abc'), { 'content-type': type })).status).toBe(415)
    expect((await client.send('PATCH', path, { 'upload-offset': '0' }, Buffer.from('abc'))).status).toBe(415)
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
    expect((await client.create(3, { 'upload-metadata': metadata })).status).toBe(400)
  })

  it('T9: shows a name like a path, and does not walk it', async () => {
    const { headers } = await client.create(3, { 'upload-metadata': `filename ${base64('../../etc/passwd')},__proto__ ${base64('x')}` })
    expect(await rowOf(String(headers.location))).toMatchObject({ filename: '../../etc/passwd' })
    expect(existsSync(stagedPath(String(headers.location)))).toBe(true)
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
    for (const method of ['HEAD', 'PATCH', 'DELETE']) expect((await client.send(method, `/uploads/${id}`)).status).toBe(404)
  })

  it('T12: does not offer concatenation', async () => {
    for (const value of ['partial', 'final;/uploads/a /uploads/b'])
      expect((await client.create(3, { 'upload-concat': value })).status).toBe(400)
  })

  it('T16: takes no method but the real one', async () => {
    const path = await client.made(3)
    for (const method of ['POST', 'PATCH', 'HEAD'])
      expect((await client.send(method, path, { 'x-http-method-override': 'DELETE' })).status).toBe(400)
    expect(await client.offsetAt(path)).toBe('0')
    const { status, headers } = await client.send('GET', path)
    expect([status, headers.allow]).toEqual([405, 'HEAD, PATCH, DELETE, OPTIONS'])
    expect((await client.send('PUT', '/uploads')).status).toBe(405)
  })

  it('T20: names no host in its answer', async () => {
    const { headers } = await client.create(3, {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'gopher',
      forwarded: 'host=evil.example',
    })
    expect(headers.location).toMatch(/^\/uploads\//)
  })
})
