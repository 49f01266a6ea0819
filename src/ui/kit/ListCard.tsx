import Box from '@mui/material/Box'
import { panel } from '#src/ui/kit/panel.ts'

/** A framed list whose rows are divided by lines. */
export function ListCard({ children, label }: { children: React.ReactNode; label?: string }) {
  return (
    <Box
      component="ul"
      aria-label={label}
      sx={{
        listStyle: 'none',
        m: 0,
        p: 0,
        ...panel,
        overflow: 'hidden',
        '& > li': { px: 4, py: 2.5, minWidth: 0 },
        '& > li + li': { borderTop: 1, borderColor: 'divider' },
      }}
    >
      {children}
    </Box>
  )
}
