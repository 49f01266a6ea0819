/** One figure beside its floor or rival, measured in the same run. `ratio` is better the larger it is, unless the unit is a time. */
export type BenchResult = { name: string; value: number; unit: string; floor: number | null; ratio: number | null }

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
