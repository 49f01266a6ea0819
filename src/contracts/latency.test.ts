import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bucketBoundsMs, bucketCount, bucketOf, emptyHistogram, mergeHistograms, percentileMs } from './latency.ts'

const histogramOf = (durations: number[]) => {
  const histogram = emptyHistogram()
  for (const duration of durations) histogram[bucketOf(duration)] = (histogram[bucketOf(duration)] ?? 0) + 1
  return histogram
}

describe('the latency histogram', () => {
  test('a duration lies in the bucket whose bounds hold it', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 200_000, noNaN: true }), (duration) => {
        const bucket = bucketOf(duration)
        const tolerance = 1e-6 * duration
        if (bucket < bucketCount - 1) expect(duration).toBeLessThanOrEqual((bucketBoundsMs[bucket] as number) + tolerance)
        if (bucket > 0) expect(duration).toBeGreaterThanOrEqual((bucketBoundsMs[bucket - 1] as number) - tolerance)
      }),
    )
  })

  test('a percentile is within a bucket of the exact one, 20 %', () => {
    const durations = fc.array(fc.double({ min: 0.2, max: 10_000, noNaN: true }), { minLength: 50, maxLength: 300 })
    fc.assert(
      fc.property(durations, fc.constantFrom(0.5, 0.95, 0.99), (values, share) => {
        const exact = [...values].sort((left, right) => left - right)[Math.ceil(share * values.length) - 1] as number
        const estimate = percentileMs(histogramOf(values), share) as number
        expect(estimate).toBeGreaterThanOrEqual(exact / 1.21)
        expect(estimate).toBeLessThanOrEqual(exact * 1.21)
      }),
    )
  })

  test('merging two reports is the same as one report of both', () => {
    expect(mergeHistograms(histogramOf([1, 2, 3]), histogramOf([4, 500]))).toEqual(histogramOf([1, 2, 3, 4, 500]))
  })

  test('an empty histogram has no percentile', () => {
    expect(percentileMs(emptyHistogram(), 0.5)).toBeNull()
  })
})
