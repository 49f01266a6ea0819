/** Where NEUROWEAVER_URL says https and somebody comes by plain HTTP, the browser keeps no cookie: that is said, and not passed over. */
import { expect, test } from '@playwright/test'
import { findChromium } from '#src/launcher/chromium.ts'
import { admin, type Product, startProduct } from './product.ts'

let product: Product

test.beforeAll(async () => {
  test.setTimeout(300_000)
  product = await startProduct({ env: { NEUROWEAVER_URL: 'https://neuro.test', NEUROWEAVER_PROCESSES: 'web,worker' } })
})
test.afterAll(async () => product?.stop())

test('somebody who signs in by plain HTTP is told why it does not last', async ({ playwright }) => {
  const executablePath = findChromium() as string
  const browser = await playwright.chromium.launch({ executablePath, args: ['--host-resolver-rules=MAP neuro.test 127.0.0.1'] })
  const page = await browser.newPage()
  const origin = `http://neuro.test:${new URL(product.url).port}`
  await page.goto(`${origin}/sign-in`)
  await page.getByLabel('Email').fill(admin.email)
  await page.getByLabel('Password').fill(admin.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  const notice = page.getByRole('alert').filter({ hasText: 'You are not signed in' })
  await expect(notice).toContainText(`This browser keeps no cookie from ${origin}.`)
  await expect(notice).toContainText('Open NeuroWeaver under its own address, which begins with https://')
  await browser.close()
})
