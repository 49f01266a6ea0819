'use client'
import { useMemo } from 'react'
import { type Range, rangeOf } from '#src/ui/deployments/metrics.ts'
import { useNowInSteps } from '#src/ui/kit/useNow.ts'
import { useUrlState } from '#src/ui/kit/useUrlState.ts'

/** The time range in the address, its present end, and the query that reads it; the query changes once a step and no more often. */
export function useRange(deployment: string) {
  const [key, set] = useUrlState('range', '1h')
  const range: Range = rangeOf(key)
  const stepMs = range.stepMinutes * 60_000
  const now = useNowInSteps()
  const end = Math.floor(now / stepMs) * stepMs
  const input = useMemo(() => {
    // The last hour is what the server gives unasked, so that the page's own first query can be used.
    if (range.key === '1h') return { deployment }
    return { deployment, from: new Date(end - (Math.ceil(range.minutes / range.stepMinutes) - 1) * stepMs).toISOString() }
  }, [deployment, range, end, stepMs])
  return { range, set, now, input }
}
