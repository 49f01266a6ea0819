/** Signing in leads to the page that was asked for, and to none outside. */
import { expect, test } from '@playwright/test'
import { admin, type Product, startProduct } from './product.ts'

test.describe('signing in', () => {
  let product: Product

  test.beforeAll(async () => {
    test.setTimeout(300_000)
    product = await startProduct()
  })
  test.afterAll(async () => product?.stop())

  for (const [asked, lands] of [
    ['/settings/keys', '/settings/keys'],
    ['/sign-in?next=/models&next=/training', '/models'],
    ['/sign-in?next=//example.org/x', '/'],
  ] as const) {
    test(`after ${asked} at ${lands}`, async ({ browser }) => {
      const context = await browser.newContext({ baseURL: product.url })
      const page = await context.newPage()
      await page.goto(asked)
      await page.getByLabel('Email').fill(admin.email)
      await page.getByLabel('Password').fill(admin.password)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await expect(page).toHaveURL(product.url + lands)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await context.close()
    })
  }
})
