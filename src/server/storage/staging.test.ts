import { createHash, randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { newId } from '#src/server/db/ids.ts'
import { Staging } from './staging.ts'
import { DiskFailure, StagingWriter } from './stagingWriter.ts'

const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-staging-'))
const staging = new Staging(join(folder, 'a', 'b'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

async function made(): Promise<string> {
  const id = newId()
  await staging.create(id)
  return id
}

async function append(id: string, offset: number, bytes: Buffer, totalBytes: number) {
  const writer = await staging.openWriter(id, offset)
  for (let at = 0; at < bytes.length; at += 65_536) if (!writer.take(bytes.subarray(at, at + 65_536))) await writer.drained()
  return writer.end(totalBytes)
}

describe('Staging', () => {
  it('keeps what is appended over several openings, and the digest of all', async () => {
    const id = await made()
    const content = randomBytes(5_000_000)
    expect(await append(id, 0, content.subarray(0, 1_500_001), content.length)).toEqual({ offset: 1_500_001, sha256: undefined })
    expect(await append(id, 1_500_001, content.subarray(1_500_001, 4_000_000), content.length)).toEqual({
      offset: 4_000_000,
      sha256: undefined,
    })
    expect(await append(id, 4_000_000, content.subarray(4_000_000), content.length)).toEqual({ offset: 5_000_000, sha256: sha256(content) })
    expect(readFileSync(staging.pathOf(id)).equals(content)).toBe(true)
  })

  it('does not claim a digest of bytes that it has not seen', async () => {
    const id = await made()
    await append(id, 0, Buffer.from('abc'), 6)
    writeFileSync(staging.pathOf(id), 'xyz')
    const other = await staging.openWriter(id, 2)
    await other.end(6)
    expect((await append(id, 2, Buffer.from('cdef'), 6)).sha256).toBeUndefined()
  })

  it('counts only what it made durable: a file that a power cut left longer is cut off', async () => {
    const id = await made()
    await append(id, 0, Buffer.from('abc'), 100)
    appendFileSync(staging.pathOf(id), Buffer.alloc(50))
    expect(await staging.durableOffset(id)).toBe(3)
    await append(id, 3, Buffer.from('def'), 100)
    expect(readFileSync(staging.pathOf(id), 'utf8')).toBe('abcdef')
  })

  it.each(['', '00000000000000', 'garbage', '-000000000000001'])('counts nothing when the counter is %j', async (counter) => {
    const id = await made()
    await append(id, 0, Buffer.from('abc'), 100)
    writeFileSync(`${staging.pathOf(id)}.durable`, counter)
    expect(await staging.durableOffset(id)).toBe(0)
  })

  it('counts no more than there is', async () => {
    const id = await made()
    writeFileSync(`${staging.pathOf(id)}.durable`, '0000000000001000')
    expect(await staging.durableOffset(id)).toBe(0)
    expect(await staging.durableOffset(newId())).toBeUndefined()
  })

  it('takes back what a request brought', async () => {
    const id = await made()
    await append(id, 0, Buffer.from('abc'), 100)
    const writer = await staging.openWriter(id, 3, true)
    writer.take(randomBytes(3_000_000))
    await writer.rollback()
    expect(readFileSync(staging.pathOf(id), 'utf8')).toBe('abc')
    expect(await staging.durableOffset(id)).toBe(3)
  })

  it('names files by UUID alone, and removes both of them', async () => {
    for (const name of ['../x', '', 'x', `${newId()}/..`]) expect(() => staging.pathOf(name)).toThrow(/UUID/)
    const id = await made()
    await expect(staging.create(id)).rejects.toMatchObject({ code: 'EEXIST' })
    expect((await staging.list()).map((file) => file.id)).toContain(id)
    await staging.remove(id)
    await staging.remove(id)
    expect([existsSync(staging.pathOf(id)), existsSync(`${staging.pathOf(id)}.durable`)]).toEqual([false, false])
  })
})

describe('a disk that fails', () => {
  /** A real file whose `method` fails as a broken disk makes it fail; no disk here can be told to. */
  async function brokenAt(id: string, method: 'datasync' | 'write', code: string): Promise<StagingWriter> {
    const file = await open(staging.pathOf(id), 'r+')
    const broken = new Proxy(file, {
      get: (target, name: keyof FileHandle) => {
        if (name === method) return () => Promise.reject(Object.assign(new Error(code), { code }))
        const value = target[name]
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    return new StagingWriter(id, broken, await open(`${staging.pathOf(id)}.durable`, 'r+'), 0, false)
  }

  it('is never taken for one that kept the bytes', async () => {
    const id = await made()
    const writer = await brokenAt(id, 'datasync', 'EIO')
    writer.take(Buffer.from('abc'))
    await expect(writer.end(3)).rejects.toBeInstanceOf(DiskFailure)
    expect(await staging.durableOffset(id)).toBe(0)
  })

  it('lets the sender go on when it is full, so that it hears of it', async () => {
    const id = await made()
    const writer = await brokenAt(id, 'write', 'ENOSPC')
    writer.take(randomBytes(5_000_000))
    await writer.drained()
    expect(writer.failure).toMatchObject({ code: 'ENOSPC' })
    expect(writer.take(randomBytes(5_000_000))).toBe(true)
    await expect(writer.end(10_000_000)).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(await staging.durableOffset(id)).toBe(0)
  })
})
