import Box from '@mui/material/Box'
import { seriesColor } from './colors.ts'
import type { Row } from './scale.ts'
import { tooltipSx } from './tooltipSx.ts'
import type { Series } from './types.ts'

type Props = {
  heading: (x: number) => string
  formatY: (y: number) => string
  series: readonly Series[]
  active?: boolean
  payload?: readonly { payload?: unknown }[]
}

/** What the crosshair reads: one line a series that has a value there. */
export function ChartTooltip({ heading, formatY, series, active, payload }: Props) {
  const row = payload?.[0]?.payload as Row | undefined
  if (!active || !row) return null
  return (
    <Box sx={tooltipSx}>
      <Box sx={{ color: 'text.secondary', mb: 0.5 }}>{heading(row.x)}</Box>
      {series.map((one, index) => {
        const value = row.values[one.key]
        if (one.isGhost || value === null || value === undefined) return null
        return (
          <Box key={one.key} sx={{ display: 'flex', alignItems: 'center', gap: 2 }}>
            <Box sx={{ width: 10, height: 3, borderRadius: '1px', bgcolor: seriesColor(one.color ?? index), flex: 'none' }} />
            <Box sx={{ flex: 1, pr: 4 }}>{one.label}</Box>
            <Box sx={{ fontWeight: 600 }}>{formatY(value)}</Box>
          </Box>
        )
      })}
    </Box>
  )
}
