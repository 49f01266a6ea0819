import { expect, it } from 'vitest'
import { csvLine } from './csv.ts'

it.each(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])(
  'a cell that begins with %j is text to every spreadsheet',
  (first) => {
    expect(csvLine([`${first}1+1`, 'x'])).toBe(`"'${first}1+1",x\r\n`)
  },
)

it('numbers stay numbers', () => {
  expect(csvLine([-1, 'a-b'])).toBe('-1,a-b\r\n')
})
