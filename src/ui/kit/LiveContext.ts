'use client'
import { createContext } from 'react'

export type LiveState = 'live' | 'reconnecting' | 'paused'

/**
 * How fresh the page is, and how to pause it. It is a store that stays the same: React draws a page anew, without what was typed
 * into it, when a context above it changes before the page has come to life, and the stream may open before that.
 */
export type Live = { read: () => LiveState; subscribe: (listener: () => void) => () => void; toggle: () => void }

export const LiveContext = createContext<Live | null>(null)
