'use client'
import { useIsAlive } from '#src/ui/kit/useIsAlive.ts'
import { trpc } from '#src/ui/trpc.tsx'

/**
 * How many alerts fire that nobody has taken up; 0 until it is known. It is drawn in several parts of a page, and what the first has
 * fetched would be more than the server drew in those that come to life later.
 */
export function useFiringCount(): number {
  const { data } = trpc.alerts.firing.useQuery()
  return useIsAlive() ? (data?.count ?? 0) : 0
}
