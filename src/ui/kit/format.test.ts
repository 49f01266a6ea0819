import { expect, test } from 'vitest'
import {
  formatBytes,
  formatDuration,
  formatMetric,
  formatMs,
  formatPercent,
  formatRelativeTime,
  isLowerBetter,
  mainMetric,
  metricTitle,
  plural,
  timeFormat,
  zoneOf,
} from '#src/ui/kit/format.ts'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [1_800_000_000, '1.8 GB'],
  [999_960, '1.0 MB'],
  [123_456_789, '123 MB'],
  [null, '–'],
])('%s bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})
test.each([
  [0.0421, '42 ms'],
  [4.2, '4.2 s'],
  [42, '42 s'],
  [59.7, '1 min'],
  [180, '3 min'],
  [7500, '2 h 5 min'],
  [200_000, '2 d 7 h'],
  [null, '–'],
])('%s seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text)
})
test('milliseconds, shares and metrics keep what a reader can use', () => {
  expect([0.001, 0.421, 4.21, 42.1, 1300, 12_300].map(formatMs)).toEqual(['< 0.01 ms', '0.42 ms', '4.2 ms', '42 ms', '1.3 s', '12 s'])
  expect([0, 0.004, 0.0001, 1].map((share) => formatPercent(share))).toEqual(['0 %', '0.4 %', '< 0.1 %', '100 %'])
  expect([0, 0.9425, 53.96633, 12_345, 0.00001, null].map(formatMetric)).toEqual(['0', '0.943', '53.97', '12,345', '1.00e-5', '–'])
})
test('relative times', () => {
  const now = Date.parse('2026-01-02T12:00:00Z')
  expect(formatRelativeTime('2026-01-02T11:59:55Z', now)).toBe('just now')
  expect(formatRelativeTime('2026-01-02T11:57:00Z', now)).toBe('3 min. ago')
  expect(formatRelativeTime('2026-01-04T12:00:00Z', now)).toBe('in 2 days')
})
test("the main metric is the recipe's before any other", () => {
  expect(mainMetric({ log_loss: 0.2, macro_f1: 0.9 })).toEqual({ name: 'macro_f1', value: 0.9 })
  expect(mainMetric({ macro_f1: null, custom: 3 })).toEqual({ name: 'custom', value: 3 })
  expect(mainMetric({})).toBeNull()
  expect([metricTitle('macro_f1'), metricTitle('my_score')]).toEqual(['Macro F1', 'My score'])
  expect(['rmse', 'log_loss', 'auc', 'r2'].map(isLowerBetter)).toEqual([true, true, false, false])
  expect([plural(1, 'file'), plural(2, 'file')]).toEqual(['1 file', '2 files'])
})

test.each([
  [undefined, '12:00'],
  ['Asia/Tokyo', '21:00'],
  ['+05:45', '17:45'],
  ['no/where', '12:00'],
  ['', '12:00'],
])('noon UTC in the zone %s is %s', (zone, text) => {
  expect(timeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })('2026-01-01T12:00:00Z', zoneOf(zone))).toBe(text)
})
