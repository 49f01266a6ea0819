/** What watches a deployment that serves two versions: the chart of its traffic, alert rules, and the router that is told of it. */
import { expect, type Page, test } from '@playwright/test'
import { bytes, node, onnxFile, weights } from '#src/testing/onnx.ts'
import { RelayCoreDouble } from '#src/testing/relaycore.ts'
import { uploadBytes } from '#src/testing/upload.ts'
import { expectSound, signIn } from './pages.ts'
import { type Product, startProduct, until } from './product.ts'

const relay = new RelayCoreDouble('relay-key')
const requests = 80
let product: Product
let page: Page
let modelId: string

/** A version that adds `step` to what it is asked, so that an answer tells who gave it. */
async function addVersion(version: number, step: number): Promise<void> {
  const graph = [node('Add', ['x', 'w'], ['y']), bytes(2, 'graph'), weights('w', [4], [step, step, step, step])]
  const uploadId = await uploadBytes(product.url, product.apiKey, 'model.onnx', onnxFile({ graph }))
  const registered = await product.client.models.register.mutate({ name: 'served', files: [{ path: 'model.onnx', uploadId }] })
  modelId = registered.id
  await until(
    `version ${version}`,
    () => product.client.models.version.query({ model: 'served', version }),
    ({ status }) => status === 'ready',
  )
}

/** @returns the version that answered. */
async function ask(): Promise<number> {
  const response = await fetch(`${product.inferenceUrl}/v2/models/served/infer`, {
    method: 'POST',
    headers: { authorization: `Bearer ${product.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: [0, 0, 0, 0] }] }),
  })
  expect(response.status, await response.clone().text()).toBe(200)
  const { outputs } = (await response.json()) as { outputs: { data: number[] }[] }
  return outputs[0]?.data[0] as number
}

/** Moves on with Tab until the control has the focus, as somebody without a mouse does. */
async function tabTo(name: string | RegExp, role: 'textbox' | 'spinbutton' | 'combobox' | 'checkbox' | 'button' = 'spinbutton') {
  const control = page.getByRole('dialog').getByRole(role, { name, exact: true })
  for (let presses = 0; presses < 30; presses++) {
    await page.keyboard.press('Tab')
    if (await control.evaluate((element) => element === document.activeElement)) return control
  }
  throw new Error(`Tab does not lead to ${name}`)
}

/** Types over what stands in the control that Tab leads to. */
async function retype(name: string, text: string): Promise<void> {
  await tabTo(name)
  await page.keyboard.press('ControlOrMeta+A')
  if (text === '') await page.keyboard.press('Delete')
  else await page.keyboard.type(text)
}

async function choose(name: string, option: string): Promise<void> {
  await tabTo(name, 'combobox')
  await page.keyboard.press('Enter')
  const wanted = page.getByRole('option', { name: option })
  await expect(wanted).toBeVisible()
  for (let presses = 0; presses < 20 && !(await wanted.evaluate((element) => element === document.activeElement)); presses++)
    await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(wanted).toHaveCount(0)
}

test.describe('watching a deployment', () => {
  test.describe.configure({ mode: 'serial' })

  test.beforeAll(async ({ browser }) => {
    test.setTimeout(300_000)
    await relay.up()
    await relay.down()
    product = await startProduct({
      env: {
        RELAYCORE_URL: relay.url,
        RELAYCORE_API_KEY: 'relay-key',
        NEUROWEAVER_OUTBOUND_ALLOW: '127.0.0.1',
        NEUROWEAVER_PROCESSES: 'web,worker,inference',
      },
    })
    await addVersion(1, 1)
    await addVersion(2, 2)
    await product.client.deployments.deploy.mutate({ model: 'served', version: 1 })
    await until(
      'the deployment',
      () => product.client.deployments.get.query({ deployment: 'served' }),
      ({ status }) => status === 'ready',
    )
    page = await signIn(browser, product)
  })
  test.afterAll(async () => {
    await product?.stop()
    await relay.down()
  })

  test('the chart of the traffic follows a change by itself, in words and by keyboard too', async () => {
    await page.goto('/deployments/served')
    const table = page.getByRole('table', { name: 'Share of the traffic by version' })
    await expect(table.getByRole('columnheader')).toHaveText(['Time', 'version 1'])
    await product.client.deployments.setTargets.mutate({
      deployment: 'served',
      targets: [
        { version: 1, weight: 70 },
        { version: 2, weight: 30 },
      ],
    })
    await expect(table.getByRole('columnheader')).toHaveText(['Time', 'version 1', 'version 2'])
    await expect(table.getByRole('row').nth(1).getByRole('cell')).toHaveText(['100 %', 'none'])
    await expect(table.getByRole('row').nth(2).getByRole('cell')).toHaveText(['70 %', '30 %'])
    const changes = page.getByRole('list', { name: 'Changes of the traffic' })
    await expect(changes.getByRole('listitem').first()).toContainText('Set by hand: version 1 70 %, version 2 30 %')

    const chart = page.getByRole('application', { name: 'Share of the traffic by version' })
    await chart.focus()
    for (const _corner of ['before the change', 'the change', 'now']) await page.keyboard.press('ArrowRight')
    await expect(page.locator('.recharts-tooltip-wrapper').getByText('version 2')).toBeVisible()
    await page.keyboard.press('Tab')
    await expect(chart).not.toBeFocused()
    await expectSound(page)
  })

  test('real requests are shared out as the chart says', async () => {
    await until('version 2', ask, (version) => version === 2)
    const answers = await Promise.all(Array.from({ length: requests }, ask))
    const share = answers.filter((version) => version === 2).length / requests
    // Four standard deviations of a fair draw at 30 % of 80.
    expect(Math.abs(share - 0.3)).toBeLessThan(0.21)
    await until(
      'the figures of the last hour',
      () => product.client.deployments.list.query({ q: 'served' }),
      ({ items }) => (items[0]?.lastHour.requests ?? 0) >= requests,
    )
  })

  test('an alert rule is tried on the past, refused by field, made, changed and deleted without a mouse', async () => {
    await product.client.channels.create.mutate({ name: 'on-call', kind: 'webhook', target: relay.url })
    await page.goto('/monitoring/rules')
    const opener = page.getByRole('button', { name: 'Create alert rule' })
    await opener.focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Create alert rule' })
    const name = dialog.getByLabel('Name')
    await expect(name).toBeFocused()
    await page.keyboard.press('Escape')
    await expect(dialog).toHaveCount(0)
    await expect(opener).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(name).toBeFocused()

    await retype('Warns above', '0.001')
    await retype('Critical above', '')
    await retype('At least', '1')
    const past = dialog.getByRole('region', { name: 'On past data' })
    await expect(past.getByRole('status')).toHaveText('In the last 24 hours it would have fired 1 time.')
    await expect(past.getByRole('table', { name: 'Latency, p95 over the last 24 hours' })).toContainText('served')
    await past.getByRole('tab', { name: 'Last 24 hours' }).focus()
    await page.keyboard.press('ArrowRight')
    await expect(past.getByRole('status')).toHaveText('In the last 7 days it would have fired 1 time.')
    await expectSound(page)

    await name.focus()
    await retype('Over', '0')
    await page.keyboard.press('Enter')
    await expect(name).toBeFocused()
    await expect(name).toHaveAccessibleDescription('Fill this in.')
    await expect(dialog.getByLabel('Over')).toHaveAccessibleDescription('Must be at least 1.')
    await page.keyboard.type('many errors')
    await choose('Figure', 'Error rate')
    await choose('Watches', 'Deployment served')
    await retype('Warns above', '50')
    await retype('Critical above', '20')
    await retype('Over', '5')
    await page.keyboard.press('Enter')
    await expect(dialog.getByLabel('Critical above')).toBeFocused()
    await expect(dialog.getByLabel('Critical above')).toHaveAccessibleDescription('Must be above the warning threshold.')
    await page.keyboard.press('ControlOrMeta+A')
    await page.keyboard.type('90')
    await tabTo('on-call', 'checkbox')
    await page.keyboard.press('Space')
    await tabTo('Create rule', 'button')
    await page.keyboard.press('Enter')
    await expect(dialog).toHaveCount(0)
    const row = page.getByRole('row', { name: /^many errors/ })
    await expect(row).toContainText('Error rate')
    await expect(row).toContainText('served')
    await expect(row).toContainText('warns above 50 %, critical above 90 %')
    await expect(row).toContainText('5 min')
    await expect(opener).toBeFocused()
    await expectSound(page)

    const change = page.getByRole('button', { name: 'Change many errors' })
    await change.focus()
    await page.keyboard.press('Enter')
    const changing = page.getByRole('dialog', { name: 'Change the rule many errors' })
    await expect(changing.getByRole('checkbox', { name: 'on-call' })).toBeChecked()
    await retype('Critical above', '')
    await page.keyboard.press('Enter')
    await expect(changing).toHaveCount(0)
    await expect(row.getByText('warns above 50 %', { exact: true })).toBeVisible()
    await expect(change).toBeFocused()

    const more = page.getByRole('button', { name: 'More for many errors' })
    const deleting = page.getByRole('dialog', { name: 'Delete the rule many errors?' })
    for (const key of ['Escape', 'Enter']) {
      await more.focus()
      await page.keyboard.press('Enter')
      await expect(page.getByRole('menuitem', { name: 'Mute for an hour' })).toBeFocused()
      await page.keyboard.press('End')
      await page.keyboard.press('Enter')
      await expect(deleting.getByRole('button', { name: 'Keep it' })).toBeFocused()
      await expect(page.getByRole('menu', { includeHidden: true })).toHaveCount(0)
      if (key === 'Enter') await tabTo('Delete rule', 'button')
      await page.keyboard.press(key)
      await expect(deleting).toHaveCount(0)
      if (key === 'Escape') await expect(more).toBeFocused()
    }
    await expect(row).toHaveCount(0)
  })

  test('an alert stands on the first page until somebody takes it up, and what did not arrive of it is sent now by hand', async () => {
    const target = 'http://127.0.0.1:1/hook'
    await product.client.channels.create.mutate({ name: 'shut', kind: 'webhook', target, events: ['alert.firing'] })
    await page.goto('/')
    const attention = page.getByRole('list', { name: 'Needs attention' })
    await expect(attention).not.toContainText('room')
    // There is always less room than the whole disk.
    await product.client.alerts.createRule.mutate({ name: 'room', figure: 'disk_free', warning: 1, critical: null })
    await expect(attention.getByRole('listitem').filter({ hasText: 'room' })).toContainText(
      'of the disk with the data is free, below 100 %',
    )
    await attention.getByRole('link', { name: 'room' }).click()
    await expect(page).toHaveURL(/\/monitoring\/alerts\?alert=[0-9a-f-]+$/)
    const { items } = await product.client.alerts.list.query({ status: 'firing' })
    const alert = items.find(({ rule }) => rule.name === 'room')
    await page.goto('/')
    await expect(attention).toContainText('room')
    await product.client.alerts.acknowledge.mutate({ id: alert?.id ?? '' })
    await expect(attention).not.toContainText('room')

    await page.goto('/settings/channels')
    const row = page.getByRole('row', { name: /^shut/ })
    await expect(row).toContainText('still waiting')
    await row.getByRole('button', { name: 'Peek' }).click()
    const log = page.getByRole('list', { name: 'Deliveries of shut' })
    await expect(log).toContainText('The host 127.0.0.1:1 refused the connection: nothing listens there (ECONNREFUSED).')
    await log.getByRole('button', { name: 'Send now: alert.firing' }).click()
    await expect(page.getByText('It is sent now.')).toBeVisible()
    await page.getByRole('button', { name: 'Close panel' }).click()

    await row.getByRole('button', { name: 'More for shut' }).click()
    await page.getByRole('menuitem', { name: 'Make a new secret' }).click()
    const asking = page.getByRole('dialog', { name: 'Make a new secret for shut?' })
    await expect(asking).toContainText('For 24 hours')
    await asking.getByRole('button', { name: 'Make secret' }).click()
    await expect(page.getByRole('dialog', { name: 'Copy the secret now' })).toBeVisible()
  })

  test('a member who was removed, and an account that was switched off, come back by Undo', async () => {
    const bo = { email: 'bo@example.org', name: 'Bo', password: 'correct-horse-battery', role: 'viewer' as const }
    await product.client.users.create.mutate(bo)
    await product.client.members.set.mutate({ project: 'default', user: bo.email, role: 'deployer' })
    await product.client.serviceAccounts.create.mutate({ name: 'nightly', role: 'viewer' })
    await page.goto('/settings/projects/default')
    const member = page.getByRole('row', { name: /^Bo/ })
    await expect(member).toContainText('deployer')
    await page.getByRole('button', { name: 'Remove Bo' }).click()
    await expect(page.getByText('Bo is no longer a member of default.')).toBeVisible()
    await expect(member).toHaveCount(0)
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect(member).toContainText('deployer')

    await page.goto('/settings/service-accounts')
    await page.getByRole('button', { name: 'Disable nightly' }).click()
    await expect(page.getByText('The keys of nightly no longer work.')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Enable nightly' })).toBeVisible()
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect(page.getByRole('button', { name: 'Disable nightly' })).toBeVisible()
  })

  test('what the router is not told yet is shown, and goes out again by the button', async () => {
    await page.goto('/settings/relaycore')
    const messages = page.getByRole('table', { name: 'Messages to RelayCore' })
    const registration = messages.getByRole('row', { name: /Register the model/ }).last()
    await expect(page.getByText('Does not answer', { exact: true })).toBeVisible()
    await expect(registration).toContainText('Waiting')
    await expect(registration).toContainText('when it answers')
    await page.setViewportSize({ width: 390, height: 844 })
    await page.reload()
    await expect(page.getByRole('link', { name: 'RelayCore' })).toBeInViewport({ ratio: 1 })
    await expect(registration).toContainText('Waiting')
    await expectSound(page)
    await registration.getByRole('button', { name: /^Send again/ }).click()
    await expect(page.getByText(/^Message \d+ goes out now$/)).toBeVisible()
    await expect(registration).toContainText('Waiting')
    expect(relay.got).toEqual([])

    // The first message is that of the installation itself; nothing but a person sends again what was refused.
    relay.mood = { wrong: [422] }
    await relay.up()
    await expect(page.getByText('Answers', { exact: true })).toBeVisible()
    await expect(registration).toContainText('Delivered')
    expect(relay.of(modelId)[0]).toMatchObject({ kind: 'register', body: { name: 'served' } })
    const installation = messages.getByRole('row', { name: /Register this installation/ })
    await expect(installation).toContainText('Refused')
    await expect(installation).toContainText('as was asked')
    await expectSound(page)
    const again = installation.getByRole('button', { name: /^Send again/ })
    await again.focus()
    await page.keyboard.press('Enter')
    await expect(installation).toContainText('Delivered')
    await expect(again).toHaveCount(0)
    expect(relay.got.filter(({ kind }) => kind === 'provider').map(({ status }) => status)).toEqual([422, 200])
    await expect(page.getByRole('region', { name: 'Routing' })).toContainText('Success rate')
    await expect(page.getByText(/0 waiting, \d+ delivered, 0 refused/)).toBeVisible()
  })
})
