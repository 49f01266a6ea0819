'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { readError } from '#src/ui/kit/errors.ts'
import { trpc } from '#src/ui/trpc.tsx'

/** What is away: the server itself, or the database behind it. */
export type Outage = 'server' | 'database' | null

const everyMs = 2_000

async function ask(): Promise<Outage> {
  try {
    const response = await fetch('/health/ready', { cache: 'no-store', signal: AbortSignal.timeout(5_000) })
    if (response.ok) return null
    const health = (await response.json()) as { parts?: { database?: { status?: string } } }
    return health.parts?.database?.status === 'unavailable' ? 'database' : null
  } catch {
    return 'server'
  }
}

const errorOf = (action: object): unknown => ('error' in action ? action.error : undefined)
const isSuspicious = (error: unknown) => {
  const { code } = readError(error)
  return error instanceof Error && (code === 'unavailable' || code === null)
}

/** Notices by the page's own failed requests, then asks every two seconds; when it is over, all that is shown is fetched anew. */
export function useOutage(): Outage {
  const client = useQueryClient()
  const utils = trpc.useUtils()
  const [outage, setOutage] = useState<Outage>(null)
  const [isAsking, setAsking] = useState(false)

  useEffect(() => {
    const stops = [client.getQueryCache(), client.getMutationCache()].map((cache) =>
      cache.subscribe((event) => {
        if (event.type === 'updated' && isSuspicious(errorOf(event.action))) setAsking(true)
      }),
    )
    return () => {
      for (const stop of stops) stop()
    }
  }, [client])

  useEffect(() => {
    if (!isAsking) return
    let isOver = false
    let timer: ReturnType<typeof setTimeout> | undefined
    let wasAway = false
    const step = async () => {
      const found = await ask()
      if (isOver) return
      setOutage(found)
      wasAway ||= found !== null
      if (found !== null) timer = setTimeout(step, everyMs)
      else {
        setAsking(false)
        if (wasAway) void utils.invalidate()
      }
    }
    void step()
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [isAsking, utils])
  return outage
}
