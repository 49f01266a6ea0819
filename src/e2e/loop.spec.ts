/** The whole loop in a browser, from an empty installation to a prediction, as one person walks it. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Browser, expect, type Page, test } from '@playwright/test'
import { readBuiltins, toCsv } from '#src/server/services/samples/builtins.ts'
import { beforeScripts, expectAlive, findings } from './pages.ts'
import { admin, type Product, startProduct } from './product.ts'

const run = promisify(execFile)

/** Nothing that a screen reader, a keyboard or weak eyes would stumble over. */
async function expectAccessible(page: Page): Promise<void> {
  // Soft, so that one run names what is wrong on every page.
  expect.soft(await findings(page), await page.title()).toEqual([])
}

/** What a page threw, a line each: it grows as long as the page is open. */
function problemsOf(page: Page): string[] {
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  return problems
}

const paths = [
  '/',
  '/models',
  '/models/functions',
  '/models/functions/versions/1',
  '/datasets',
  '/datasets/functions',
  '/training',
  '/deployments',
  '/deployments/functions',
  '/monitoring',
  '/settings',
  '/settings/keys',
  '/settings/runtimes',
]

test.describe('from an empty installation to a prediction', () => {
  test.describe.configure({ mode: 'serial' })
  let product: Product
  let page: Page
  let problems: string[]
  let jobPath: string

  test.beforeAll(async ({ browser }) => {
    test.setTimeout(300_000)
    product = await startProduct({ isFresh: true })
    page = await (await browser.newContext({ baseURL: product.url })).newPage()
    problems = problemsOf(page)
  })
  test.afterAll(async () => product?.stop())

  /** Each page comes to life as the server drew it in a browser of another time zone, whose clock is an hour ahead. */
  async function expectAliveFarAway(browser: Browser, visited: string[], look = async (_last: Page) => {}): Promise<void> {
    const storageState = await page.context().storageState()
    const context = await browser.newContext({ baseURL: product.url, storageState, timezoneId: 'Asia/Kathmandu' })
    // Anybody can write into a cookie: what is no time zone breaks nothing.
    await context.addCookies([{ name: 'nw_zone', value: 'no%2Fwhere', url: product.url }])
    const far = await context.newPage()
    await far.clock.install({ time: Date.now() + 3_600_000 })
    const faults = problemsOf(far)
    for (const path of visited) {
      await far.goto(path)
      await expectAlive(far)
      expect(faults, path).toEqual([])
    }
    await look(far)
    await context.close()
  }

  test('the first page asks for the first admin and signs in', async () => {
    await page.goto('/')
    await expect(page).toHaveURL(/\/setup$/)
    await expectAccessible(page)
    await page.getByLabel('Your name').fill(admin.name)
    await page.getByLabel('Email').fill(admin.email)
    await page.getByLabel('Password').fill('short')
    await page.getByRole('button', { name: 'Create the account' }).click()
    await expect(page.getByText(/at least 10 characters/i).last()).toBeVisible()
    await page.getByLabel('Password').fill(admin.password)
    await page.getByRole('button', { name: 'Create the account' }).click()
    await expect(page.getByRole('heading', { name: 'Home', level: 1 })).toBeVisible()
    await expectAccessible(page)
  })

  test('a CSV becomes a data set with its columns', async () => {
    const { columns, rows } = readBuiltins()
    const file = join(product.dataDir, 'functions.csv')
    writeFileSync(file, toCsv(columns, rows))
    await page.goto('/datasets')
    await page.getByRole('link', { name: 'Add a data set' }).first().click()
    await page.locator('input[type=file]').setInputFiles(file)
    await expect(page.getByLabel('Name', { exact: true })).toHaveValue('functions')
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Add the data set' }).click()
    await expect(page).toHaveURL(/\/datasets\/functions/)
    await expect(page.getByRole('link', { name: 'Train on this' })).toBeVisible()
    await expect(page.getByText('checks_arguments').first()).toBeVisible()
    await expectAccessible(page)
  })

  test('training shows the loss and the log while it runs, also after a reload', async ({ browser }) => {
    test.setTimeout(120_000)
    await page.getByRole('link', { name: 'Train on this' }).click()
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await page.getByRole('combobox', { name: 'Target' }).click()
    await page.getByRole('option', { name: /checks_arguments/ }).click()
    await page.getByLabel('Model', { exact: true }).fill('functions')
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Start training' }).click()
    await expect(page).toHaveURL(/\/training\/[0-9a-f-]{36}/)
    jobPath = new URL(page.url()).pathname
    await page.reload()
    await expect(page.getByRole('region', { name: 'Log lines' })).toContainText(/\w/)
    // How long it has been running is told from the start, and not from the next quarter of a minute on.
    await expectAlive(page)
    expect(await page.getByText(/for 0 ms/).count()).toBe(0)
    await expectAliveFarAway(browser, [jobPath, '/training'])
    await expect(page.getByRole('button', { name: 'Deploy version 1', exact: true })).toBeVisible({ timeout: 90_000 })
    await expect(page.locator('.recharts-line').first()).toBeVisible()
    await expectAccessible(page)
  })

  test('the switches and the list of choices of a log are taken that were used before the page was alive', async () => {
    const [times, level] = [page.getByRole('switch', { name: 'Times' }), page.getByRole('combobox', { name: 'Level' })]
    const isOn = await times.isChecked()
    await beforeScripts(page, jobPath, async () => {
      // Nothing happens yet, so that somebody presses once more.
      for (const _press of ['first', 'impatient']) await page.getByText('Times', { exact: true }).click()
      await level.click()
    })
    await page.getByRole('option', { name: 'Errors only' }).click()
    await expect(level).toHaveText('Errors only')
    await expect(times).toBeChecked({ checked: !isOn })
    await times.click()
    await expect(times).toBeChecked({ checked: isOn })
  })

  test('the version has its signature, metrics and lineage', async () => {
    await page.getByRole('link', { name: /version 1 of functions/ }).click()
    await expect(page.getByRole('heading', { name: 'functions version 1' })).toBeVisible()
    await expect(page.getByRole('heading', { name: 'Signature' })).toBeVisible()
    await expect(page.getByRole('heading', { name: 'Lineage' })).toBeVisible()
    await expect(page.getByText('Macro F1').first()).toBeVisible()
    await expect(page.getByText('Answers as in training')).toBeVisible()
    await expectAccessible(page)
    await page.getByRole('tab', { name: 'Evaluation' }).click()
    await expect(page.getByText(/confusion/i).first()).toBeVisible()
    await expectAccessible(page)
  })

  test('one click deploys it, and the playground gets a prediction', async () => {
    await page.getByRole('button', { name: 'Deploy version 1', exact: true }).click()
    await expect(page).toHaveURL(/\/deployments\/functions/)
    await expect(page.getByText('Ready', { exact: true }).first()).toBeVisible()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Try it' }).click()
    await page.getByRole('button', { name: 'Fill an example' }).click()
    await page.getByRole('button', { name: 'Ask the model' }).click()
    await expect(page.getByRole('list', { name: 'Probabilities' })).toContainText(/checks|trusts/)
    await expectAccessible(page)
  })

  test('the curl line beside it works as it stands', async () => {
    await page.getByRole('button', { name: 'Put in a key' }).first().click()
    const code = page.getByRole('tabpanel', { name: 'Call the endpoint: curl' })
    await expect(code).toContainText('nwk_')
    const { stdout } = await run('bash', ['-c', (await code.textContent()) as string])
    const answer = JSON.parse(stdout.slice(stdout.indexOf('{'))) as { outputs: { name: string; data: string[] }[] }
    expect(['checks', 'trusts']).toContain(answer.outputs.find(({ name }) => name === 'label')?.data[0])
  })

  test('the pages hold on a phone and in the dark, and nothing broke on the way', async ({ browser }) => {
    test.setTimeout(120_000)
    const state = await page.context().storageState()
    const context = await browser.newContext({
      baseURL: product.url,
      storageState: state,
      viewport: { width: 390, height: 844 },
      colorScheme: 'dark',
    })
    const phone = await context.newPage()
    for (const path of paths) {
      await phone.goto(path)
      await expect(phone.getByRole('heading', { level: 1 })).toHaveCount(1)
      const overflow = await phone.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      expect(overflow, `${path} scrolls sideways`).toBeLessThanOrEqual(0)
      await expectAccessible(phone)
    }
    await context.close()
    expect(problems).toEqual([])
  })

  test('the pages come to life as the server drew them, in another time zone and by a clock that is an hour ahead', async ({ browser }) => {
    const audit = '/settings/audit?from=2026-01-01T00:00:00Z'
    await expectAliveFarAway(browser, [...paths, jobPath, '/deployments/functions?range=24h', audit], async (far) => {
      await expect(far.getByRole('button', { name: 'From: Jan 1, 2026, 5:45:00 AM, remove this filter' })).toBeVisible()
      // The server knows the zone from the second page on, so that no time changes before somebody's eyes.
      expect(await (await far.request.get(audit)).text()).toMatch(/From: Jan 1, 2026, 5:45:00\sAM/)
    })
  })
})
