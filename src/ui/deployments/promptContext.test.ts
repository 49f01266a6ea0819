import { expect, it } from 'vitest'
import { readContext } from './promptContext.ts'

it.each([
  ['', {}],
  ['  \n', {}],
  ['name: Ada\n\nurl: https://a.example/b', { value: { name: 'Ada', url: 'https://a.example/b' } }],
  ['{"orders": [7]}', { value: { orders: [7] } }],
  ['{"orders"', { problem: 'Is not valid JSON' }],
  ['just words', { problem: '"just words" is no name: value' }],
  [': nothing', { problem: '": nothing" is no name: value' }],
])('%j is read as a context', (text, expected) => {
  expect(readContext(text)).toEqual(expected)
})
