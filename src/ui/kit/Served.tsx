'use client'
import { createContext, use } from 'react'

const ServedAtContext = createContext(0)

/** Tells all below when the server drew the page, in milliseconds. */
export function ServedAt({ at, children }: { at: number; children: React.ReactNode }) {
  return <ServedAtContext value={at}>{children}</ServedAtContext>
}
export const useServedAt = (): number => use(ServedAtContext)
