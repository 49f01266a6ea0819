/** An upload in the browser: its progress, a pause, a reload in the middle, and the same bytes at the end. */
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, type Page, test } from '@playwright/test'
import { signIn } from './pages.ts'
import { type Product, startProduct, until } from './product.ts'

const sizeBytes = 96 * 1024 * 1024
const bytesASecond = 6 * 1024 * 1024

/** A line as slow as an office's, so that there is a middle to interrupt. */
async function slowDown(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 5,
    downloadThroughput: -1,
    uploadThroughput: bytesASecond,
  })
}

test.describe('an upload', () => {
  let product: Product

  test.beforeAll(async () => {
    test.setTimeout(300_000)
    product = await startProduct()
  })
  test.afterAll(async () => product?.stop())

  test('shows how far it is, pauses, survives a reload and arrives byte for byte', async ({ browser }) => {
    test.setTimeout(120_000)
    const page = await signIn(browser, product)
    const bytes = randomBytes(sizeBytes)
    const file = join(product.dataDir, 'weights.bin')
    writeFileSync(file, bytes)
    await slowDown(page)
    await page.goto('/models/register')
    await page.locator('input[type=file]').first().setInputFiles(file)
    const tray = page.getByRole('complementary', { name: 'Uploads', exact: true })
    await expect(tray.getByText(/^\d+ % · [\d.]+ MB\/s · \d+ s left$/)).toBeVisible()

    await tray.getByRole('button', { name: 'Pause weights.bin' }).click()
    await expect(tray.getByText('Paused')).toBeVisible()
    page.once('dialog', (dialog) => void dialog.accept())
    await page.reload()
    await expect(tray.getByText('Waiting for the file')).toBeVisible()
    await tray.getByLabel('Pick weights.bin again', { exact: true }).setInputFiles(file)

    const upload = await until(
      'the upload',
      async () =>
        (await page.request.get('/api/trpc/uploads.list')).json() as Promise<{
          result: { data: { status: string; sha256: string | null }[] }
        }>,
      (answer) => answer.result.data[0]?.status === 'ready',
    )
    expect(upload.result.data).toHaveLength(1)
    expect(upload.result.data[0]?.sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
    await expect(tray.getByText('Ready')).toBeVisible()
    await page.context().close()
  })
})
