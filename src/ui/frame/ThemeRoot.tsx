'use client'
import CssBaseline from '@mui/material/CssBaseline'
import { ThemeProvider } from '@mui/material/styles'
import { theme } from '#src/ui/theme.ts'

/**
 * Ours is the default mode key: the script in the head reads the same one before the first paint. `noSsr` has the mode known from
 * the first drawing on; told only after it, it would change a context above pages that have not come to life, which React then draws
 * anew. `useMode` keeps what depends on it as the server drew it until then.
 */
export function ThemeRoot({ children }: { children: React.ReactNode }) {
  return (
    <ThemeProvider
      theme={theme}
      defaultMode="system"
      modeStorageKey="nw.mode"
      colorSchemeStorageKey="nw.scheme"
      disableTransitionOnChange
      noSsr
    >
      <CssBaseline enableColorScheme />
      {children}
    </ThemeProvider>
  )
}
