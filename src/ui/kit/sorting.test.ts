import { expect, test } from 'vitest'
import { nextSort, parseSort, sortRows } from '#src/ui/kit/sorting.ts'

type Row = { name: string; size: number | null }
const rows: Row[] = [
  { name: 'v10', size: 1 },
  { name: 'v2', size: null },
  { name: 'v9', size: 5 },
]
const columns = [{ key: 'name', sortValue: (row: Row) => row.name }, { key: 'size', sortValue: (row: Row) => row.size }, { key: 'server' }]
const names = (sort: string) => sortRows(rows, columns, sort).map((row) => row.name)

test('numbers inside names count as numbers, and what has no value comes last both ways', () => {
  expect(names('name asc')).toEqual(['v2', 'v9', 'v10'])
  expect(names('size asc')).toEqual(['v10', 'v9', 'v2'])
  expect(names('size desc')).toEqual(['v9', 'v10', 'v2'])
})
test('what the server sorts, or nobody knows, is left as it came', () => {
  expect(names('server asc')).toEqual(['v10', 'v2', 'v9'])
  expect(names('')).toEqual(['v10', 'v2', 'v9'])
})
test('a column is sorted down, up, then as it was', () => {
  expect(nextSort('size', null)).toBe('size desc')
  expect(nextSort('size', parseSort('size desc'))).toBe('size asc')
  expect(nextSort('size', parseSort('size asc'))).toBeNull()
  expect(nextSort('size', parseSort('name asc'))).toBe('size desc')
})
