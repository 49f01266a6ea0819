import Box from '@mui/material/Box'
import { panel } from '#src/ui/kit/panel.ts'

type Props = { title: string; note?: React.ReactNode; children: React.ReactNode; isWide?: boolean }

/** One chart among others, with its name. */
export function ChartFrame({ title, note, children, isWide = false }: Props) {
  return (
    <Box
      sx={{
        ...panel,
        p: 4,
        minWidth: 0,
        gridColumn: isWide ? { lg: '1 / -1' } : undefined,
      }}
    >
      <Box sx={{ display: 'flex', alignItems: 'center', gap: 2, mb: 2, minHeight: 28 }}>
        <Box component="h3" sx={{ typography: 'h3', m: 0, flex: 1 }}>
          {title}
        </Box>
        {note}
      </Box>
      {children}
    </Box>
  )
}
