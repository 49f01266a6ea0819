import type { SxProps, Theme } from '@mui/material/styles'

/** A field of the browser's own, which opens the phone's own picker, looks like the others. */
export const nativeFieldSx = {
  font: 'inherit',
  minWidth: 0,
  height: 34,
  px: 2,
  border: 1,
  borderColor: 'text.disabled',
  borderRadius: '8px',
  bgcolor: 'background.paper',
  color: 'text.primary',
} as const satisfies SxProps<Theme>
