/** The card beside the crosshair of a chart. */
export const tooltipSx = {
  bgcolor: 'background.paper',
  border: '1px solid',
  borderColor: 'divider',
  borderRadius: 1,
  boxShadow: 3,
  px: 2.5,
  py: 2,
  fontSize: 12,
  lineHeight: '18px',
  fontVariantNumeric: 'tabular-nums',
  color: 'text.primary',
} as const
