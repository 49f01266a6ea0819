'use client'
import { useIsAlive } from '#src/ui/kit/useIsAlive.ts'

/** The address that this page was opened at; empty until the browser has taken over. */
export const useOrigin = (): string => (useIsAlive() ? window.location.origin : '')
