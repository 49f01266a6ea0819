import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const readme = readFileSync(`${root}/README.md`, 'utf8')
const named = new Set(
  [...readme.matchAll(/`((?:src|runtimes|drizzle)\/[\w./-]+)`|\]\((src\/[\w./-]+)\)/g)].map((match) => (match[1] ?? match[2]) as string),
)

test('the README names places', () => expect(named.size).toBeGreaterThan(10))

test.each([...named])('%s, which the README names, exists', (path) => {
  expect(existsSync(`${root}/${path}`)).toBe(true)
})

test('the README names every command of package.json that people use', () => {
  const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { scripts: Record<string, string> }
  for (const name of Object.keys(scripts).filter((script) => !script.includes(':'))) {
    expect(readme).toMatch(new RegExp(`npm (run )?${name}\\b`))
  }
})
