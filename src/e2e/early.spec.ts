/** A page stands there before its scripts have come: what is done to it in the meantime is not lost. */
import { expect, type Page, test } from '@playwright/test'
import { beforeScripts, expectAlive, isScript, signIn } from './pages.ts'
import { admin, type Product, startProduct, until } from './product.ts'

test.describe('before a page is alive', () => {
  let product: Product
  let page: Page

  test.beforeAll(async () => {
    test.setTimeout(300_000)
    product = await startProduct()
  })
  test.afterAll(async () => product?.stop())
  test.beforeEach(async ({ browser }) => {
    page = await signIn(browser, product)
  })
  test.afterEach(async () => page.context().close())

  test('what was typed to sign in is sent', async ({ browser }) => {
    const stranger = await (await browser.newContext({ baseURL: product.url })).newPage()
    await beforeScripts(stranger, '/sign-in', async () => {
      await stranger.getByLabel('Email').fill(admin.email)
      await stranger.getByLabel('Password').fill(admin.password)
    })
    await stranger.getByRole('button', { name: 'Sign in' }).click()
    await expect(stranger.getByRole('heading', { name: 'Home', level: 1 })).toBeVisible()
    await stranger.context().close()
  })

  test('a sign-in that was sent is sent once the page is alive, and no password gets into an address', async ({ browser }) => {
    const stranger = await (await browser.newContext({ baseURL: product.url })).newPage()
    const addresses: string[] = []
    stranger.on('request', (request) => addresses.push(request.url()))
    await beforeScripts(stranger, '/sign-in', async () => {
      await stranger.getByLabel('Email').fill(admin.email)
      await stranger.getByLabel('Password').fill(admin.password)
      await stranger.getByLabel('Password').press('Enter')
    })
    await expect(stranger.getByRole('heading', { name: 'Home', level: 1 })).toBeVisible()
    expect(addresses.filter((address) => address.includes(admin.password))).toEqual([])
    await stranger.context().close()
  })

  test('a button that was pressed and a choice that was made are taken', async () => {
    await product.client.alerts.createRule.mutate({ name: 'owl', figure: 'disk_free', warning: null, critical: 0.01 })
    await beforeScripts(page, '/monitoring/rules', async () => {
      const peek = page.getByRole('row', { name: /^owl/ }).getByRole('button', { name: 'Peek' })
      await peek.click()
      await peek.click()
    })
    await expect(page.getByRole('dialog', { name: 'Peek' })).toContainText('alert_rule.create')

    await page.setViewportSize({ width: 390, height: 844 })
    await beforeScripts(page, '/monitoring/rules', () => page.getByRole('combobox', { name: 'Sort by' }).selectOption({ index: 2 }).then())
    await expect(page).toHaveURL(/sort=/)
  })

  test('a page is not drawn anew where the alerts in its frame are counted before the rest has come to life', async () => {
    await product.client.alerts.createRule.mutate({ name: 'wren', figure: 'disk_free', warning: null, critical: 1 })
    await until(
      'the alert',
      () => product.client.alerts.firing.query(),
      ({ count }) => count > 0,
    )
    const errors: string[] = []
    page.on('pageerror', ({ message }) => errors.push(message))
    const slow = await page.context().newCDPSession(page)
    await slow.send('Emulation.setCPUThrottlingRate', { rate: 10 })
    for (const part of ['alerts', 'rules', 'alerts', 'rules']) {
      await page.goto(`/monitoring/${part}`)
      await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /alerts? fires?$/ })).toBeVisible()
      await expect(page.getByRole('main').getByRole('link', { name: /^Alerts\W*\d/ })).toBeVisible()
    }
    expect(errors).toEqual([])
  })

  test('a file that was picked is uploaded', async () => {
    const early = { name: 'early.onnx', mimeType: 'application/octet-stream', buffer: Buffer.alloc(1024, 1) }
    await beforeScripts(page, '/models/register', () => page.locator('input[type=file]').setInputFiles(early))
    await expect(page.getByRole('list', { name: 'Chosen for Files' })).toContainText('early.onnx')
    await expect(page.getByLabel('Name', { exact: true })).toHaveValue('early')
  })

  test('what was typed stays when the frame around the page is alive first', async () => {
    await expectAlive(page)
    const known = new Set(await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name)))
    const name = page.getByLabel('Name', { exact: true })
    await beforeScripts(
      page,
      '/models/register',
      async () => {
        await page.waitForResponse(/live\.changes/)
        await name.fill('early')
        await name.evaluate((input) => input.setAttribute('data-first', ''))
      },
      (url) => isScript(url) && !known.has(url.href),
    )
    await expectAlive(page)
    await expect(name).toHaveValue('early')
    // The server's own drawing came to life, and no other took its place.
    await expect(name).toHaveAttribute('data-first')
    await page.getByRole('button', { name: 'Connect a server' }).click()
    await expect(name).toHaveValue('early')
  })
})
