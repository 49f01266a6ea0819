import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { settingNames } from '#src/server/env.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const readme = readFileSync(`${root}/README.md`, 'utf8')
const operations = readFileSync(`${root}/docker/OPERATIONS.md`, 'utf8')

const named = (page: string) =>
  [...page.matchAll(/`((?:src|runtimes|drizzle|docker)\/[\w./-]+)`|\]\(((?:src|docker)\/[\w./-]+)\)/g)].map(
    (match) => (match[1] ?? match[2]) as string,
  )

test('the README names places', () => expect(named(readme).length).toBeGreaterThan(10))

test.each([...new Set([...named(readme), ...named(operations)])])('%s, which a page names, exists', (path) => {
  expect(existsSync(`${root}/${path}`)).toBe(true)
})

test('the operations page names every setting, and none that is not there', () => {
  const section = operations.slice(operations.indexOf('## Settings'), operations.indexOf('\n\nAlso: '))
  const listed = [...section.matchAll(/^\| `([A-Z0-9_]+)` +\|/gm)].map((match) => match[1])
  expect(listed).toEqual(settingNames)
})

test('compose hands every setting of the control plane on', () => {
  const compose = readFileSync(`${root}/docker-compose.yml`, 'utf8')
  // Where things listen and lie is fixed inside a container; the last is a runtime's. Secrets come as files.
  const inside = ['HOST', 'NEUROWEAVER_DATA_DIR', 'NEUROWEAVER_CONTROL_URL']
  for (const name of settingNames.filter((setting) => !inside.includes(setting))) expect(compose).toMatch(new RegExp(`\\b${name}(_FILE)?:`))
})

test('the README names every command of package.json that people use', () => {
  const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { scripts: Record<string, string> }
  for (const name of Object.keys(scripts).filter((script) => !script.includes(':'))) {
    expect(readme).toMatch(new RegExp(`npm (run )?${name}\\b`))
  }
})
