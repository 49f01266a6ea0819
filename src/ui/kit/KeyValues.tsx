import Box from '@mui/material/Box'
import { Fragment } from 'react'

export type KeyValue = { label: string; value: React.ReactNode }

/** Facts as a definition list; entries whose value is null or empty are left out. */
export function KeyValues({ items, labelWidth = 140 }: { items: KeyValue[]; labelWidth?: number }) {
  const shown = items.filter(({ value }) => value !== null && value !== undefined && value !== '')
  return (
    <Box
      component="dl"
      sx={{
        m: 0,
        display: 'grid',
        gridTemplateColumns: `minmax(96px, ${labelWidth}px) minmax(0, 1fr)`,
        columnGap: 4,
        rowGap: 2,
        typography: 'body2',
      }}
    >
      {shown.map(({ label, value }) => (
        <Fragment key={label}>
          <Box component="dt" sx={{ color: 'text.secondary', overflowWrap: 'anywhere' }}>
            {label}
          </Box>
          <Box component="dd" sx={{ m: 0, minWidth: 0, overflowWrap: 'anywhere' }}>
            {value}
          </Box>
        </Fragment>
      ))}
    </Box>
  )
}
