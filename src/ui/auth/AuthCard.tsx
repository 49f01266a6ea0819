import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'

/** The one card of a page before one is signed in. */
export function AuthCard({ title, note, children }: { title: string; note?: string; children: React.ReactNode }) {
  return (
    <Box component="main" sx={{ minHeight: '100dvh', display: 'grid', placeItems: 'center', p: 4 }}>
      <Box sx={{ width: '100%', maxWidth: 380, display: 'grid', gap: 6 }}>
        <Box sx={{ display: 'grid', gap: 1 }}>
          <Box sx={{ typography: 'label', color: 'text.secondary' }}>NeuroWeaver</Box>
          <Typography variant="h1" sx={{ fontSize: '1.75rem', lineHeight: '36px' }}>
            {title}
          </Typography>
          {note && <Typography color="textSecondary">{note}</Typography>}
        </Box>
        {children}
      </Box>
    </Box>
  )
}
