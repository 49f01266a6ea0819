/** The other ways in: an identity provider, a token that another system hands over; and the sessions that they begin. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Browser, expect, type Page, test } from '@playwright/test'
import { SignJWT } from 'jose'
import Provider from 'oidc-provider'
import { admin, type Product, startProduct } from './product.ts'

const tokenSecret = 'a secret that the systems share, long enough'
const client = { client_id: 'neuroweaver', client_secret: 'known to the two of them alone' }
/** Whom the provider knows: by what is typed there, the claims of the ID token. */
const people: Record<string, Record<string, unknown>> = {
  marie: { email: 'marie@example.org', email_verified: true, name: 'Marie', groups: ['ml'] },
  mallory: { email: admin.email, email_verified: false, name: 'Mallory', groups: ['ml'] },
}

/** A certified OpenID provider on this machine, with its own plain pages to sign in and to agree. */
function providerFor(issuer: string, product: Product): RequestListener {
  const provider = new Provider(issuer, {
    clients: [{ ...client, redirect_uris: [`${product.url}/api/auth/callback/oidc`] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    // The claims stand in the ID token itself, as most providers have it.
    conformIdTokenClaims: false,
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  })
  return provider.callback()
}

async function signInAt(page: Page, login: string) {
  await page.goto('/sign-in?next=/models')
  await page.getByRole('button', { name: 'Sign in with Example ID' }).click()
  await page.locator('input[name=login]').fill(login)
  await page.locator('input[name=password]').fill('anything')
  await page.locator('button[type=submit]').click()
  await page.getByRole('button', { name: 'Continue' }).click()
}

async function signInWithPassword(browser: Browser, baseURL: string): Promise<Page> {
  const page = await (await browser.newContext({ baseURL })).newPage()
  await page.goto('/sign-in?next=/settings')
  await page.getByLabel('Email').fill(admin.email)
  await page.getByLabel('Password').fill(admin.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(page).toHaveURL(`${baseURL}/settings`)
  return page
}

test.describe('sign-on', () => {
  let product: Product
  let server: Server

  test.beforeAll(async () => {
    test.setTimeout(300_000)
    let answer: RequestListener = (_req, res) => res.writeHead(503).end()
    server = createServer((req, res) => answer(req, res))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    product = await startProduct({
      env: {
        OIDC_ISSUER: issuer,
        OIDC_CLIENT_ID: client.client_id,
        OIDC_CLIENT_SECRET: client.client_secret,
        OIDC_NAME: 'Example ID',
        OIDC_ROLE_MAP: 'ml=manager',
        UNIFIED_JWT_SECRET: tokenSecret,
      },
    })
    answer = providerFor(issuer, product)
  })
  test.afterAll(async () => {
    await product?.stop()
    server?.close()
  })

  test('by the identity provider, with the role of the group, back to where one wanted to go', async ({ browser }) => {
    const page = await (await browser.newContext({ baseURL: product.url })).newPage()
    await signInAt(page, 'marie')
    await expect(page).toHaveURL(`${product.url}/models`)
    await page.goto('/settings')
    await expect(page.getByRole('list', { name: 'Sessions' })).toContainText('by single sign-on')
    await expect(page.getByText('This browser', { exact: true })).toBeVisible()
  })

  test('A12: is refused for an address that the provider has not verified, though an account has it', async ({ browser }) => {
    const page = await (await browser.newContext({ baseURL: product.url })).newPage()
    await signInAt(page, 'mallory')
    await expect(page.getByRole('alert').filter({ hasText: 'has not verified' })).toBeVisible()
    await page.goto('/models')
    await expect(page).toHaveURL(/\/sign-in/)
  })

  test('by a token that is handed over behind the #, which leaves no trace in the address', async ({ browser }) => {
    const page = await (await browser.newContext({ baseURL: product.url })).newPage()
    const claims = {
      type: 'cross_system',
      sub: 'ada.l@example.org',
      user_id: '1',
      permissions: ['neuroweaver:read'],
      target_system: 'neuroweaver',
    }
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuedAt()
      .setExpirationTime('10m')
      .sign(new TextEncoder().encode(tokenSecret))
    await page.goto(`/sign-in/token#token=${token}&next=/datasets`)
    const go = page.getByRole('button', { name: 'Continue as ada.l@example.org' })
    await expect(go).toBeVisible()
    expect(page.url()).toBe(`${product.url}/sign-in/token`)
    await go.click()
    await expect(page).toHaveURL(`${product.url}/datasets`)
  })

  test('ends in the other browsers when one says so', async ({ browser }) => {
    const [here, there] = [await signInWithPassword(browser, product.url), await signInWithPassword(browser, product.url)]
    await here.reload()
    await here.getByRole('button', { name: 'Sign out the others' }).click()
    await expect(here.getByText('This browser', { exact: true })).toBeVisible()
    await expect(here.getByRole('button', { name: 'Sign out the others' })).toHaveCount(0)
    await there.goto('/models')
    await expect(there).toHaveURL(/\/sign-in/)
  })
})
