'use client'
import { usePathname, useSearchParams } from 'next/navigation'
import { useCallback } from 'react'

/** Writes parameters into the address without a round to the server; null or '' takes one out. `push` makes a step for Back. */
export function writeUrl(pathname: string, changes: Record<string, string | null>, how: 'push' | 'replace' = 'replace') {
  const params = new URLSearchParams(window.location.search)
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === '') params.delete(key)
    else params.set(key, value)
  }
  const query = params.toString()
  window.history[`${how}State`](null, '', query ? `${pathname}?${query}` : pathname)
}

/** A string that lives in the address, so that a view can be linked and survives a reload; the default is left out of it. */
export function useUrlState(key: string, initial = ''): [string, (value: string | null) => void] {
  const pathname = usePathname()
  const value = useSearchParams().get(key) ?? initial
  const set = useCallback((next: string | null) => writeUrl(pathname, { [key]: next === initial ? null : next }), [pathname, key, initial])
  return [value, set]
}
