import Box from '@mui/material/Box'
import { type Row, sample } from './scale.ts'
import type { Series } from './types.ts'
import { visuallyHidden } from './visuallyHidden.ts'

const rowsRead = 40

type Props = {
  title: string
  xLabel: string
  series: readonly Series[]
  rows: readonly Row[]
  formatX: (x: number) => string
  formatY: (y: number) => string
}

/** The same figures as the chart, for those who listen; a long series is thinned evenly. */
export function ChartTable({ title, xLabel, series, rows, formatX, formatY }: Props) {
  const shown = series.filter((one) => !one.isGhost)
  return (
    <Box sx={visuallyHidden}>
      <table>
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">{xLabel}</th>
            {shown.map((one) => (
              <th key={one.key} scope="col">
                {one.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sample(rows, rowsRead).map((row) => (
            <tr key={row.x}>
              <th scope="row">{formatX(row.x)}</th>
              {shown.map((one) => {
                const value = row.values[one.key]
                return <td key={one.key}>{value === null || value === undefined ? 'none' : formatY(value)}</td>
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Box>
  )
}
