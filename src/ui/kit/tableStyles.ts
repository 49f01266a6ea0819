import type { SxProps, Theme } from '@mui/material/styles'

/** The frame that scrolls: its head and first column stay. */
export const tableSx = {
  border: 1,
  borderColor: 'divider',
  borderRadius: '8px',
  bgcolor: 'background.paper',
  overflow: 'auto',
  transition: 'opacity 120ms',
  '@media (max-width: 599.95px)': { border: 0, bgcolor: 'transparent', maxHeight: 'none !important', overflow: 'visible' },
} as const satisfies SxProps<Theme>

/** Below 600 px every row is a card with the same facts in the same order. */
export const cardSx = {
  fontVariantNumeric: 'tabular-nums',
  borderCollapse: 'separate',
  borderSpacing: 0,
  '& th': {
    position: 'sticky',
    top: 0,
    zIndex: 2,
    bgcolor: 'raised',
    py: 1.5,
    fontSize: '0.75rem',
    fontWeight: 500,
    color: 'text.secondary',
    whiteSpace: 'nowrap',
  },
  '& tbody tr': {
    '&:hover > td, &:focus-within > td': { bgcolor: 'action.hover' },
  },
  '& tbody tr:last-of-type > td': { borderBottom: 0 },
  '& td': { bgcolor: 'background.paper' },
  '& td[data-first]': { position: 'sticky', left: 0, zIndex: 1, minWidth: 140, maxWidth: 360, overflowWrap: 'break-word' },
  '& td[data-actions]': { position: 'sticky', right: 0, zIndex: 1 },
  '& th:first-of-type': { left: 0, zIndex: 3 },
  '@media (max-width: 599.95px)': {
    '&, & tbody': { display: 'block' },
    // Each card names its facts itself; what nobody sees is no stop for Tab, and SortSelect sorts in its place.
    '& thead': { display: 'none' },
    '& tbody tr': {
      display: 'block',
      position: 'relative',
      border: 1,
      borderColor: 'divider',
      borderRadius: '8px',
      mb: 2,
      bgcolor: 'background.paper',
      py: 1,
      overflow: 'hidden',
    },
    '& tbody td': {
      display: 'flex',
      flexDirection: 'row',
      justifyContent: 'space-between',
      alignItems: 'center',
      gap: 4,
      border: 0,
      py: 1,
      textAlign: 'right',
      minHeight: 32,
      minWidth: 0,
      overflowWrap: 'anywhere',
      '&[data-label]::before': {
        content: 'attr(data-label)',
        color: 'text.secondary',
        fontSize: '0.75rem',
        textAlign: 'left',
        flex: 'none',
      },
      '&[data-actions]': { position: 'static' },
      '&[data-peek]': { position: 'absolute', top: 2, right: 2, zIndex: 2 },
      '&[data-first]': { position: 'static', fontSize: '0.875rem', '&::before': { display: 'none' }, textAlign: 'left' },
    },
  },
} as const satisfies SxProps<Theme>
