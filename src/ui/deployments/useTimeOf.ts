'use client'
import { useCallback } from 'react'
import { timeFormat } from '#src/ui/kit/format.ts'
import { useZone } from '#src/ui/kit/Served.tsx'
import type { Range } from './metrics.ts'

const clock = timeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const day = timeFormat('en-GB', { weekday: 'short', day: 'numeric', hour: '2-digit' })
/** How a time on the axis of a range is written. */
export function useTimeOf(range: Range): (x: number) => string {
  const zone = useZone()
  return useCallback((x: number) => (range.minutes > 1440 ? day : clock)(x, zone), [range, zone])
}
