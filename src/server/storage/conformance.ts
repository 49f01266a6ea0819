/** What every artifact store must do; run by each store's own test. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ArtifactStore } from './store.ts'

async function textOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** @param make opens an empty store. */
export function describeStore(name: string, make: () => Promise<ArtifactStore>): void {
  describe(`${name}, as a store`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-store-'))
    let store: ArtifactStore
    beforeAll(async () => {
      store = await make()
    })
    afterAll(() => rmSync(folder, { recursive: true, force: true }))

    function staged(content = randomBytes(3_000_000)) {
      const path = join(folder, randomBytes(8).toString('hex'))
      writeFileSync(path, content)
      return { path, content, sha256: createHash('sha256').update(content).digest('hex') }
    }

    it('keeps what it adopts', async () => {
      const { path, content, sha256 } = staged()
      expect(await store.has(sha256)).toBe(false)
      await store.adopt(path, sha256)
      expect(await store.has(sha256)).toBe(true)
      expect(await store.sizeOf(sha256)).toBe(content.length)
      expect((await textOf(await store.open(sha256))).equals(content)).toBe(true)
    })

    it('reads a range, both ends counted in', async () => {
      const { path, content, sha256 } = staged()
      await store.adopt(path, sha256)
      expect(
        (await textOf(await store.open(sha256, { start: 1_000_000, end: 2_500_000 }))).equals(content.subarray(1_000_000, 2_500_001)),
      ).toBe(true)
      expect(await textOf(await store.open(sha256, { start: 5, end: 5 }))).toEqual(content.subarray(5, 6))
    })

    it('adopts the same content again, and at the same time', async () => {
      const content = randomBytes(100_000)
      const copies = Array.from({ length: 5 }, () => staged(content))
      const sha256 = copies[0]?.sha256 as string
      const outcomes = await Promise.allSettled(copies.map((copy) => store.adopt(copy.path, sha256)))
      expect(outcomes.map((outcome) => outcome.status)).toEqual(copies.map(() => 'fulfilled'))
      expect((await textOf(await store.open(sha256))).equals(content)).toBe(true)
    })

    it('keeps content of no bytes', async () => {
      const { path, sha256 } = staged(Buffer.alloc(0))
      await store.adopt(path, sha256)
      expect(await store.sizeOf(sha256)).toBe(0)
      expect(await textOf(await store.open(sha256))).toEqual(Buffer.alloc(0))
    })

    it('forgets, once or twice, what it is told to; who reads it then still reads it whole', async () => {
      const { path, content, sha256 } = staged()
      await store.adopt(path, sha256)
      const reading = await store.open(sha256)
      await store.remove(sha256)
      await store.remove(sha256)
      expect(await store.has(sha256)).toBe(false)
      expect((await textOf(reading)).equals(content)).toBe(true)
      await expect(store.open(sha256)).rejects.toMatchObject({ code: 'ENOENT' })
      await expect(store.sizeOf(sha256)).rejects.toMatchObject({ code: 'ENOENT' })
    })

    const noDigest = [
      '',
      '../../etc/passwd',
      'a'.repeat(63),
      'A'.repeat(64),
      `${'a'.repeat(64)}/..`,
      `${'a'.repeat(63)}\0`,
      `${'a'.repeat(64)}\n`,
    ]
    it.each(noDigest.map((text) => [JSON.stringify(text), text]))('takes no other name: %s', async (_shown, text = '') => {
      const { path } = staged()
      const refusal = /64 lower-case hex digits/
      expect(() => store.pathOf(text)).toThrow(refusal)
      await expect(store.has(text)).rejects.toThrow(refusal)
      await expect(store.open(text)).rejects.toThrow(refusal)
      await expect(store.adopt(path, text)).rejects.toThrow(refusal)
      await expect(store.remove(text)).rejects.toThrow(refusal)
    })
  })
}
