'use client'
import { createContext } from 'react'

/** What the frame offers to a page's header. */
export const FrameContext = createContext<{ openDrawer: (() => void) | null }>({ openDrawer: null })
