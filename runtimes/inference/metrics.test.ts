import { expect, it } from 'vitest'
import { Metrics } from './metrics.ts'

const series = { deploymentId: 'd', versionId: 'v', deployment: 'name', version: '1' }
const minute = 60_000
const start = Date.UTC(2030, 0, 1)

it("counts 429 and 5xx as errors, and a caller's own mistake as a request only", () => {
  const metrics = new Metrics()
  for (const status of [200, 400, 404, 413, 429, 500, 503, 504]) metrics.record(series, status, 1, undefined, start)
  expect(metrics.pending()).toMatchObject([{ requests: 8, errors: 4, minute: '2030-01-01T00:00:00.000Z' }])
})

it('sends a minute again until web has it whole', () => {
  const metrics = new Metrics()
  metrics.record(series, 200, 1, 0.1, start)
  const first = metrics.pending()
  metrics.record(series, 200, 1, 0.1, start + 1000)
  metrics.acknowledge(first, start + 2000)
  expect(metrics.pending()).toMatchObject([{ requests: 2 }])
  metrics.acknowledge(first, start + minute)
  expect(metrics.pending()).toMatchObject([{ requests: 2 }])
  metrics.acknowledge(metrics.pending(), start + minute)
  expect(metrics.pending()).toEqual([])
})

it('keeps ten minutes while web is away, and loses no request', () => {
  const metrics = new Metrics()
  for (let index = 0; index < 60; index++) metrics.record(series, 200, 5, 1, start + index * minute)
  const reports = metrics.pending()
  expect(reports).toHaveLength(10)
  expect(reports.reduce((sum, report) => sum + report.requests, 0)).toBe(60)
  expect(reports.flatMap((report) => report.latency_counts).reduce((sum, count) => sum + count, 0)).toBe(60)
})
