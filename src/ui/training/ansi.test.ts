import { expect, it } from 'vitest'
import { parseAnsi, stripAnsi } from './ansi.ts'

it('colours what the codes colour and ends at a reset', () => {
  expect(parseAnsi('a \u001b[1;31mbad\u001b[0m b')).toEqual([
    { text: 'a ', color: null, isBold: false },
    { text: 'bad', color: 'red', isBold: true },
    { text: ' b', color: null, isBold: false },
  ])
})

it('reads 256-colour codes as one, not as bold', () => {
  expect(parseAnsi('\u001b[38;5;1mx')).toEqual([{ text: 'x', color: null, isBold: false }])
})

it('X2: drops cursor moves, titles and links', () => {
  expect(stripAnsi('\u001b]0;title\u0007\u001b[2K\u001b[1Gdone')).toBe('done')
})

it('shows the last state of a progress bar', () => {
  expect(stripAnsi('10%\r50%\r100%\r')).toBe('100%')
  expect(parseAnsi('10%\r\u001b[32m100%')).toEqual([{ text: '100%', color: 'green', isBold: false }])
})
