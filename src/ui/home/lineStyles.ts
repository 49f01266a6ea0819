import type { SxProps, Theme } from '@mui/material/styles'

/** A line of a list: shape, text, and at its end what kind of thing and when. */
export const lineSx = {
  display: 'flex',
  flexWrap: { xs: 'wrap', sm: 'nowrap' },
  columnGap: 3,
  alignItems: 'flex-start',
} as const satisfies SxProps<Theme>

/** On a phone it stands below the text, in line with it. */
export const asideSx = {
  typography: 'caption',
  color: 'text.secondary',
  whiteSpace: 'nowrap',
  width: { xs: '100%', sm: 'auto' },
  pl: { xs: 6, sm: 0 },
  pt: { xs: 0.5, sm: 0 },
} as const satisfies SxProps<Theme>
