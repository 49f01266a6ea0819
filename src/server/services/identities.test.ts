import { afterEach, describe, expect, it } from 'vitest'
import { visitor } from './access.ts'
import { forgetIdentities, type Known, knownOr } from './identities.ts'

const known = (email: string): Known => ({ identity: { ...visitor('', null), email }, until: Date.now() + 60_000 })
/** A look that is answered by hand. */
function lookedUp() {
  const asked: ((found: Known) => void)[] = []
  const look = () => new Promise<Known>((resolve) => asked.push(resolve))
  return { asked, look }
}

describe('what is known of a caller', () => {
  afterEach(forgetIdentities)

  it('is looked up once for all who come with the same credential at once', async () => {
    const { asked, look } = lookedUp()
    const waiting = Array.from({ length: 100 }, () => knownOr('k', look))
    asked[0]?.(known('ada@example.org'))
    expect(new Set((await Promise.all(waiting)).map(({ email }) => email))).toEqual(new Set(['ada@example.org']))
    expect(asked).toHaveLength(1)
  })

  it('is not kept when it was asked before a change', async () => {
    const { asked, look } = lookedUp()
    const before = knownOr('k', look)
    forgetIdentities()
    const after = knownOr('k', look)
    asked[1]?.(known('new'))
    asked[0]?.(known('old'))
    expect([(await before).email, (await after).email]).toEqual(['old', 'new'])
    expect((await knownOr('k', look)).email).toBe('new')
  })

  it('is asked again by whoever wants it newer, and after a look that failed', async () => {
    const { asked, look } = lookedUp()
    await expect(knownOr('k', () => Promise.reject(new Error('away')))).rejects.toThrow('away')
    const first = knownOr('k', look)
    asked[0]?.(known('old'))
    await first
    const newer = knownOr('k', look, -1)
    asked[1]?.(known('new'))
    expect((await newer).email).toBe('new')
  })
})
