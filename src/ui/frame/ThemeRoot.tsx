'use client'
import CssBaseline from '@mui/material/CssBaseline'
import { ThemeProvider } from '@mui/material/styles'
import { theme } from '#src/ui/theme.ts'

/** Ours is the default mode key: the script in the head reads the same one before the first paint. */
export function ThemeRoot({ children }: { children: React.ReactNode }) {
  return (
    <ThemeProvider theme={theme} defaultMode="system" modeStorageKey="nw.mode" colorSchemeStorageKey="nw.scheme" disableTransitionOnChange>
      <CssBaseline enableColorScheme />
      {children}
    </ThemeProvider>
  )
}
