import { describe, expect, it } from 'vitest'
import type { Column } from '#src/contracts/dataset.ts'
import { guessRecipe, guessTarget, guessText, targetProblem } from './jobDefaults.ts'

const column = (name: string, type: Column['type'], distinct = 5): Column => ({
  name,
  type,
  distinct,
  missing: 0,
  isDistinctCapped: false,
  min: null,
  max: null,
  mean: null,
  histogram: [],
})

describe('guessTarget', () => {
  it('takes a telling name before the last column', () => {
    expect(guessTarget([column('label', 'category'), column('a', 'number')])).toBe('label')
  })
  it('takes the last column that is no date', () => {
    expect(guessTarget([column('a', 'number'), column('b', 'category'), column('seen_at', 'datetime')])).toBe('b')
  })
  it('has no answer for no columns', () => expect(guessTarget([])).toBeNull())
})

it('finds the text', () => expect(guessText([column('id', 'number'), column('review', 'text')])).toBe('review'))

describe('guessRecipe', () => {
  it('sees a text classifier', () => expect(guessRecipe([column('text', 'text'), column('label', 'category')])).toBe('text-classification'))
  it('sees classes in few numbers', () =>
    expect(guessRecipe([column('a', 'number', 90), column('target', 'number', 3)])).toBe('tabular-classification'))
  it('sees regression in many', () =>
    expect(guessRecipe([column('a', 'number', 90), column('price', 'number', 300)])).toBe('tabular-regression'))
})

it('says what is wrong with a target', () => {
  expect(targetProblem(column('a', 'category'), 'tabular-regression')).toMatch(/number/)
  expect(targetProblem(column('a', 'number', 1), 'tabular-regression')).toMatch(/same value/)
  expect(targetProblem(column('a', 'number'), 'tabular-regression')).toBeNull()
})
