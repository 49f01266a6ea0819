'use client'
import { useColorScheme } from '@mui/material/styles'
import { useSyncExternalStore } from 'react'

const never = () => () => {}
export type Mode = 'system' | 'light' | 'dark'

/** The chosen mode; `system` until the browser is known, so that the server's first paint and ours agree. */
export function useMode(): [Mode, (mode: Mode) => void] {
  const { mode, setMode } = useColorScheme()
  const isClient = useSyncExternalStore(
    never,
    () => true,
    () => false,
  )
  return [isClient ? (mode ?? 'system') : 'system', setMode]
}
