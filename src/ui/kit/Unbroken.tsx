import Box from '@mui/material/Box'

/** A few words or a figure that stay on one line, where "2.38e-7" would break at its hyphen and "42 ms" before its unit. */
export const Unbroken = ({ children }: { children: React.ReactNode }) => (
  <Box component="span" sx={{ whiteSpace: 'nowrap', fontVariantNumeric: 'tabular-nums' }}>
    {children}
  </Box>
)
