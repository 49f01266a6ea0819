/** What the browser tests do on any page: sign in, and look for what would trip somebody up. */
import AxeBuilder from '@axe-core/playwright'
import { type Browser, expect, type Page } from '@playwright/test'
import { admin, type Product } from './product.ts'

/** A browser of its own, signed in as the admin, on the home page. */
export async function signIn(browser: Browser, product: Product): Promise<Page> {
  const page = await (await browser.newContext({ baseURL: product.url, reducedMotion: 'reduce' })).newPage()
  await page.goto('/sign-in')
  await page.getByLabel('Email').fill(admin.email)
  await page.getByLabel('Password').fill(admin.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(page).toHaveURL(`${product.url}/`)
  return page
}

/** Waits until a page that was opened listens to keys and hears of changes: it stands there before that. */
export const expectAlive = (page: Page) => expect(page.getByRole('button', { name: /^Live\./ })).toBeVisible()

export const isScript = (url: URL) => /^\/_next\/static\/.*\.js$/.test(url.pathname)

/** Opens `path` and does `early` while those of its scripts that are `held` are still on the way. */
export async function beforeScripts(page: Page, path: string, early: () => Promise<void>, held = isScript): Promise<void> {
  const { promise: isOver, resolve: letCome } = Promise.withResolvers<void>()
  await page.route(held, (route) => isOver.then(() => route.continue()))
  await page.goto(path, { waitUntil: 'commit' })
  await early().finally(letCome)
  await page.waitForLoadState()
  await page.unroute(held)
}

/** Waits for colours that fade and dialogs that slide; what turns for ever, such as a progress bar, is not waited for. */
const untilStill = (page: Page) =>
  page.waitForFunction(() =>
    document
      .getAnimations()
      .every(
        (animation) => animation.playState !== 'running' || animation.effect?.getComputedTiming().endTime === Number.POSITIVE_INFINITY,
      ),
  )

/** What a screen reader, a keyboard or weak eyes would stumble over, a line each, once what moves has come to rest. */
export async function findings(page: Page): Promise<string[]> {
  await untilStill(page)
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`.slice(0, 600))
}

/** How many pixels a page can be moved sideways. */
const sideways = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

/** What the rows of tables, which are cards on a phone, have no room for. */
const cutRows = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('tbody tr')].filter((row) => row.scrollWidth > row.clientWidth).map((row) => row.textContent),
  )

/** Facts of cards whose parts stand at both ends of their line: each of them is a part of its own there. */
const tornFacts = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('tbody td[data-label]')].filter((cell) => cell.childNodes.length > 1).map((cell) => cell.textContent),
  )

/** Nothing is found on what is shown, light on a desk and dark on a phone, and on the phone nothing is cut off or scrolls sideways. */
export async function expectSound(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
  await page.setViewportSize({ width: 390, height: 844 })
  expect.soft(await findings(page), `${page.url()} dark, on a phone`).toEqual([])
  expect.soft(await sideways(page), `${page.url()} scrolls sideways on a phone`).toBeLessThanOrEqual(0)
  expect.soft(await cutRows(page), `rows that are cut off at ${page.url()}`).toEqual([])
  expect.soft(await tornFacts(page), `facts that are torn apart at ${page.url()}`).toEqual([])
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  await page.setViewportSize({ width: 1440, height: 900 })
  expect.soft(await findings(page), `${page.url()} light, on a desk`).toEqual([])
}
