/** The chart takes the keyboard for its crosshair, so it must show that it has it. */
export const plotStyle = {
  position: 'relative',
  '& .recharts-surface:focus': { outline: 'none' },
  '& .recharts-surface:focus-visible': { outline: '2px solid', outlineColor: 'primary.main', outlineOffset: 2, borderRadius: '4px' },
} as const
