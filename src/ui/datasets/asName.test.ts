import { expect, it } from 'vitest'
import { asName } from './asName.ts'

it.each([
  ['Träning data (2)', 'Traning-data-2'],
  ['--x--', 'x'],
  ['iris', 'iris'],
  ['日本', ''],
])('makes a name of %s', (words, expected) => expect(asName(words)).toBe(expected))
