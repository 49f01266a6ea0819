import Box from '@mui/material/Box'
import { seriesColor } from './colors.ts'

type Props = { entries: readonly { key: string; label: string; color?: number; isDashed?: boolean; isGhost?: boolean }[] }

/** Names over the plot, where there is no room beside the lines. */
export function LineKey({ entries }: Props) {
  return (
    <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 4, rowGap: 0.5, fontSize: 12, mb: 1 }}>
      {entries.map((one, index) =>
        one.isGhost ? null : (
          <Box key={one.key} sx={{ display: 'inline-flex', alignItems: 'center', gap: 1.5 }}>
            <Box sx={{ width: 12, borderTop: `2.5px ${one.isDashed ? 'dashed' : 'solid'} ${seriesColor(one.color ?? index)}` }} />
            {one.label}
          </Box>
        ),
      )}
    </Box>
  )
}
