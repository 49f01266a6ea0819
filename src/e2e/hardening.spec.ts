/** Pages under their policy: nothing that people write runs, nothing that the pages themselves need is refused, and axe finds nothing. */
import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import { expectAlive, expectSound } from './pages.ts'
import { admin, type Product, startProduct } from './product.ts'

const payloads = [
  '<script>window.ran=1</script>',
  '<img src=x onerror="window.ran=2">',
  '<svg onload="window.ran=3"></svg>',
  '[click](javascript:window.ran=4)',
  '[click](vbscript:x)',
  '[click](data:text/html,<script>window.ran=5</script>)',
  '<noscript><p title="</noscript><img src=x onerror=window.ran=6>"></noscript>',
  '<a id="body" name="cookie">x</a>',
  '<style>@import url(https://evil.example.org/x.css)</style>',
  '<iframe srcdoc="<script>parent.ran=7</script>"></iframe>',
  '<math><mtext></mtext><mglyph><style><img src=x onerror=window.ran=8></style></mglyph></math>',
]
const odd = { rtl: '\u202Egnp.exe', ansi: '\u001b[31mred', line: 'a\u2028b', markup: '<b>bold</b>' }

type Seen = { ran: unknown; refused: string[] }

test.describe('pages', () => {
  let product: Product
  let context: BrowserContext
  let page: Page
  let refused: string[]

  test.beforeAll(async ({ browser }) => {
    test.setTimeout(300_000)
    product = await startProduct({ env: { NEUROWEAVER_OUTBOUND_ALLOW: '127.0.0.1', RELAYCORE_URL: 'http://127.0.0.1:9' } })
    await fetch(`${product.url}/api/v1/models/register`, {
      method: 'POST',
      headers: { authorization: `Bearer ${product.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        name: 'marked',
        description: payloads.join('\n\n'),
        tags: odd,
        specialization: '<img src=x onerror="window.ran=9">',
        external: { url: 'http://127.0.0.1:9', model: '<script>window.ran=10</script>' },
      }),
    }).then(async (response) => expect(response.status, await response.text()).toBe(201))
    context = await browser.newContext({ baseURL: product.url })
    await context.addInitScript(() => {
      const seen = window as unknown as { refused: string[] }
      seen.refused = []
      document.addEventListener('securitypolicyviolation', (event) => seen.refused.push(`${event.violatedDirective} ${event.blockedURI}`))
    })
    page = await context.newPage()
    refused = []
    page.on('dialog', (dialog) => {
      refused.push(`a dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    await page.goto('/sign-in')
    await page.getByLabel('Email').fill(admin.email)
    await page.getByLabel('Password').fill(admin.password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await expect(page).toHaveURL(`${product.url}/`)
  })
  test.afterAll(async () => {
    await context?.close()
    await product?.stop()
  })

  const seenOn = () =>
    page.evaluate((): Seen => {
      const { ran, refused: found } = window as unknown as { ran?: unknown; refused: string[] }
      return { ran, refused: found }
    })

  test('the command for another machine carries the real address and what is typed, and axe finds nothing on it', async () => {
    await page.goto('/settings/runtimes')
    await page.getByRole('button', { name: 'Add a runtime' }).press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Add a runtime' })
    await dialog.getByLabel('Runtime token').fill('a-token')
    await dialog.getByLabel('Name').fill('gpu-1')
    const command = dialog.getByLabel('Command for the other machine: npm')
    await expect(command).toContainText(`--package=${product.url}/dist/neuroweaver.tgz -- neuroweaver runtime join ${product.url}`)
    await expect(command).toContainText('--name gpu-1')
    await expect(command).toContainText('--token a-token')
    await expectSound(page)
    await page.keyboard.press('Escape')
    await expect(dialog).toHaveCount(0)
  })

  test('X1: carry a policy that lets only their own scripts run', async () => {
    const response = await page.goto('/models')
    const policy = response?.headers()['content-security-policy'] ?? ''
    expect(policy).toMatch(/script-src 'self' 'nonce-[^']+' 'strict-dynamic'/)
    expect(policy).not.toMatch(/script-src[^;]*unsafe-inline/)
    expect(policy).toContain("object-src 'none'")
    const again = (await page.goto('/models'))?.headers()['content-security-policy']
    expect(again).not.toBe(policy)
  })

  for (const path of ['/models/marked', '/models', '/models/marked/versions/1'])
    test(`X1, X2: what people write does not run at ${path}`, async () => {
      await page.goto(path)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await expect(page.locator('.MuiSkeleton-root')).toHaveCount(0)
      const { ran } = await seenOn()
      expect(ran).toBeUndefined()
      expect(refused).toEqual([])
      expect(await page.locator('main iframe, main script, main [onerror], main [onload], main a[href^="javascript:"]').count()).toBe(0)
    })

  for (const path of [
    '/models/marked',
    '/monitoring',
    '/monitoring/alerts',
    '/monitoring/rules',
    '/settings',
    '/settings/keys',
    '/settings/projects',
    '/settings/projects/default',
    '/settings/channels',
    '/settings/health',
    '/settings/runtimes',
    '/settings/users',
    '/settings/service-accounts',
    '/settings/limits',
    '/settings/relaycore',
    '/settings/audit',
  ])
    test(`${path} needs nothing that its policy refuses, and axe finds nothing, at phone width in the dark too`, async () => {
      await page.goto(path)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await expect(page.locator('.MuiSkeleton-root')).toHaveCount(0)
      expect((await seenOn()).refused).toEqual([])
      await expectSound(page)
    })

  test('an address of no project says so, and the page goes on answering', async () => {
    await page.goto('/settings/projects/nope')
    await expect(page.getByText('There is no project at this address.')).toBeVisible()
    await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1)
    await page.getByRole('link', { name: 'All projects' }).click()
    await expect(page).toHaveURL(`${product.url}/settings/projects`)
    await expect(page).toHaveTitle('Projects, settings · NeuroWeaver')
  })

  test('a list that can not be read again stays, and says that it is older', async () => {
    await page.goto('/settings/runtimes')
    const row = page.getByRole('row').filter({ hasText: 'inference' })
    await expect(row).not.toHaveCount(0)
    const rows = await row.count()
    await page.route('**/api/trpc/**runtimes.list**', (route) => route.fulfill({ status: 503, body: '' }))
    await expect(page.getByText('What stands here was read before.')).toBeVisible({ timeout: 30_000 })
    await expect(row).toHaveCount(rows)
    await page.unrouteAll()
    await expect(page.getByText('What stands here was read before.')).toHaveCount(0, { timeout: 30_000 })
  })

  test('j walks along the rows of a table without links, and Space looks into one', async () => {
    await page.goto('/monitoring/rules')
    await expect(page.locator('[data-row-link]').first()).toBeVisible()
    await expectAlive(page)
    await page.keyboard.press('j')
    await expect(page.locator('[data-row-link]').first()).toBeFocused()
  })

  test('the palette has a name, and axe finds nothing on it', async () => {
    await page.goto('/models')
    await expectAlive(page)
    await page.keyboard.press('Control+k')
    await expect(page.getByRole('dialog', { name: 'Search things and actions' })).toBeVisible()
    await expectSound(page)
    await page.keyboard.press('Escape')
  })

  test('a link that names another project opens it there', async () => {
    const { id } = await product.client.projects.create.mutate({ name: 'elsewhere' })
    await page.goto(`/monitoring/alerts?status=all&project=${id}`)
    await expect(page.getByRole('button', { name: 'elsewhere' })).toBeVisible()
    await expect(page).toHaveURL(`${product.url}/monitoring/alerts?status=all`)
    await page.goto('/monitoring/alerts?project=default')
    await expect(page.getByRole('button', { name: 'default' })).toBeVisible()
  })
})
