import { expect, it } from 'vitest'
import { parseAnsi } from './ansi.ts'
import { segment } from './logSegments.ts'

it('marks a hit that runs over a change of colour', () => {
  const pieces = segment(parseAnsi('ab\u001b[31mcd\u001b[0mef'), [{ start: 1, end: 3, index: 4 }])
  expect(pieces.map(({ text, color, hit }) => [text, color, hit])).toEqual([
    ['a', null, null],
    ['b', null, 4],
    ['c', 'red', 4],
    ['d', 'red', null],
    ['ef', null, null],
  ])
})

it('leaves a line without hits as it is', () => {
  expect(segment(parseAnsi('plain'), [])).toEqual([{ text: 'plain', color: null, isBold: false, hit: null }])
})
