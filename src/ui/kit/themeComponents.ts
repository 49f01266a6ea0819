import type { Theme, ThemeOptions } from '@mui/material/styles'

type WithTheme = { theme: Theme }
const line = (theme: Theme) => `1px solid ${theme.vars?.palette.divider}`
const float = (theme: Theme) => ({
  border: line(theme),
  boxShadow: '0 8px 28px rgb(0 0 0 / 0.16)',
  backgroundImage: 'none',
})
const focusRing = (theme: Theme) => ({ outline: `2px solid ${theme.vars?.palette.primary.main}`, outlineOffset: 1 })

/** How the library's parts look here: lines instead of shadows, no ripple, a ring on focus, dense by default. */
export const components: NonNullable<ThemeOptions['components']> = {
  MuiCssBaseline: {
    styleOverrides: (theme) => ({
      body: { fontFeatureSettings: '"cv05" 1, "ss03" 1', WebkitTextSizeAdjust: '100%' },
      'code, pre, kbd, samp': { fontFamily: theme.typography.mono.fontFamily, fontSize: '0.8125rem' },
      'button, input, textarea, select': { font: 'inherit' },
      'a, button, input, textarea, select, [tabindex]:not([tabindex="-1"])': { '&:focus-visible': focusRing(theme) },
      '@media (prefers-reduced-motion: reduce)': {
        '*, *::before, *::after': {
          animationDuration: '0s !important',
          animationIterationCount: '1 !important',
          transitionDuration: '0s !important',
        },
      },
    }),
  },
  MuiButtonBase: {
    defaultProps: { disableRipple: true },
    styleOverrides: { root: ({ theme }: WithTheme) => ({ '&.Mui-focusVisible': focusRing(theme) }) },
  },
  MuiButton: {
    defaultProps: { disableElevation: true, size: 'small', color: 'primary' },
    styleOverrides: {
      root: { borderRadius: 8, padding: '5px 12px', minHeight: 32, whiteSpace: 'nowrap' },
      outlined: ({ theme, ownerState }) => ({
        borderColor: theme.vars?.palette.divider,
        color: ownerState.color === 'primary' ? theme.vars?.palette.text.primary : undefined,
        backgroundColor: theme.vars?.palette.background.paper,
        '&:hover': { backgroundColor: theme.vars?.palette.action.hover, borderColor: theme.vars?.palette.text.disabled },
      }),
      text: { padding: '5px 8px', minWidth: 0 },
    },
  },
  MuiIconButton: { defaultProps: { size: 'small' }, styleOverrides: { root: { borderRadius: 6 } } },
  MuiPaper: { defaultProps: { elevation: 0 }, styleOverrides: { root: { backgroundImage: 'none' } } },
  MuiMenu: { styleOverrides: { paper: ({ theme }: WithTheme) => ({ ...float(theme), marginTop: 4, minWidth: 180 }) } },
  MuiPopover: { styleOverrides: { paper: ({ theme }: WithTheme) => float(theme) } },
  MuiAutocomplete: { styleOverrides: { paper: ({ theme }: WithTheme) => float(theme) } },
  MuiMenuItem: {
    defaultProps: { dense: true },
    styleOverrides: { root: { fontSize: '0.8125rem', minHeight: 32, borderRadius: 6, margin: '0 4px', gap: 8 } },
  },
  MuiDialog: {
    styleOverrides: { paper: ({ theme }: WithTheme) => ({ ...float(theme), borderRadius: 12 }) },
  },
  MuiDialogTitle: { styleOverrides: { root: { fontSize: '1rem', fontWeight: 600, padding: '20px 24px 8px' } } },
  MuiDialogContent: { styleOverrides: { root: { padding: '8px 24px 16px' } } },
  MuiDialogActions: { styleOverrides: { root: { padding: '8px 24px 20px' } } },
  MuiDrawer: { styleOverrides: { paper: ({ theme }: WithTheme) => ({ backgroundColor: theme.vars?.palette.background.default }) } },
  MuiOutlinedInput: {
    defaultProps: { size: 'small' },
    styleOverrides: {
      root: ({ theme }: WithTheme) => ({
        backgroundColor: theme.vars?.palette.background.paper,
        fontSize: '0.875rem',
        '& .MuiOutlinedInput-notchedOutline': { borderColor: theme.vars?.palette.fieldLine },
        '&:hover .MuiOutlinedInput-notchedOutline': { borderColor: theme.vars?.palette.text.secondary },
        '& input:focus-visible, & textarea:focus-visible': { outline: 'none' },
      }),
      input: { padding: '7px 12px' },
      multiline: { padding: 0 },
      adornedStart: { paddingLeft: 10, '& input': { paddingLeft: 0 } },
      notchedOutline: { top: 0, '& legend': { display: 'none' } },
    },
  },
  MuiAccordionSummary: { styleOverrides: { root: { fontSize: '0.875rem', fontWeight: 500 } } },
  MuiFormHelperText: { styleOverrides: { root: { marginLeft: 0, fontSize: '0.75rem', lineHeight: '16px' } } },
  MuiFormControlLabel: { styleOverrides: { label: { fontSize: '0.875rem' } } },
  MuiCheckbox: { defaultProps: { size: 'small' } },
  MuiSwitch: { defaultProps: { size: 'small' } },
  MuiRadio: { defaultProps: { size: 'small' } },
  MuiChip: { defaultProps: { size: 'small' }, styleOverrides: { root: { borderRadius: 6, fontSize: '0.75rem' } } },
  MuiLink: { defaultProps: { underline: 'hover' } },
  MuiLinearProgress: {
    styleOverrides: {
      root: ({ theme }: WithTheme) => ({ height: 4, borderRadius: 2, backgroundColor: theme.vars?.palette.divider }),
      bar: { borderRadius: 2 },
    },
  },
  MuiSkeleton: { defaultProps: { animation: 'wave' }, styleOverrides: { root: { borderRadius: 6 } } },
  MuiTableCell: {
    styleOverrides: {
      root: ({ theme }: WithTheme) => ({
        borderColor: theme.vars?.palette.divider,
        fontSize: '0.8125rem',
        lineHeight: '20px',
        padding: '8px 12px',
      }),
    },
  },
}
