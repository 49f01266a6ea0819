import { expect, test } from 'vitest'
import { difference, mainMetricOf } from '#src/ui/models/compareMetrics.ts'

test('a higher score is better, a lower loss is better', () => {
  expect(difference('macro_f1', 0.93, 0.9)).toEqual({ text: '+0.0300', tone: 'good' })
  expect(difference('log_loss', 0.5, 0.4)).toEqual({ text: '+0.100', tone: 'bad' })
  expect(difference('rmse', 3, 4)).toEqual({ text: '−1.000', tone: 'good' })
  expect(difference('auc', 0.9, 0.9)).toEqual({ text: '±0', tone: 'plain' })
  expect(difference('auc', 0.9, undefined)).toBeNull()
})

test('compares with the newest earlier version that measured the same', () => {
  const versions: { version: number; metrics: Record<string, number | null> }[] = [
    { version: 4, metrics: { macro_f1: 0.95 } },
    { version: 3, metrics: {} },
    { version: 2, metrics: { macro_f1: 0.9 } },
    { version: 1, metrics: { macro_f1: 0.5 } },
  ]
  expect(mainMetricOf(versions, 4)).toMatchObject({ name: 'macro_f1', value: 0.95, change: { before: 2, tone: 'good' } })
  expect(mainMetricOf(versions, 1)?.change).toBeNull()
  expect(mainMetricOf(versions, 3)).toBeNull()
})
