import { describe, expect, it } from 'vitest'
import type { Column } from '#src/contracts/dataset.ts'
import { createJob } from '#src/contracts/training.ts'
import { fieldsOf } from './formSchema.ts'
import { completeDraft, featuresOf, inputOf, placeOf, problemsOf } from './jobDraft.ts'

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
const iris = {
  name: 'iris',
  version: 2,
  rows: 150,
  columns: [column('id', 'number', 150), column('petal', 'number', 40), column('seen', 'datetime'), column('species', 'category', 3)],
}
const fields = fieldsOf({ properties: { rounds: { type: 'integer', minimum: 1, default: 500 } } })

it('asks for nothing: a data set alone makes a draft that can be sent', () => {
  const draft = completeDraft(iris, {})
  expect(problemsOf(draft, iris.columns, fields)).toEqual({})
  const input = inputOf(draft, iris, fields)
  expect(createJob.parse(input)).toMatchObject({
    recipe: 'tabular-classification',
    dataset: 'iris',
    datasetVersion: 2,
    modelName: 'iris',
    columns: { target: 'species', exclude: ['id', 'seen'] },
    split: { test: 0.2 },
  })
})

it('sends text and label for a text recipe', () => {
  const reviews = { name: 'reviews', version: 1, rows: 10, columns: [column('review', 'text', 10), column('mood', 'category', 2)] }
  expect(inputOf(completeDraft(reviews, {}), reviews, []).columns).toEqual({ text: 'review', label: 'mood' })
})

it('forgets a choice that another data set does not have', () => {
  expect(completeDraft(iris, { target: 'price', groupBy: 'shop' })).toMatchObject({ target: 'species', groupBy: '' })
})

describe('problemsOf', () => {
  it('names each field that stands in the way', () => {
    const draft = {
      ...completeDraft(iris, {}),
      modelName: 'my model',
      testPercent: '95',
      seed: '-1',
      hyper: { rounds: '0' },
      excluded: ['id', 'petal', 'seen'],
    }
    expect(Object.keys(problemsOf(draft, iris.columns, fields)).sort()).toEqual([
      'excluded',
      'hyperParameters.rounds',
      'modelName',
      'seed',
      'testPercent',
    ])
  })
})

it('learns from all but the target and what is left out', () => {
  expect(featuresOf({ target: 'species', excluded: ['id'] }, iris.columns)).toEqual(['petal', 'seen'])
})

it.each([
  ['columns.target', 'target'],
  ['columns.label', 'target'],
  ['hyper_parameters.rounds', 'hyperParameters.rounds'],
  ['hyperParameters.rounds', 'hyperParameters.rounds'],
  ['split.test', 'testPercent'],
  ['modelName', 'modelName'],
  ['dataset', 'dataset'],
])('a refusal of %s stands beside %s', (path, place) => expect(placeOf(path)).toBe(place))
