import { expect, test } from 'vitest'
import { readEvaluation } from '#src/ui/models/evaluationParts.ts'

test('reads what a classification trainer leaves', () => {
  const parts = readEvaluation({
    metrics: { macro_f1: { value: 0.93, low: 0.9, high: 0.95 }, auc: 0.98 },
    baseline: { majority: { macro_f1: 0.3 } },
    per_class: [{ label: 'no', precision: 1, recall: 0.5, f1: 0.67, support: 10 }],
    confusion_matrix: {
      labels: ['no', 'yes'],
      counts: [
        [5, 1],
        [0, 4],
      ],
    },
    roc: [
      { fpr: 0, tpr: 0, threshold: null },
      { fpr: 0.2, tpr: 0.9, threshold: 0.4 },
    ],
    pr: [
      { recall: 0.9, precision: 0.8 },
      { recall: 0.1, precision: 1 },
    ],
    calibration: [{ confidence: 0.8, accuracy: 0.7, count: 12 }],
    feature_importance: { age: 3, city: 5 },
  })
  expect(parts.metrics[0]).toEqual({ name: 'macro_f1', value: 0.93, low: 0.9, high: 0.95, baselines: [{ name: 'majority', value: 0.3 }] })
  expect(parts.metrics[1]).toEqual({ name: 'auc', value: 0.98, low: null, high: null, baselines: [] })
  expect(parts.matrix?.counts).toEqual([
    [5, 1],
    [0, 4],
  ])
  expect(parts.pr.map(({ x }) => x)).toEqual([0.1, 0.9])
  expect(parts.importance).toEqual([
    { label: 'city', count: 62.5 },
    { label: 'age', count: 37.5 },
  ])
})

test('reads residuals and samples of a regression', () => {
  const parts = readEvaluation({ residuals: { histogram: { edges: [-1, 0, 1], counts: [3, 4] } }, sample: [{ truth: 1, prediction: 2 }] })
  expect(parts.residuals).toEqual([
    { label: '-1.00 to 0.00', count: 3 },
    { label: '0.00 to 1.00', count: 4 },
  ])
  expect(parts.sample).toEqual([{ x: 1, y: 2 }])
})

test.each([
  null,
  undefined,
  3,
  [],
  'x',
  { metrics: [], confusion_matrix: { labels: ['a'], counts: [[1, 2]] }, roc: 'no', residuals: {}, worst: [1] },
])('leaves out what is not as expected: %j', (value) => {
  const parts = readEvaluation(value)
  expect(parts.metrics).toEqual([])
  expect(parts.matrix).toBeNull()
  expect(parts.roc).toEqual([])
  expect(parts.worst).toEqual([])
})
