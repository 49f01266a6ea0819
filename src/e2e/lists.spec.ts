/** Lists and what is done from them: sorted on a phone, worked off with keys alone, and opened at an address that somebody was sent. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, type Locator, type Page, test } from '@playwright/test'
import { expectSound, findings, signIn } from './pages.ts'
import { type Product, startProduct, until } from './product.ts'

let product: Product
let page: Page

/** There is always less room than the whole disk: such a rule fires at once. */
const makeRule = (name: string, critical: number | null = null, cooldownMinutes?: number) =>
  product.client.alerts.createRule.mutate({ name, figure: 'disk_free', warning: critical === null ? 1 : null, critical, cooldownMinutes })

/** @returns the alerts of these rules, once all fire. */
async function firing(names: string[]): Promise<Map<string, string>> {
  const { items } = await until(
    `alerts of ${names.join(', ')}`,
    () => product.client.alerts.list.query({ status: 'open' }),
    (answer) => names.every((name) => answer.items.some(({ rule }) => rule.name === name)),
  )
  return new Map(items.map(({ rule, id }) => [rule.name, id]))
}

const desk = () => page.setViewportSize({ width: 1440, height: 900 })
const phone = () => page.setViewportSize({ width: 390, height: 844 })
const press = async (control: Locator, key = 'Enter') => {
  await control.focus()
  await control.press(key)
}
/** The rows by their first cell, in the order in which they stand. */
const names = () => page.locator('tbody td[data-first]').allInnerTexts()
const panel = () => page.getByRole('dialog', { name: 'Peek' })
/** The same under an open panel, which takes the page behind it out of the reach of roles. */
const listed = (name: string) => page.locator('main tbody tr').filter({ hasText: name })
const rowOf = (name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) })

test.describe('lists', () => {
  test.beforeAll(async ({ browser }) => {
    test.setTimeout(300_000)
    product = await startProduct({ env: { NEUROWEAVER_OUTBOUND_ALLOW: '127.0.0.1' } })
    for (const name of ['ant', 'bee', 'cow']) await makeRule(name)
    await product.client.channels.create.mutate({ name: 'shut', kind: 'webhook', target: 'http://127.0.0.1:1/hook' })
    await product.client.channels.create.mutate({ name: 'open', kind: 'slack', target: 'http://127.0.0.1:1/slack' })
    page = await signIn(browser, product)
  })
  test.afterAll(async () => {
    await page?.context().close()
    await product?.stop()
  })
  test.beforeEach(desk)

  test('on a phone a list is sorted above its cards, and what is out of sight is no stop for Tab', async () => {
    await firing(['ant', 'bee', 'cow'])
    await phone()
    await page.goto('/monitoring/alerts')
    const sort = page.getByRole('combobox', { name: 'Sort by' })
    await expect(rowOf('ant')).toBeVisible()
    await sort.selectOption({ label: 'Alert, falling' })
    await expect.poll(names).toEqual(['cow', 'bee', 'ant'])
    expect(new URL(page.url()).searchParams.get('sort')).toBe('rule desc')
    await page.reload()
    await expect(sort).toHaveValue('rule desc')
    await expect.poll(names).toEqual(['cow', 'bee', 'ant'])
    await sort.selectOption({ label: 'Alert, rising' })
    await expect.poll(names).toEqual(['ant', 'bee', 'cow'])
    await sort.focus()
    for (let presses = 0; presses < 4; presses++) {
      await page.keyboard.press('Tab')
      expect(await page.evaluate(() => document.activeElement?.closest('thead')?.textContent ?? null)).toBeNull()
    }
    await expect(page.getByRole('button', { name: 'Acknowledge ant on the data disk' })).toBeInViewport()

    await desk()
    await expect(sort).toBeHidden()
    await expect(page.getByRole('columnheader', { name: 'Alert' })).toHaveAttribute('aria-sort', 'ascending')
    await page.getByRole('columnheader', { name: 'Alert' }).getByRole('button').click()
    await expect.poll(names).not.toEqual([])
    await phone()
    await expect(sort).toHaveValue('')
  })

  test('what is done with an alert leaves the focus in its row, in the next one, and at last on what the list offers', async () => {
    await firing(['ant', 'bee', 'cow'])
    await page.goto('/monitoring/alerts?sort=rule+asc')
    await press(page.getByRole('button', { name: 'Acknowledge ant on the data disk' }))
    const dialog = page.getByRole('dialog', { name: 'Acknowledge ant' })
    await dialog.getByLabel('Note').fill('looking')
    await dialog.getByRole('button', { name: 'Acknowledge alert' }).click()
    await expect(dialog).toHaveCount(0)
    await expect(page.getByRole('button', { name: 'Acknowledge ant on the data disk' })).toHaveCount(0)
    await expect(rowOf('ant').locator('[data-row-link]')).toBeFocused()

    await press(page.getByRole('button', { name: 'Resolve ant on the data disk' }))
    await expect(rowOf('ant')).toHaveCount(0)
    await expect(rowOf('bee').locator('[data-row-link]')).toBeFocused()
    await press(page.getByRole('button', { name: 'Resolve cow on the data disk' }))
    await expect(rowOf('cow')).toHaveCount(0)
    await expect(rowOf('bee').locator('[data-row-link]')).toBeFocused()
    await press(page.getByRole('button', { name: 'Resolve bee on the data disk' }))
    await expect(page.getByRole('main').getByRole('link', { name: 'Open alert rules' })).toBeFocused()
  })

  test('a filter that is taken off the record leaves the focus on the next one, and then on the button that adds them', async () => {
    await page.goto('/settings/audit?source=trpc&targetType=alert_rule&action=alert_rule.create')
    const chosen = page.getByRole('group', { name: 'Chosen filters' })
    await press(chosen.getByRole('button', { name: 'remove this filter' }).first())
    await expect(chosen.getByRole('button', { name: 'remove this filter' })).toHaveCount(2)
    await expect(chosen.getByRole('button', { name: 'remove this filter' }).first()).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(chosen.getByRole('button', { name: 'remove this filter' })).toHaveCount(1)
    await expect(chosen.getByRole('button', { name: 'remove this filter' })).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(chosen).toHaveCount(0)
    await expect(page.getByRole('button', { name: 'Filter', exact: true })).toBeFocused()
  })

  test('words that nothing matches keep the focus in the search, whatever becomes of the list', async () => {
    await page.goto('/settings/audit')
    await expect(page.getByRole('row')).not.toHaveCount(0)
    const search = page.getByRole('searchbox', { name: 'Search the record' })
    await search.fill('nothing-is-called-so')
    await expect(page.getByText('No entry matches the filters.')).toBeVisible()
    await expect(search).toBeFocused()
    await press(page.getByRole('button', { name: 'Clear all filters' }))
    await expect(page.getByRole('region', { name: 'Audit entries, table' })).toBeFocused()
  })

  test('an alert has an address: reload keeps it, Back closes it, and it stays open when its row leaves the list', async () => {
    await makeRule('dog', 1)
    const id = (await firing(['dog'])).get('dog') ?? ''
    await page.goto('/monitoring/alerts')
    await rowOf('dog').getByRole('button', { name: 'Peek' }).click()
    await expect(panel()).toContainText('of the disk with the data is free')
    await expect(page).toHaveURL(`${product.url}/monitoring/alerts?alert=${id}`)
    await page.reload()
    await expect(panel()).toContainText('of the disk with the data is free')
    await page.goBack()
    await expect(panel()).toHaveCount(0)
    await expect(page).toHaveURL(`${product.url}/monitoring/alerts`)
    await page.goForward()
    await expect(panel()).toBeVisible()

    await panel().getByRole('button', { name: 'Acknowledge dog on the data disk' }).click()
    await page.getByRole('dialog', { name: 'Acknowledge dog' }).getByRole('button', { name: 'Acknowledge alert' }).click()
    await expect(panel()).toContainText(`by ada@example.org`)
    await product.client.alerts.resolve.mutate({ id })
    await expect(listed('dog')).toHaveCount(0)
    await expect(panel().getByText('Resolved', { exact: true }).first()).toBeVisible()
    await expect(panel().getByRole('button', { name: 'Resolve dog on the data disk' })).toHaveCount(0)
    await expect(panel()).toContainText('by bootstrap@localhost')
    await panel().getByRole('button', { name: 'Close panel' }).click()
    await expect(panel()).toHaveCount(0)
    await expect(page).toHaveURL(`${product.url}/monitoring/alerts`)

    // The list shows what is open; the address opens what is over all the same.
    await page.goto(`/monitoring/alerts?alert=${id}`)
    await expect(panel()).toContainText('by bootstrap@localhost')
    await panel().getByRole('button', { name: 'Close panel' }).click()
    await expect(page).toHaveURL(`${product.url}/monitoring/alerts`)
    for (const missing of ['01900000-0000-7000-8000-000000000000', 'nope']) {
      await page.goto(`/monitoring/alerts?alert=${missing}`)
      await expect(panel()).toContainText('There is no alert at this address.')
      await page.keyboard.press('Escape')
      await expect(panel()).toHaveCount(0)
    }
  })

  test('any row that was looked into has an address, and what is gone from the list is shown until it is closed', async () => {
    const { id } = await makeRule('elk')
    await page.goto('/monitoring/rules')
    await rowOf('elk').getByRole('button', { name: 'Peek' }).click()
    await expect(panel().getByRole('list', { name: 'History' })).toContainText('alert_rule.create')
    await expect(page).toHaveURL(`${product.url}/monitoring/rules?peek=${id}`)
    await page.reload()
    await expect(panel().getByRole('list', { name: 'History' })).toContainText('alert_rule.create')
    await product.client.alerts.deleteRule.mutate({ id })
    await expect(listed('elk')).toHaveCount(0)
    await expect(panel()).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(panel()).toHaveCount(0)
    await expect(page).toHaveURL(`${product.url}/monitoring/rules`)
    await page.goto(`/monitoring/rules?peek=${id}`)
    await expect(panel()).toContainText('The list does not show what this address names.')
    await page.keyboard.press('Escape')
    await rowOf('cow').getByRole('button', { name: 'Peek' }).click()
    await panel().getByRole('button', { name: 'Close panel' }).click()
    await expect(rowOf('cow').getByRole('button', { name: 'Peek' })).toBeFocused()
  })

  test('axe finds nothing on a menu or a list of choices while it is open', async () => {
    await page.goto('/settings/channels')
    const openers = [
      rowOf('shut').getByRole('button', { name: 'More for shut' }),
      page.getByRole('button', { name: 'Choose columns' }),
      page.getByRole('button', { name: 'default' }),
    ]
    for (const opener of openers) {
      await opener.click()
      await expect(page.getByRole('menu')).toBeVisible()
      expect.soft(await findings(page)).toEqual([])
      await page.keyboard.press('Escape')
      await expect(page.getByRole('menu')).toHaveCount(0)
      await expect(opener).toBeFocused()
    }
    await page.getByRole('button', { name: 'Create channel' }).click()
    await page.getByRole('combobox', { name: 'Kind' }).click()
    await expect(page.getByRole('listbox')).toBeVisible()
    expect.soft(await findings(page)).toEqual([])
    await page.goto('/settings/audit')
    await page.getByRole('button', { name: 'Export' }).click()
    await expect(page.getByRole('menu')).toBeVisible()
    expect.soft(await findings(page)).toEqual([])
  })

  for (const [address, noun] of [
    ['/models/%25', 'model'],
    ['/models/%25E4', 'model'],
    ['/models/%25/versions/1', 'version'],
    ['/datasets/%25', 'data set'],
    ['/settings/projects/%25', 'project'],
    ['/deployments/%25', 'deployment'],
  ])
    test(`${address} says that there is no such ${noun}`, async () => {
      await page.goto(address as string)
      await expect(page.getByText(`There is no ${noun} at this address.`)).toBeVisible()
    })

  test('what was typed into a dialog is not thrown away unasked', async () => {
    await page.goto('/settings/channels')
    const opener = page.getByRole('button', { name: 'Create channel' })
    const dialog = page.getByRole('dialog', { name: 'Create channel' })
    const asking = page.getByRole('dialog', { name: 'Discard changes?' })
    await opener.click()
    await page.keyboard.press('Escape')
    await expect(dialog).toHaveCount(0)

    await opener.click()
    await dialog.getByRole('combobox', { name: 'Kind' }).click()
    await page.getByRole('option', { name: 'E-mail' }).click()
    await page.keyboard.press('Escape')
    await expect(asking).toBeVisible()
    expect.soft(await findings(page)).toEqual([])
    await asking.getByRole('button', { name: 'Keep editing' }).click()
    await expect(asking).toHaveCount(0)
    await expect(dialog).toContainText('E-mail')

    await dialog.getByLabel('Name').fill('on-call')
    await page.mouse.click(5, 5)
    await expect(dialog).toBeVisible()
    await dialog.getByLabel('Name').press('Escape')
    await expect(asking).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(asking).toHaveCount(0)
    await expect(dialog.getByLabel('Name')).toHaveValue('on-call')
    await expect(dialog.getByLabel('Name')).toBeFocused()
    await page.keyboard.press('Escape')
    await asking.getByRole('button', { name: 'Discard' }).click()
    await expect(dialog).toHaveCount(0)
    await expect(opener).toBeFocused()
    await expect(page.getByRole('row', { name: /^on-call/ })).toHaveCount(0)
  })

  test('the first page says how bad an alert is and leads to it, and the log of a channel names what each message was about', async () => {
    // Those of the tests before it would hold it back.
    await makeRule('fox', 1, 0)
    const id = (await firing(['fox'])).get('fox') ?? ''
    await page.goto('/')
    const line = page.getByRole('list', { name: 'Needs attention' }).getByRole('listitem').filter({ hasText: 'fox' })
    await expect(line).toContainText('Critical alert')
    await line.getByRole('link', { name: 'fox' }).click()
    await expect(page).toHaveURL(`${product.url}/monitoring/alerts?alert=${id}`)
    await expect(panel()).toContainText('of the disk with the data is free')

    await page.goto('/settings/channels')
    await rowOf('shut').getByRole('button', { name: 'Peek' }).click()
    const log = page.getByRole('list', { name: 'Deliveries of shut' })
    const item = log.getByRole('listitem').filter({ hasText: 'fox' })
    await expect(item).toContainText('(ECONNREFUSED)')
    await expect(item).not.toContainText('. after')
    await expect(log).not.toContainText('..')
    await expect(panel().getByRole('heading', { name: 'History' })).toBeVisible()
    await page.goto('/settings/channels')
    await expect(rowOf('shut')).toContainText(', ')
    await expectSound(page)
  })

  test('a member who was removed by keys leaves the focus in the list', async () => {
    const bo = { email: 'bo@example.org', name: 'Bo', password: 'correct-horse-battery', role: 'viewer' as const }
    const cy = { ...bo, email: 'cy@example.org', name: 'Cy' }
    for (const person of [bo, cy]) {
      await product.client.users.create.mutate(person)
      await product.client.members.set.mutate({ project: 'default', user: person.email, role: 'editor' })
    }
    await page.goto('/settings/projects/default')
    await press(page.getByRole('button', { name: 'Remove Bo' }))
    await expect(rowOf('Bo')).toHaveCount(0)
    await phone()
    await expect(page.getByRole('combobox', { name: 'Sort by' })).toHaveCount(0)
    await desk()
    await expect(rowOf('Cy')).toBeFocused()
    await press(page.getByRole('button', { name: 'Undo' }))
    await expect(rowOf('Bo')).toBeVisible()
    await expect(rowOf('Cy')).toBeFocused()
  })

  test('a runtime shows how busy it is while it is heard of, without a reload, and not as of now when it is silent', async () => {
    const token = readFileSync(join(product.dataDir, 'runtime.token'), 'utf8').trim()
    const devices = [{ kind: 'cpu', index: 0, name: 'a processor', memory_bytes: 8e9, memory_used_bytes: 2e9, load: 0.5 }]
    const introduction = { kind: 'training', name: 'visitor', version: '0.1.0', protocol: 1, boot_id: crypto.randomUUID(), capacity: 1 }
    await page.goto('/settings/runtimes')
    await expect(rowOf('inference')).toBeVisible()
    const enrolled = await fetch(`${product.url}/api/runtime/v1/enrol`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...introduction, devices }),
    })
    expect(enrolled.status, await enrolled.text()).toBe(200)
    await expect(rowOf('visitor')).toContainText('50 % busy')
    await expect(rowOf('visitor')).toContainText('Live')
    await expect(rowOf('visitor')).toContainText('Silent', { timeout: 40_000 })
    await expect(rowOf('visitor')).toContainText('8.0 GB')
    await expect(rowOf('visitor')).not.toContainText('busy')
    await rowOf('visitor').getByRole('button', { name: 'Remove' }).click()
    await expect(page.getByRole('dialog')).toContainText('No job runs on it now.')
    await page.getByRole('button', { name: 'Remove runtime' }).click()
    await expect(rowOf('visitor')).toHaveCount(0)
  })
})
