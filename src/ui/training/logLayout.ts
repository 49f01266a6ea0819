/** Where each line of a log stands: tops[i] is line i's upper edge and tops[count] the whole height, in pixels. */
export type LogLayout = { tops: Float64Array; count: number }

/**
 * Lays out lines of a fixed-width font that break anywhere, so that heights are known without measuring.
 * @param columns characters to a row; null where lines do not wrap.
 */
export function layOut(lengths: readonly number[], columns: number | null, rowHeight: number): LogLayout {
  const tops = new Float64Array(lengths.length + 1)
  lengths.forEach((length, index) => {
    const rows = columns === null ? 1 : Math.max(1, Math.ceil(length / columns))
    tops[index + 1] = (tops[index] as number) + rows * rowHeight
  })
  return { tops, count: lengths.length }
}

/** The line that covers a height, by bisection. */
export function lineAt({ tops, count }: LogLayout, y: number): number {
  let low = 0
  let high = count
  while (low < high - 1) {
    const middle = (low + high) >> 1
    if ((tops[middle] as number) <= y) low = middle
    else high = middle
  }
  return low
}

/** First and last + 1 of the lines that a window of the log shows, with some to spare at both ends. */
export function visible(layout: LogLayout, top: number, height: number, spare = 20): [number, number] {
  const first = Math.max(0, lineAt(layout, top) - spare)
  const last = Math.min(layout.count, lineAt(layout, top + height) + 1 + spare)
  return [first, last]
}
