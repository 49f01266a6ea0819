'use client'
import { createContext, use, useEffect } from 'react'
import { useIsAlive } from '#src/ui/kit/useIsAlive.ts'

const ServedContext = createContext({ at: 0, zone: 'UTC' })

/** Tells all below when, in milliseconds, and in which time zone the server drew the page; tells the server the reader's own zone. */
export function Served({ at, zone, children }: { at: number; zone: string; children: React.ReactNode }) {
  useEffect(() => {
    const own = new Intl.DateTimeFormat().resolvedOptions().timeZone
    // biome-ignore lint/suspicious/noDocumentCookie: the server reads it, so that times are right in the first paint
    if (own !== zone) document.cookie = `nw_zone=${encodeURIComponent(own)}; Path=/; Max-Age=31536000; SameSite=Lax`
  }, [zone])
  return <ServedContext value={{ at, zone }}>{children}</ServedContext>
}
export const useServedAt = (): number => use(ServedContext).at

/** The time zone to write times in: that of the server's drawing while the page comes to life, then undefined, for the reader's own. */
export function useZone(): string | undefined {
  const { zone } = use(ServedContext)
  return useIsAlive() ? undefined : zone
}
