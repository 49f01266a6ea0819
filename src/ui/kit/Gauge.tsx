import Box from '@mui/material/Box'

/** A share, 0..1, as a bar under the words that say it; the words alone are read out. */
export function Gauge({ share, text }: { share: number; text: string }) {
  const percent = Math.min(100, Math.max(0, share * 100))
  return (
    <Box component="span" sx={{ display: 'inline-grid', gap: 0.5, minWidth: 88, fontVariantNumeric: 'tabular-nums' }}>
      <span>{text}</span>
      <Box component="span" aria-hidden sx={{ display: 'block', height: 4, borderRadius: '2px', bgcolor: 'divider', overflow: 'hidden' }}>
        <Box component="span" sx={{ display: 'block', height: '100%', bgcolor: 'primary.main' }} style={{ width: `${percent}%` }} />
      </Box>
    </Box>
  )
}
