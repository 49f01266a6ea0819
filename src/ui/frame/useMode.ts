'use client'
import { useColorScheme } from '@mui/material/styles'
import { useIsAlive } from '#src/ui/kit/useIsAlive.ts'

export type Mode = 'system' | 'light' | 'dark'

/** The chosen mode; `system` until the browser is known, so that the server's first paint and ours agree. */
export function useMode(): [Mode, (mode: Mode) => void] {
  const { mode, setMode } = useColorScheme()
  return [useIsAlive() ? (mode ?? 'system') : 'system', setMode]
}
