import Box from '@mui/material/Box'
import { panel } from '#src/ui/kit/panel.ts'

export type FigureProps = {
  label: string
  /** Already formatted, with its unit. */
  value: React.ReactNode
  /** Beside or under it: the difference to before, a sparkline, a word. */
  note?: React.ReactNode
  tone?: 'good' | 'bad' | 'plain'
}

const noteColors = { good: 'state.readyText', bad: 'state.failedText', plain: 'text.secondary' }

/** One of the numbers that a page opens with. */
export function Figure({ label, value, note, tone = 'plain' }: FigureProps) {
  return (
    <Box sx={{ minWidth: 0, display: 'grid', gap: 1, alignContent: 'start' }}>
      <Box sx={{ typography: 'label', color: 'text.secondary' }}>{label}</Box>
      <Box sx={{ typography: 'h4', overflowWrap: 'anywhere' }}>{value}</Box>
      {note && <Box sx={{ typography: 'caption', color: noteColors[tone] }}>{note}</Box>}
    </Box>
  )
}

/** Figures in a row with lines between; they wrap on narrow screens. */
export function Figures({ children, min = 150 }: { children: React.ReactNode; min?: number }) {
  return (
    <Box
      sx={{
        display: { xs: 'grid', sm: 'flex' },
        gridTemplateColumns: 'repeat(2, minmax(0, 1fr))',
        flexWrap: 'wrap',
        ...panel,
        overflow: 'hidden',
        '& > :last-child:nth-of-type(odd)': { gridColumn: '1 / -1' },
        '& > *': {
          p: { xs: 3, sm: 4 },
          flex: `1 1 ${min}px`,
          maxWidth: { sm: 300 },
          boxShadow: (theme) => `-1px -1px 0 ${theme.vars?.palette.divider}`,
        },
      }}
    >
      {children}
    </Box>
  )
}
