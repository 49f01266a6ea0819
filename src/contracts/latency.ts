/** Fixed histogram of durations, the same in every process, so that percentiles of any two reports merge. */
const firstBoundMs = 0.1
const growth = 1.2
export const bucketCount = 78

/** Upper bounds in milliseconds; the last bucket holds all that is longer. */
export const bucketBoundsMs: readonly number[] = Array.from({ length: bucketCount - 1 }, (_, index) => firstBoundMs * growth ** index)

export function bucketOf(durationMs: number): number {
  if (durationMs <= firstBoundMs) return 0
  return Math.min(bucketCount - 1, Math.ceil(Math.log(durationMs / firstBoundMs) / Math.log(growth) - 1e-9))
}

export const emptyHistogram = (): number[] => new Array(bucketCount).fill(0)

export const mergeHistograms = (left: readonly number[], right: readonly number[]): number[] =>
  Array.from({ length: bucketCount }, (_, index) => (left[index] ?? 0) + (right[index] ?? 0))

/**
 * The duration in milliseconds below which the share `quantile` (0..1) of the observations lies, interpolated inside its bucket.
 * @returns null for an empty histogram.
 */
export function percentileMs(histogram: readonly number[], quantile: number): number | null {
  const total = histogram.reduce((sum, count) => sum + count, 0)
  if (total === 0) return null
  const rank = quantile * total
  let seen = 0
  for (let index = 0; index < bucketCount; index++) {
    const count = histogram[index] ?? 0
    if (seen + count < rank || count === 0) {
      seen += count
      continue
    }
    const low = index === 0 ? 0 : (bucketBoundsMs[index - 1] as number)
    const high = bucketBoundsMs[index] ?? low * growth
    return low + (high - low) * ((rank - seen) / count)
  }
  return bucketBoundsMs[bucketCount - 2] ?? null
}
