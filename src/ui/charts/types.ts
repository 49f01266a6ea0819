export type Point = { x: number; y: number | null }

export type Series = {
  /** Unique in the chart. */
  key: string
  /** What stands at the line's end and in the tooltip. */
  label: string
  points: readonly Point[]
  /** Place in the palette; by default the place in the list. Give it where a version or job keeps its colour over pages. */
  color?: number
  isDashed?: boolean
  /** The raw line behind a smoothed one: pale, with no label and no column in the table. */
  isGhost?: boolean
  /** True where a missing point means silence and must stay a gap; else the line goes on to the next point. */
  isGapped?: boolean
}

/** An event on the x axis: a deploy, a change of version, a new attempt. */
export type Mark = { x: number; label: string }

export type LineChartProps = {
  /** Names the chart for those who cannot see it; shown by the page's own heading. */
  title: string
  series: readonly Series[]
  xLabel?: string
  formatX?: (x: number) => string
  formatY?: (y: number) => string
  xDomain?: readonly [number, number]
  /** Logarithmic y; values of zero and below are left out. */
  isLog?: boolean
  /** True for y values that are counts, times or shares: the axis starts at zero. */
  fromZero?: boolean
  /** The axis reaches at least so high, so that silence does not look like noise. */
  yAtLeast?: number
  /** x holds times in milliseconds: ticks fall on whole minutes, hours or days. */
  isTime?: boolean
  marks?: readonly Mark[]
  /** CSS pixels. */
  height?: number
  /** Charts with the same id share their crosshair. */
  syncId?: string
  /** A sentence that says what will appear here. */
  emptyText: string
}

export type XYSeries = {
  key: string
  label: string
  points: readonly { x: number; y: number }[]
  color?: number
  kind?: 'line' | 'dots'
}

export type XYChartProps = {
  title: string
  series: readonly XYSeries[]
  xLabel: string
  yLabel: string
  formatX?: (x: number) => string
  formatY?: (y: number) => string
  xDomain?: readonly [number, number]
  yDomain?: readonly [number, number]
  /** `diagonal`: y = x (ROC, calibration, predicted against actual); `zero`: y = 0 (residuals). */
  reference?: 'diagonal' | 'zero'
  height?: number
  emptyText: string
}

/** A part of the whole; hatched where its colour is another part's too. */
export type ShareSeries = { key: string; label: string; color: number; isHatched?: boolean }
/** The shares in percent, by series, that hold from `x` on. */
export type ShareChange = { x: number; shares: Readonly<Record<string, number>> }

export type ShareChartProps = {
  title: string
  series: readonly ShareSeries[]
  /** Ascending; the first may lie before the axis. */
  changes: readonly ShareChange[]
  /** Times in milliseconds. */
  xDomain: readonly [number, number]
  formatX: (x: number) => string
  marks: readonly { x: number; number: number }[]
  /** CSS pixels. */
  height?: number
  emptyText: string
}
