'use client'
import type {} from '@mui/material/themeCssVarsAugmentation'
import type { CSSProperties } from 'react'
import { createTheme } from '@mui/material/styles'
import { components } from '#src/ui/kit/themeComponents.ts'
import { chartColors, darkTokens, lightTokens, type Tokens } from '#src/ui/kit/tokens.ts'

export const monoFont = '"JetBrains Mono Variable", ui-monospace, SFMono-Regular, Menlo, Consolas, monospace'
const sansFont = '"Inter Variable", system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'

declare module '@mui/material/styles' {
  interface Palette {
    state: Tokens['state']
    raised: string
    fieldLine: string
    chart: typeof chartColors
  }
  interface PaletteOptions {
    state?: Tokens['state']
    raised?: string
    fieldLine?: string
    chart?: typeof chartColors
  }
  interface TypographyVariants {
    mono: CSSProperties
    label: CSSProperties
  }
  interface TypographyVariantsOptions {
    mono?: CSSProperties
    label?: CSSProperties
  }
}
declare module '@mui/material/Typography' {
  interface TypographyPropsVariantOverrides {
    mono: true
    label: true
  }
}

const paletteOf = (tokens: Tokens) => ({
  primary: { main: tokens.accent, dark: tokens.accentHover, contrastText: tokens.onAccent },
  secondary: { main: tokens.muted, contrastText: tokens.surface },
  error: { main: tokens.state.failedText, contrastText: tokens.surface },
  warning: { main: tokens.state.degradedText, contrastText: tokens.surface },
  success: { main: tokens.state.readyText, contrastText: tokens.surface },
  info: { main: tokens.accent, contrastText: tokens.onAccent },
  background: { default: tokens.background, paper: tokens.surface },
  text: { primary: tokens.text, secondary: tokens.muted, disabled: tokens.disabled },
  divider: tokens.line,
  raised: tokens.raised,
  fieldLine: tokens.fieldLine,
  action: { hover: tokens.hover, selected: tokens.selected, focus: tokens.selected, active: tokens.muted },
  state: tokens.state,
  chart: chartColors,
})

/** The one theme: colours reach components as CSS variables, so that a switch repaints without a render. */
export const theme = createTheme({
  cssVariables: { cssVarPrefix: 'nw', colorSchemeSelector: 'data-theme' },
  colorSchemes: { light: { palette: paletteOf(lightTokens) }, dark: { palette: paletteOf(darkTokens) } },
  spacing: 4,
  shape: { borderRadius: 8 },
  breakpoints: { values: { xs: 0, sm: 600, md: 900, lg: 1200, xl: 1440 } },
  typography: {
    fontFamily: sansFont,
    fontSize: 14,
    htmlFontSize: 16,
    h1: { fontSize: '1.25rem', lineHeight: '28px', fontWeight: 620, letterSpacing: '-0.012em' },
    h2: { fontSize: '0.9375rem', lineHeight: '24px', fontWeight: 600, letterSpacing: '-0.005em' },
    h3: { fontSize: '0.875rem', lineHeight: '20px', fontWeight: 600 },
    h4: { fontSize: '1.75rem', lineHeight: '36px', fontWeight: 600, letterSpacing: '-0.02em', fontVariantNumeric: 'tabular-nums' },
    body1: { fontSize: '0.875rem', lineHeight: '20px' },
    body2: { fontSize: '0.8125rem', lineHeight: '20px' },
    caption: { fontSize: '0.75rem', lineHeight: '16px' },
    button: { fontSize: '0.8125rem', lineHeight: '20px', fontWeight: 550, textTransform: 'none' },
    mono: { fontFamily: monoFont, fontSize: '0.8125rem', lineHeight: '20px' },
    label: { fontSize: '0.75rem', lineHeight: '16px', fontWeight: 500 },
  },
  components,
})
