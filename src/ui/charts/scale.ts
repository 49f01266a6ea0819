import type { Point, Series } from './types.ts'

export type Row = { x: number; values: Record<string, number | null> }

/** One row for each x that occurs in any series, ascending, so that one crosshair reads them all. */
export function rowsOf(series: readonly Series[], isLog: boolean): Row[] {
  const rows = new Map<number, Row>()
  for (const { key, points } of series) {
    for (const { x, y } of points) {
      const row = rows.get(x) ?? { x, values: {} }
      row.values[key] = isLog && y !== null && y <= 0 ? null : y
      rows.set(x, row)
    }
  }
  return [...rows.values()].sort((left, right) => left.x - right.x)
}

/** The last point that has a value. */
export function lastPoint(points: readonly Point[]): { x: number; y: number } | null {
  for (let index = points.length - 1; index >= 0; index--) {
    const point = points[index]
    if (point && point.y !== null && Number.isFinite(point.y)) return { x: point.x, y: point.y }
  }
  return null
}

/** At most `limit` of the rows, evenly spread, the first and the last among them. */
export function sample<T>(rows: readonly T[], limit: number): T[] {
  if (rows.length <= limit) return [...rows]
  const step = (rows.length - 1) / (limit - 1)
  return Array.from({ length: limit }, (_, index) => rows[Math.round(index * step)] as T)
}

function extremes(bucket: readonly Point[]): Point[] {
  const known = bucket.filter((point) => point.y !== null)
  const lowest = known.reduce<Point | undefined>(
    (best, point) => (!best || (point.y as number) < (best.y as number) ? point : best),
    undefined,
  )
  const highest = known.reduce<Point | undefined>(
    (best, point) => (!best || (point.y as number) > (best.y as number) ? point : best),
    undefined,
  )
  const kept = new Set([bucket[0], lowest, highest, bucket.at(-1)])
  return bucket.filter((point) => kept.has(point))
}

/** Each of `buckets` parts keeps its first, lowest, highest and last point (Jugel et al., "M4", VLDB 2014): no spike is lost. */
export function thin(points: readonly Point[], buckets: number): readonly Point[] {
  if (points.length <= buckets * 4) return points
  const width = points.length / buckets
  return Array.from({ length: buckets }, (_, index) =>
    extremes(points.slice(Math.floor(index * width), Math.floor((index + 1) * width))),
  ).flat()
}

/**
 * Moves labels apart so that none covers another.
 * @param wanted where each label would stand, in pixels; null for a label with no place.
 * @returns the places, at least `gap` apart and inside `low` to `high` as far as there is room.
 */
export function spread(wanted: readonly (number | null)[], gap: number, low: number, high: number): (number | null)[] {
  const order = wanted
    .map((at, index) => ({ at, index }))
    .filter((entry): entry is { at: number; index: number } => entry.at !== null)
    .sort((left, right) => left.at - right.at)
  const placed: (number | null)[] = wanted.map(() => null)
  let floor = low
  for (const { at, index } of order) {
    const place = Math.max(at, floor)
    placed[index] = place
    floor = place + gap
  }
  let ceiling = high
  for (const { index } of [...order].reverse()) {
    const place = Math.min(placed[index] as number, ceiling)
    placed[index] = place
    ceiling = place - gap
  }
  return placed
}

/**
 * Exponential moving average, debiased at its start as Adam does it (Kingma and Ba 2015, section 3), so that the first points are not pulled to zero.
 * @param weight share of the past in each value, 0 (none) to below 1.
 */
export function smooth(points: readonly Point[], weight: number): Point[] {
  if (weight <= 0) return [...points]
  let mean = 0
  let count = 0
  return points.map(({ x, y }) => {
    if (y === null || !Number.isFinite(y)) return { x, y: null }
    mean = mean * weight + y * (1 - weight)
    count += 1
    return { x, y: mean / (1 - weight ** count) }
  })
}

/** Up to four significant digits, without the exponent where people would not write one. */
export function formatFigure(value: number): string {
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size < 1e-4 || size >= 1e7) return value.toExponential(2)
  if (Number.isInteger(value)) return value.toLocaleString('en-US')
  return value.toLocaleString('en-US', { maximumSignificantDigits: 4 })
}
