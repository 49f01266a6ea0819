/** The rows of the list of attacks, each held by a test whose name begins with it: `grep -rn "A13" src --include=*.test.ts` finds it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const counts = { A: 16, S: 4, X: 4, Q: 8, L: 4 }
const rows = Object.entries(counts).flatMap(([letter, count]) => Array.from({ length: count }, (_, index) => `${letter}${index + 1}`))

/** What a name begins with: `A1, A2: …`, after the quote that opens it. */
const heading = /['"`]((?:[ASXQL]\d{1,2})(?:, [ASXQL]\d{1,2})*): /g

it('finds a test of every row by its name', () => {
  const root = join(import.meta.dirname, '..')
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => /\.(test|spec)\.ts$/.test(path))
  const held = files.flatMap((path) =>
    [...readFileSync(join(root, path), 'utf8').matchAll(heading)].flatMap(([, ids = '']) => ids.split(', ')),
  )
  expect(rows.filter((row) => !held.includes(row))).toEqual([])
})
