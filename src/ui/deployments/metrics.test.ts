import { expect, it } from 'vitest'
import { errorSeries, errorShare, latencySeries, type MetricBucket, rangeOf, stepsOf, trafficSeries, versionMarks } from './metrics.ts'

const now = Date.parse('2025-03-01T12:00:30Z')
const bucket = (at: string, version: number, requests: number, p95: number | null = 10, errors = 0): MetricBucket => ({
  at: `2025-03-01T${at}:00Z`,
  version,
  requests,
  errors,
  latencyMs: { p50: 5, p95, p99: 20 },
  queueMs: { p50: 0, p95: 1 },
})
const hour = rangeOf('1h')
const buckets = [bucket('11:30', 1, 60), bucket('11:31', 1, 120, 30, 12), bucket('11:31', 2, 60), bucket('12:00', 2, 6)]

it('ends a range with the present minute', () => {
  const steps = stepsOf(hour, now)
  expect(steps).toHaveLength(60)
  expect(new Date(steps.at(-1) as number).toISOString()).toBe('2025-03-01T12:00:00.000Z')
})

it('takes one hour where the address says nothing sensible', () => expect(rangeOf('next week').key).toBe('1h'))

it('gives requests a second with zero for silence', () => {
  const { unit, series } = trafficSeries(buckets, hour, now)
  const [first, second] = series
  expect(unit).toBe('second')
  expect(first?.label).toBe('version 1')
  expect(first?.points.find((point) => point.x === Date.parse('2025-03-01T11:31:00Z'))?.y).toBe(2)
  expect(first?.points.at(-1)?.y).toBe(0)
  expect(second?.points.at(-1)?.y).toBeCloseTo(0.1)
})

it('counts by the minute where there is less than one request a second', () => {
  const { unit, series } = trafficSeries([bucket('12:00', 1, 6)], hour, now)
  expect([unit, series[0]?.points.at(-1)?.y]).toEqual(['minute', 6])
})

it('leaves a gap in latency where nothing was asked, and takes the slowest minute of a long step', () => {
  const p95 = latencySeries(buckets, 1, hour, now)[1]
  expect(p95?.points.at(-1)?.y).toBeNull()
  const coarse = latencySeries(buckets, 1, rangeOf('24h'), now)[1]
  expect(coarse?.points.find((point) => point.x === Date.parse('2025-03-01T11:30:00Z'))?.y).toBe(30)
})

it('shares errors out over all versions', () => {
  expect(errorShare(buckets)).toBeCloseTo(12 / 246)
  expect(errorShare([])).toBeNull()
  expect(errorSeries(buckets, hour, now)[0]?.points.find((point) => point.y !== null && point.y > 0)?.y).toBeCloseTo(12 / 180)
})

it('marks where another version came in', () => {
  expect(versionMarks(buckets)).toEqual([{ x: Date.parse('2025-03-01T11:31:00Z'), label: 'v2' }])
})
