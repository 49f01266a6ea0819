import type { Row } from './scale.ts'
import type { ShareChange, ShareSeries } from './types.ts'

const stepMs = 1

/**
 * The corners of the bands: at each change the shares of before and, at the same place, those of after, so that the edges stand upright.
 * A share of zero is null: no line is drawn for it.
 */
export function shareRows(changes: readonly ShareChange[], series: readonly ShareSeries[], [low, high]: readonly [number, number]): Row[] {
  const row = (x: number, shares: ShareChange['shares']): Row => ({
    x,
    values: Object.fromEntries(series.map(({ key }) => [key, shares[key] || null])),
  })
  const rows: Row[] = []
  let held: ShareChange['shares'] | undefined
  for (const { x, shares } of changes) {
    const at = Math.min(Math.max(x, low), high)
    if (x > low && held) rows.push(row(at - stepMs, held))
    if (x <= low) rows.length = 0
    rows.push(row(at, shares))
    held = shares
  }
  if (held && (rows.at(-1)?.x ?? high) < high) rows.push(row(high, held))
  return rows
}

/** The rows without the corners that stand just before a change: one a change, for those who listen. */
export const spokenRows = (rows: readonly Row[]): Row[] =>
  rows.filter(({ x }, index) => (rows[index + 1]?.x ?? Number.POSITIVE_INFINITY) - x > stepMs)

/** Marks nearer than `gap` pixels to the first of their group share its label: "2–4". They come in ascending order. */
export function groupMarks(marks: readonly { at: number; number: number }[], gap: number): { at: number; label: string }[] {
  const groups: { at: number; number: number }[][] = []
  for (const mark of marks) {
    const group = groups.at(-1)
    if (group?.[0] && mark.at - group[0].at < gap) group.push(mark)
    else groups.push([mark])
  }
  return groups.map((group) => {
    const [first, last] = [group[0], group.at(-1)] as [{ at: number; number: number }, { at: number; number: number }]
    return { at: (first.at + last.at) / 2, label: first === last ? `${first.number}` : `${first.number}–${last.number}` }
  })
}
