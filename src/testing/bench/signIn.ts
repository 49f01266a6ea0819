/** Whether the time that a wrong password takes tells that somebody has the e-mail: the real door, with pages, by turns. */
import { type Product, startProduct } from '#src/e2e/product.ts'
import { type BenchResult, quantile } from './result.ts'

const accounts = 40
/** One less than locks an account. */
const triesEach = 4
const warmUp = 10

const emailOf = (index: number) => `known-${index}@example.org`

async function makeAccounts({ url, apiKey }: Product): Promise<void> {
  for (let index = 0; index < accounts; index++) {
    const response = await fetch(`${url}/api/trpc/users.create`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ email: emailOf(index), name: 'Known', password: 'a password of its own', role: 'viewer' }),
    })
    if (!response.ok) throw new Error(`an account was not made: ${await response.text()}`)
  }
}

/** Tries a wrong password. @returns how long the refusal took, in ms. */
function doorOf(url: string, cookie: string, csrfToken: string): (email: string) => Promise<number> {
  let address = 0
  return async (email) => {
    address += 1
    const started = performance.now()
    const response = await fetch(`${url}/api/auth/callback/credentials`, {
      method: 'POST',
      // Each try is from an address of its own, because one may try but ten times a minute.
      headers: { cookie, 'x-forwarded-for': `192.0.${address >> 8}.${address & 255}` },
      body: new URLSearchParams({ csrfToken, email, password: 'a guess', json: 'true' }),
      redirect: 'manual',
    })
    await response.text()
    const tookMs = performance.now() - started
    if (response.status !== 401) throw new Error(`a wrong password was answered ${response.status}`)
    return tookMs
  }
}

async function openDoor(url: string): Promise<(email: string) => Promise<number>> {
  const response = await fetch(`${url}/api/auth/csrf`)
  const { csrfToken } = (await response.json()) as { csrfToken: string }
  const cookie = response.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ')
  return doorOf(url, cookie, csrfToken)
}

/** Medians by turns, so that whatever else the machine does falls on both; the floor is the unknown e-mail. */
export async function benchSignIn(): Promise<BenchResult[]> {
  const product = await startProduct({ env: { NEUROWEAVER_TRUSTED_PROXIES: '127.0.0.1' } })
  try {
    await makeAccounts(product)
    const tryIn = await openDoor(product.url)
    for (let index = 0; index < warmUp; index++) await tryIn(`warm-${index}@example.org`)
    const times: { known: number[]; unknown: number[] } = { known: [], unknown: [] }
    for (let round = 0; round < triesEach; round++)
      for (let index = 0; index < accounts; index++) {
        times.known.push(await tryIn(emailOf(index)))
        times.unknown.push(await tryIn(`nobody-${index}@example.org`))
      }
    const [value, floor] = [quantile(times.known, 0.5), quantile(times.unknown, 0.5)]
    return [
      { name: 'sign-in refused, known e-mail, p50', value, unit: 'ms', floor, ratio: value / floor },
      { name: 'sign-in refused, known less unknown e-mail, p50', value: value - floor, unit: 'ms', floor: null, ratio: null },
    ]
  } finally {
    await product.stop()
  }
}
