/** A change of the installation's secret: what was sealed before still opens, and is sealed anew by the real worker. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { afterEach, describe, expect, test } from 'vitest'
import { db } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { channels, idempotencyKeys } from '#src/server/db/schema.ts'
import { useDatabase } from '#src/testing/database.ts'
import { caller, makeKey, makeUser } from '#src/testing/factories.ts'
import { startWeb } from '#src/testing/web.ts'
import { env } from './env.ts'
import { ownPrefix, seal, unseal } from './sealing.ts'
import { resealSecrets } from './services/reseal.ts'

const database = useDatabase()
const present = env().NEXTAUTH_SECRET
const [former, oldest] = ['f'.repeat(40), 'o'.repeat(40)]

function settle(secret: string, previous: string[] = []): void {
  env().NEXTAUTH_SECRET = secret
  env().NEUROWEAVER_PREVIOUS_SECRETS = previous
}
afterEach(() => settle(present))

function sealedUnder(secret: string, text: string): string {
  settle(secret)
  const sealed = seal(text)
  settle(present)
  return sealed
}

describe('a sealed text', () => {
  test('opens under any of the previous secrets, and is sealed under the present one', () => {
    const [one, two] = [sealedUnder(former, 'one'), sealedUnder(oldest, 'two')]
    settle(present, [former, oldest])
    expect([unseal(one), unseal(two)]).toEqual(['one', 'two'])
    expect(seal('three').startsWith(ownPrefix())).toBe(true)
    settle(present)
    expect(unseal(seal('four'))).toBe('four')
  })

  test('that no known secret opens says what to do', () => {
    const lost = sealedUnder(former, 'one')
    expect(() => unseal(lost)).toThrow(/NEUROWEAVER_PREVIOUS_SECRETS and start again, or enter the secret again/)
    const own = seal('one')
    expect(() => unseal(`${own.slice(0, -4)}AAAA`)).toThrow(/damaged/)
    expect(() => unseal('nothing')).toThrow(/NEUROWEAVER_PREVIOUS_SECRETS/)
  })
})

async function makeChannel(target: string, secret: string | null): Promise<string> {
  const person = await caller(await makeKey(await makeUser('admin')))
  const id = newId()
  await db().insert(channels).values({
    id,
    projectId: person.project.id,
    name: id,
    kind: 'webhook',
    target: 'https://example.org/…',
    sealedTarget: target,
    sealedSecret: secret,
    events: [],
  })
  return id
}
const readChannel = async (id: string) => (await db().select().from(channels).where(eq(channels.id, id)))[0]

describe('sealing anew', () => {
  test('leaves what nothing opens as it is, for the day when the former secret is named', async () => {
    const [known, lost] = [sealedUnder(former, 'https://example.org/1'), sealedUnder(oldest, 'https://example.org/2')]
    const ids = [await makeChannel(known, null), await makeChannel(lost, null), await makeChannel(seal('https://example.org/3'), null)]
    settle(present, [former])
    expect(await resealSecrets()).toEqual({ resealed: 1, lost: 1 })
    expect(await resealSecrets()).toEqual({ resealed: 0, lost: 1 })
    expect((await readChannel(ids[1] as string))?.sealedTarget).toBe(lost)
    settle(present, [oldest])
    expect(await resealSecrets()).toEqual({ resealed: 1, lost: 0 })
    settle(present)
    const texts = await Promise.all(ids.map(async (id) => unseal((await readChannel(id))?.sealedTarget ?? '')))
    expect(texts).toEqual([1, 2, 3].map((n) => `https://example.org/${n}`))
  })

  test('is done by the worker when it starts', async () => {
    const id = await makeChannel(sealedUnder(former, 'https://example.org/hook'), sealedUnder(former, '{"current":"whsec_x"}'))
    const body = sealedUnder(former, '{"id":1}')
    const answer = { subject: 'somebody', route: '/x', key: 'k', requestHash: Buffer.from('x'), status: 201, lockedUntil: new Date() }
    await db()
      .insert(idempotencyKeys)
      .values({ ...answer, body })
    const dataDir = mkdtempSync(join(tmpdir(), 'neuroweaver-sealing-'))
    const settings = { NEXTAUTH_SECRET: present, NEUROWEAVER_PREVIOUS_SECRETS: `${oldest}, ${former}` }
    const web = await startWeb({ databaseUrl: database.url, dataDir, worker: true, env: settings })
    try {
      await expect
        .poll(() => web.written.worker(), { timeout: 15_000 })
        .toContain('secrets were sealed anew under the present NEXTAUTH_SECRET')
    } finally {
      await web.stop()
      rmSync(dataDir, { recursive: true, force: true })
    }
    const row = await readChannel(id)
    const [kept] = await db().select().from(idempotencyKeys)
    expect([row?.sealedTarget, row?.sealedSecret, kept?.body].map((sealed) => unseal(sealed ?? ''))).toEqual([
      'https://example.org/hook',
      '{"current":"whsec_x"}',
      '{"id":1}',
    ])
  })
})
