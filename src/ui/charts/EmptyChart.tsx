import Box from '@mui/material/Box'

/** Holds the chart's place and says what will appear in it. */
export function EmptyChart({ text, height }: { text: string; height: number }) {
  return (
    <Box
      sx={{
        height,
        display: 'grid',
        placeItems: 'center',
        px: 6,
        textAlign: 'center',
        color: 'text.secondary',
        fontSize: 13,
        border: '1px dashed',
        borderColor: 'divider',
        borderRadius: 1,
      }}
    >
      {text}
    </Box>
  )
}
