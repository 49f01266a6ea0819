import Box from '@mui/material/Box'

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
        border: 1,
        borderColor: 'divider',
        borderRadius: '8px',
        bgcolor: 'background.paper',
        overflow: 'hidden',
        '& > li': { px: 4, py: 2.5, minWidth: 0 },
        '& > li + li': { borderTop: 1, borderColor: 'divider' },
      }}
    >
      {children}
    </Box>
  )
}
