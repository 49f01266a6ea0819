import Box from '@mui/material/Box'
import { tooltipSx } from './tooltipSx.ts'

type Props = {
  xLabel: string
  yLabel: string
  formatX: (x: number) => string
  formatY: (y: number) => string
  active?: boolean
  payload?: readonly { payload?: unknown }[]
}

export function XYTooltip({ xLabel, yLabel, formatX, formatY, active, payload }: Props) {
  const point = payload?.[0]?.payload as { x: number; y: number } | undefined
  if (!active || !point) return null
  return (
    <Box sx={tooltipSx}>
      <Box>
        {xLabel} <b>{formatX(point.x)}</b>
      </Box>
      <Box>
        {yLabel} <b>{formatY(point.y)}</b>
      </Box>
    </Box>
  )
}
