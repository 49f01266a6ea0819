import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { furtherNames, runtimeSettings } from '#src/launcher/settings.ts'
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

const namesIn = (text: string) => new Set([...text.matchAll(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g)].map(([name]) => name))
const composeFile = readFileSync(`${root}/docker-compose.yml`, 'utf8')
const composeNames = [...new Set([...composeFile.matchAll(/\$\{([A-Z_]+)/g)].map((match) => match[1] as string))]
/** What no file of ours reads: docker compose itself, OpenSSL by way of Node, NVIDIA's libraries, and the examples' own. */
const others = ['COMPOSE_PROFILES', 'NODE_EXTRA_CA_CERTS', 'CUDA_VISIBLE_DEVICES', 'NAME_FILE']

test('the operations page names every setting of compose and of a runtime', () => {
  for (const name of [...composeNames, ...runtimeSettings]) expect(operations).toContain(`\`${name}\``)
})

test('no page names a setting that is not there', () => {
  const known = [...settingNames, ...furtherNames, ...composeNames, ...others]
  for (const name of [...namesIn(operations), ...namesIn(readme)]) expect(known).toContain(name)
})

test('the operations page names every volume and port of compose, and every folder of the data folder', () => {
  const [, volumes = ''] = composeFile.split(/^volumes:$/m)
  const names = [...volumes.matchAll(/^ {2}([\w-]+):/gm)].map((match) => match[1])
  expect(names.length).toBeGreaterThan(5)
  const kept = operations.slice(operations.indexOf('## What is kept where'), operations.indexOf('## Settings'))
  for (const name of names) expect(kept).toContain(`\`${name}\``)
  for (const [, port] of composeFile.matchAll(/^ +ports: .*:(\d+)"\]$/gm)) expect(operations).toMatch(new RegExp(`^\\| ${port} `, 'm'))
})

test('the README names every command of package.json that people use', () => {
  const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { scripts: Record<string, string> }
  for (const name of Object.keys(scripts).filter((script) => !script.includes(':'))) {
    expect(readme).toMatch(new RegExp(`npm (run )?${name}\\b`))
  }
})
