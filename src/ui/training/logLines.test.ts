import { describe, expect, it } from 'vitest'
import type { TrainingEvent } from '#src/contracts/training.ts'
import { atLevel, find, linesOf } from './logLines.ts'
import { layOut, lineAt, visible } from './logLayout.ts'

const at = '2025-01-01T00:00:00Z'
const log = (seq: number, level: 'debug' | 'info' | 'warn' | 'error', message: string): TrainingEvent => ({
  seq,
  attempt: 1,
  at,
  type: 'log',
  level,
  message,
})

describe('linesOf', () => {
  it('cuts an event at its line ends and keeps keys apart', () => {
    expect(linesOf(log(7, 'info', 'one\ntwo\n')).map(({ key, text }) => [key, text])).toEqual([
      ['7.0', 'one'],
      ['7.1', 'two'],
    ])
  })

  it('shows warnings and states, not figures', () => {
    expect(linesOf({ seq: 1, attempt: 1, at, type: 'metric', name: 'loss', value: 1, step: 1 })).toEqual([])
    expect(linesOf({ seq: 1, attempt: 1, at, type: 'warning', message: 'column dropped' })[0]?.level).toBe('warn')
    expect(linesOf({ seq: 1, attempt: 1, at, type: 'state', state: 'running' })[0]?.isMark).toBe(true)
  })
})

it('filters by level and keeps the marks', () => {
  const lines = [
    ...linesOf(log(1, 'debug', 'a')),
    ...linesOf({ seq: 2, attempt: 1, at, type: 'state', state: 'running' }),
    ...linesOf(log(3, 'error', 'b')),
  ]
  expect(atLevel(lines, 'warn').map((line) => line.text)).toEqual(['running', 'b'])
})

it('finds every place in any case, through colours', () => {
  const lines = linesOf(log(1, 'info', 'Loss loss\n\u001b[31mLO\u001b[0mSS'))
  expect(find(lines, 'loss')).toEqual([
    { line: 0, start: 0, end: 4 },
    { line: 0, start: 5, end: 9 },
    { line: 1, start: 0, end: 4 },
  ])
})

describe('layOut', () => {
  it('gives a wrapped line as many rows as it needs and an empty one its own', () => {
    expect([...layOut([0, 10, 11, 25], 10, 20).tops]).toEqual([0, 20, 40, 80, 140])
  })

  it('finds the lines of a window in a long log', () => {
    const layout = layOut(
      Array.from({ length: 100_000 }, () => 5),
      null,
      20,
    )
    expect(lineAt(layout, 20 * 5000 + 3)).toBe(5000)
    expect(visible(layout, 20 * 5000, 200, 5)).toEqual([4995, 5016])
    expect(visible(layout, 0, 200, 5)[0]).toBe(0)
  })
})
