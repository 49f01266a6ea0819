import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { connect as connectSocket } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { staging } from '#src/server/storage/index.ts'
import { DiskFailure } from '#src/server/storage/stagingWriter.ts'
import { isReceiving, named, rowOf, stagedPath, useUploadClient } from '#src/testing/uploadClient.ts'

const client = useUploadClient()
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

describe('bodies', () => {
  it('T5: refuses more than is missing, announced or not', async () => {
    const path = await client.made(10)
    expect((await client.patch(path, 0, Buffer.alloc(11))).status).toBe(413)
    expect(await client.offsetAt(path)).toBe('0')
    const { req, status } = client.openPatch(path, undefined)
    req.write(Buffer.alloc(6))
    await vi.waitFor(() => expect(existsSync(stagedPath(path))).toBe(true), 10_000)
    req.end(Buffer.alloc(6))
    expect(await status).toBe(413)
    expect(Number(await client.offsetAt(path))).toBeLessThanOrEqual(10)
    const tooMuch = await client.send(
      'POST',
      '/uploads',
      { 'upload-length': '3', 'upload-metadata': named, 'content-type': 'application/offset+octet-stream' },
      Buffer.alloc(4),
    )
    expect(tooMuch.status).toBe(413)
  })

  it('T5: takes a body without a length', async () => {
    const path = await client.made(6)
    const { req, status } = client.openPatch(path, undefined)
    req.end(Buffer.from('abcdef'))
    expect(await status).toBe(204)
    expect(await rowOf(path)).toMatchObject({ status: 'verifying', sha256: sha256(Buffer.from('abcdef')) })
  })

  it('T6: keeps what came before the connection broke, and its digest', async () => {
    const content = randomBytes(4_000_000)
    const path = await client.made(content.length)
    const { req } = client.openPatch(path, content.length)
    req.write(content.subarray(0, 2_500_000))
    await isReceiving(path)
    req.destroy()
    await vi.waitFor(async () => expect(Number(await client.offsetAt(path))).toBeGreaterThan(0), 5_000)
    const offset = Number(await client.offsetAt(path))
    expect(offset).toBeLessThanOrEqual(2_500_000)
    expect((await client.patch(path, offset, content.subarray(offset))).status).toBe(204)
    expect(await rowOf(path)).toMatchObject({ sha256: sha256(content) })
  })

  it('T8: lets one of two writers win', async () => {
    const content = randomBytes(3_000_000)
    const path = await client.made(content.length)
    const one = client.openPatch(path, content.length)
    one.req.write(content.subarray(0, 2_000_000))
    await isReceiving(path)
    expect((await client.patch(path, 0, content)).status).toBe(409)
    one.req.end(content.subarray(2_000_000))
    expect(await one.status).toBe(204)
    expect(await rowOf(path)).toMatchObject({ status: 'verifying', sha256: sha256(content) })
  })

  it('T8: lets one of many that start together win', async () => {
    const content = randomBytes(500_000)
    const path = await client.made(content.length)
    const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await client.patch(path, 0, content)).status))
    expect(statuses.filter((status) => status === 204)).toHaveLength(1)
    expect(statuses.filter((status) => status === 409)).toHaveLength(7)
    expect(await rowOf(path)).toMatchObject({ sha256: sha256(content) })
  })

  it('takes over from a sender that fell silent, without losing what it sent', async () => {
    const content = randomBytes(100_000)
    const path = await client.made(content.length)
    const silent = client.openPatch(path, content.length)
    silent.req.write(content.subarray(0, 60_000))
    await vi.waitFor(async () => expect(await client.offsetAt(path)).toBe('60000'), { timeout: 10_000, interval: 500 })
    expect(await silent.status).toBe(409)
    expect((await client.patch(path, 60_000, content.subarray(60_000))).status).toBe(204)
    expect(await rowOf(path)).toMatchObject({ sha256: sha256(content) })
  })

  it.each([
    ['sha1', 204],
    ['sha256', 204],
    ['md5', 204],
  ])('T11: holds a body to its %s', async (algorithm, status) => {
    const content = randomBytes(5000)
    const path = await client.made(10_000)
    const right = `${algorithm} ${createHash(algorithm).update(content).digest('base64')}`
    const wrong = `${algorithm} ${createHash(algorithm).update('other').digest('base64')}`
    expect((await client.patch(path, 0, content, { 'upload-checksum': wrong })).status).toBe(460)
    expect(await client.offsetAt(path)).toBe('0')
    expect((await client.patch(path, 0, content, { 'upload-checksum': right })).status).toBe(status)
    expect(await client.offsetAt(path)).toBe('5000')
    expect((await client.patch(path, 5000, content, { 'upload-checksum': wrong })).status).toBe(460)
    expect((await client.patch(path, 5000, content)).status).toBe(204)
    expect(readFileSync(stagedPath(path)).equals(Buffer.concat([content, content]))).toBe(true)
  })

  it.each(['crc99 AAAA', 'sha1 AAAA', 'sha1', 'sha1 @@@', ''])('T11: refuses the checksum "%s"', async (checksum) => {
    const path = await client.made(10)
    expect((await client.patch(path, 0, Buffer.from('abc'), { 'upload-checksum': checksum })).status).toBe(400)
    expect(await client.offsetAt(path)).toBe('0')
  })

  it('T15: ends under the hands of a writer, and is refused when it is complete', async () => {
    const path = await client.made(3_000_000)
    const { req, status } = client.openPatch(path, 3_000_000)
    req.write(Buffer.alloc(2_000_000))
    await isReceiving(path)
    expect((await client.send('DELETE', path)).status).toBe(204)
    expect(await status).not.toBe(204)
    const whole = await client.made(3)
    await client.patch(whole, 0, Buffer.from('abc'))
    expect((await client.send('DELETE', whole)).status).toBe(409)
    expect((await client.patch(whole, 0, Buffer.from('abc'))).status).toBe(409)
    expect((await client.patch(whole, 3, Buffer.alloc(0))).status).toBe(204)
  })

  it('T18: lets go of a sender that is slower than any line, and keeps what it sent', async () => {
    const path = await client.made(1000)
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const { req, status } = client.openPatch(path, 1000)
      req.write(Buffer.alloc(100))
      await isReceiving(path)
      let ended: number | undefined
      void status.then((code) => (ended = code))
      await vi.waitFor(() => {
        vi.advanceTimersByTime(60_000)
        expect(ended).toBe(0)
      }, 10_000)
    } finally {
      vi.useRealTimers()
    }
    expect(await client.offsetAt(path)).toBe('100')
  })

  it('D10: rejects an upload that the disk did not keep, and does not try to keep it again', async () => {
    const path = await client.made(3)
    const opening = vi.spyOn(staging(), 'openWriter').mockImplementationOnce(async (...args) => {
      opening.mockRestore()
      const writer = await staging().openWriter(...args)
      vi.spyOn(writer, 'end').mockRejectedValue(new DiskFailure('EIO'))
      return writer
    })
    const { status, body } = await client.patch(path, 0, Buffer.from('abc'))
    expect([status, JSON.parse(body).error.message]).toEqual([500, expect.stringContaining('The disk failed')])
    expect(await rowOf(path)).toMatchObject({ status: 'rejected', reason: expect.stringContaining('The disk failed') })
    expect(existsSync(stagedPath(path))).toBe(false)
    expect((await client.send('DELETE', path)).status).toBe(204)
  })

  it('survives a request line that ends in the middle', async () => {
    const path = await client.made(10)
    const socket = connectSocket(Number(new URL(client.door.url).port), '127.0.0.1')
    socket.end(
      `PATCH ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${client.key}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 10\r\n\r\nabc`,
    )
    await vi.waitFor(async () => expect(await client.offsetAt(path)).toBe('3'), 5_000)
  })
})
