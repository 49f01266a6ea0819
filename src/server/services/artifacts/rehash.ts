/** Every artifact read again and compared with its name: after a restore, or when a disk is in doubt. */
import { createHash } from 'node:crypto'
import { asc, gt } from 'drizzle-orm'
import { db } from '#src/server/db/client.ts'
import { artifacts } from '#src/server/db/schema.ts'
import { codeOf } from '#src/server/storage/durable.ts'
import { store } from '#src/server/storage/index.ts'

export type Damage = { sha256: string; kind: 'missing' | 'changed' | 'unreadable'; message: string }
export type Rehashed = { count: number; bytes: number; damage: Damage | null }

const batchSize = 500

/** Yields after each artifact, in the order of their digests: how many were read so far, how many bytes, and what is wrong with this one. */
export async function* rehashArtifacts(): AsyncGenerator<Rehashed> {
  const so = { count: 0, bytes: 0 }
  for (let after = ''; ; ) {
    const rows = await db()
      .select({ sha256: artifacts.sha256, sizeBytes: artifacts.sizeBytes })
      .from(artifacts)
      .where(gt(artifacts.sha256, after))
      .orderBy(asc(artifacts.sha256))
      .limit(batchSize)
    for (const row of rows) {
      const { bytes, damage } = await rehash(row)
      so.count += 1
      so.bytes += bytes
      yield { ...so, damage }
    }
    if (rows.length < batchSize) return
    after = rows.at(-1)?.sha256 as string
  }
}

async function rehash({ sha256, sizeBytes }: { sha256: string; sizeBytes: number }): Promise<{ bytes: number; damage: Damage | null }> {
  const hash = createHash('sha256')
  let bytes = 0
  const damaged = (kind: Damage['kind'], message: string) => ({ bytes, damage: { sha256, kind, message } })
  try {
    for await (const chunk of await store().open(sha256)) {
      hash.update(chunk)
      bytes += chunk.length
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return damaged('missing', 'its bytes are not in the store')
    return damaged('unreadable', `it can not be read: ${(error as Error).message}`)
  }
  if (bytes !== sizeBytes) return damaged('changed', `it has ${bytes} bytes instead of ${sizeBytes}`)
  if (hash.digest('hex') !== sha256) return damaged('changed', 'its content is another one')
  return { bytes, damage: null }
}
