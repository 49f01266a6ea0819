import { expect, test } from 'vitest'
import { changesOf, summaryOf, valueText } from './changesOf.ts'

test('shows the fields that differ and no others, nested ones by their path', () => {
  const before = { name: 'a', tags: { team: 'x', kept: '1' }, targets: [{ version: 1, weight: 100 }] }
  const after = { name: 'a', tags: { team: 'y', kept: '1', fresh: '2' }, targets: [{ version: 2, weight: 100 }] }
  expect(changesOf(before, after)).toEqual([
    { field: 'tags.team', before: 'x', after: 'y' },
    { field: 'targets', before: before.targets, after: after.targets },
    { field: 'tags.fresh', before: undefined, after: '2' },
  ])
})

test('shows all of what came or went', () => {
  expect(changesOf(null, { name: 'a', tags: {} })).toEqual([{ field: 'name', before: undefined, after: 'a' }])
  expect(changesOf({ name: 'a' }, null)).toEqual([{ field: 'name', before: 'a', after: undefined }])
  expect(changesOf(null, null)).toEqual([])
})

test('says a change in a few words', () => {
  expect(summaryOf({ status: 'running', n: 1 }, { status: 'cancelled', n: 2 })).toBe('status: running → cancelled, and 1 more')
  expect(summaryOf(null, { name: 'churn' }, 'churn')).toBe('name: churn')
  expect(summaryOf(null, { name: 'churn', version: 2 }, 'churn')).toBe('version: 2')
  expect(summaryOf({ text: 'x'.repeat(200) }, null)).toHaveLength(80)
  expect([valueText(''), valueText(null), valueText(false), valueText([1, 2]), valueText([])]).toEqual([
    'empty',
    'none',
    'false',
    '1, 2',
    'none',
  ])
  expect(
    valueText([
      { version: 1, weight: 90 },
      { version: 2, weight: 10 },
    ]),
  ).toBe('version 1 weight 90, version 2 weight 10')
})
