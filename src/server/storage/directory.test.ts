import { createHash } from 'node:crypto'
import { linkSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { describeStore } from './conformance.ts'
import { DirectoryStore } from './directory.ts'

const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-directory-'))
const root = join(folder, 'deep', 'artifacts')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describeStore('a directory', async () => new DirectoryStore(root))

describe('DirectoryStore', () => {
  const store = new DirectoryStore(root)
  const content = Buffer.from('weights')
  const sha256 = createHash('sha256').update(content).digest('hex')

  it('gives a file that nobody may write to', async () => {
    const path = join(folder, 'staged')
    writeFileSync(path, content)
    await store.adopt(path, sha256)
    expect(store.pathOf(sha256)).toBe(join(root, sha256.slice(0, 2), sha256))
    expect(statSync(store.pathOf(sha256)).mode & 0o777).toBe(0o444)
    expect(readFileSync(store.pathOf(sha256))).toEqual(content)
  })

  it('refuses a file with a second name, through which it could be changed later', async () => {
    const other = createHash('sha256').update('other').digest('hex')
    const path = join(folder, 'linked')
    writeFileSync(path, 'other')
    linkSync(path, join(folder, 'second-name'))
    await expect(store.adopt(path, other)).rejects.toThrow(/one name/)
    const link = join(folder, 'symbolic')
    symlinkSync('/etc/hostname', link)
    await expect(store.adopt(link, other)).rejects.toThrow()
    expect(await store.has(other)).toBe(false)
  })

  it('does not follow a link that stands in an artifact’s place', async () => {
    const planted = createHash('sha256').update('planted').digest('hex')
    const path = join(folder, 'first')
    writeFileSync(path, 'planted')
    await store.adopt(path, planted)
    await store.remove(planted)
    symlinkSync('/etc/hostname', store.pathOf(planted))
    expect(await store.has(planted)).toBe(false)
    await expect(store.open(planted)).rejects.toThrow()
  })
})
