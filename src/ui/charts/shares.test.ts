import { describe, expect, test } from 'vitest'
import type { ShareChange } from './types.ts'
import { groupMarks, shareRows, spokenRows } from './shares.ts'

const series = [
  { key: 'a', label: 'version 1', color: 0 },
  { key: 'b', label: 'version 2', color: 1 },
]

describe('the corners of the bands', () => {
  const changes: ShareChange[] = [
    { x: 5, shares: { a: 100 } },
    { x: 20, shares: { a: 90, b: 10 } },
    { x: 30, shares: { b: 100 } },
  ]

  test('are not read out: one row a change, and the end', () => {
    expect(spokenRows(shareRows(changes, series, [10, 40])).map(({ x }) => x)).toEqual([10, 20, 30, 40])
  })

  test('stand upright at each change, begin at the axis with what held then, and go on to its end', () => {
    expect(shareRows(changes, series, [10, 40])).toEqual([
      { x: 10, values: { a: 100, b: null } },
      { x: 19, values: { a: 100, b: null } },
      { x: 20, values: { a: 90, b: 10 } },
      { x: 29, values: { a: 90, b: 10 } },
      { x: 30, values: { a: null, b: 100 } },
      { x: 40, values: { a: null, b: 100 } },
    ])
  })

  test('begin in the middle where nothing was deployed before', () => {
    expect(shareRows(changes.slice(2), series, [10, 40]).map(({ x }) => x)).toEqual([30, 40])
    expect(shareRows([], series, [10, 40])).toEqual([])
  })

  test('only the last change before the axis counts', () => {
    expect(shareRows(changes, series, [25, 40])[0]).toEqual({ x: 25, values: { a: 90, b: 10 } })
    expect(shareRows(changes, series, [35, 40])).toHaveLength(2)
  })
})

test('marks that would cover each other share a number', () => {
  const marks = [10, 20, 60, 61, 90].map((at, index) => ({ at, number: index + 1 }))
  expect(groupMarks(marks, 22)).toEqual([
    { at: 15, label: '1–2' },
    { at: 60.5, label: '3–4' },
    { at: 90, label: '5' },
  ])
})
