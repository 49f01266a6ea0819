'use client'
import { createContext } from 'react'

export type LiveState = 'live' | 'reconnecting' | 'paused'

/** How fresh the page is, and how to pause it. */
export const LiveContext = createContext<{ state: LiveState; toggle: () => void } | null>(null)
