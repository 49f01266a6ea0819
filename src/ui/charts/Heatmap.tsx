'use client'
import Box from '@mui/material/Box'
import { seriesColor } from './colors.ts'

export type HeatmapProps = {
  title: string
  rowLabels: readonly string[]
  columnLabels: readonly string[]
  /** values[row][column] */
  values: readonly (readonly number[])[]
  /** What rows and columns are, for example 'Actual' and 'Predicted'. */
  rowTitle: string
  columnTitle: string
  format?: (value: number) => string
  /** `row`: shades are shares of the row's sum, as a confusion matrix is read; `all`: shares of the largest value. */
  shade?: 'row' | 'all'
}

/** Beyond this share of the colour, text would lose its contrast in the light theme. */
const strongest = 55

const shareOf = (value: number, row: readonly number[], largest: number, shade: 'row' | 'all') => {
  const whole = shade === 'row' ? row.reduce((sum, one) => sum + one, 0) : largest
  return whole > 0 ? Math.max(0, value) / whole : 0
}

const cell = { px: 2, py: 1.5, textAlign: 'right', minWidth: 44, borderRadius: '4px', fontVariantNumeric: 'tabular-nums' } as const
const label = {
  fontWeight: 400,
  color: 'text.secondary',
  px: 2,
  py: 1,
  maxWidth: 140,
  overflow: 'hidden',
  textOverflow: 'ellipsis',
  whiteSpace: 'nowrap',
} as const

/** A matrix with a shade for each cell: a real table, so it reads out as it looks. */
export function Heatmap({ title, rowLabels, columnLabels, values, rowTitle, columnTitle, format = String, shade = 'row' }: HeatmapProps) {
  const largest = Math.max(0, ...values.flat())
  return (
    <Box sx={{ overflowX: 'auto' }} tabIndex={0} role="region" aria-label={title}>
      <Box component="table" sx={{ borderCollapse: 'separate', borderSpacing: '2px', fontSize: 13 }}>
        <Box component="caption" sx={{ captionSide: 'top', textAlign: 'left', fontSize: 12, color: 'text.secondary', pb: 1 }}>
          {rowTitle} down, {columnTitle.toLowerCase()} across
        </Box>
        <thead>
          <tr>
            <td />
            {columnLabels.map((name) => (
              <Box key={name} component="th" scope="col" title={name} sx={{ ...label, textAlign: 'right' }}>
                {name}
              </Box>
            ))}
          </tr>
        </thead>
        <tbody>
          {values.map((row, rowIndex) => (
            <tr key={rowLabels[rowIndex]}>
              <Box component="th" scope="row" title={rowLabels[rowIndex]} sx={{ ...label, textAlign: 'left' }}>
                {rowLabels[rowIndex]}
              </Box>
              {row.map((value, columnIndex) => {
                const share = shareOf(value, row, largest, shade)
                const color = `color-mix(in srgb, ${seriesColor(0)} ${Math.round(share * strongest)}%, transparent)`
                const text = `${rowLabels[rowIndex]} → ${columnLabels[columnIndex]}: ${format(value)} (${Math.round(share * 100)} %)`
                return (
                  <Box
                    key={columnLabels[columnIndex]}
                    component="td"
                    title={text}
                    sx={{ ...cell, color: 'text.primary' }}
                    style={{ backgroundColor: color }}
                  >
                    {format(value)}
                  </Box>
                )
              })}
            </tr>
          ))}
        </tbody>
      </Box>
    </Box>
  )
}
