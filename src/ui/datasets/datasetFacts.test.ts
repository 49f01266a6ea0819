import { expect, it } from 'vitest'
import type { Column } from '#src/contracts/dataset.ts'
import { distinctText, missingShare, trainHref, typesText } from './datasetFacts.ts'

const column = (type: Column['type'], missing = 0, isDistinctCapped = false): Column => ({
  name: 'a',
  type,
  missing,
  distinct: 1234,
  isDistinctCapped,
  min: null,
  max: null,
  mean: null,
  histogram: [],
})

it('shares missing cells out over all of them', () => {
  expect(missingShare({ rows: 10, columns: [column('number', 5), column('text', 0)] })).toBe(0.25)
  expect(missingShare({ rows: null, columns: [] })).toBeNull()
})

it('counts types, the commonest first', () =>
  expect(typesText([column('text'), column('number'), column('number')])).toBe('2 number, 1 text'))

it('says when counting stopped', () =>
  expect([distinctText(column('text')), distinctText(column('text', 0, true))]).toEqual(['1,234', 'over 1,234']))

it('keeps names whole in addresses', () => expect(trainHref('a&b', 2)).toBe('/training/new?dataset=a%26b&version=2'))
