'use client'
import { useSyncExternalStore } from 'react'
import { useServedAt } from '#src/ui/kit/Served.tsx'
import { useIsAlive } from '#src/ui/kit/useIsAlive.ts'

const everyMs = 15_000
const listeners = new Set<() => void>()
let nowMs = Date.now()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void) {
  listeners.add(listener)
  timer ??= setInterval(() => {
    nowMs = Date.now()
    for (const each of listeners) each()
  }, everyMs)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}
function read() {
  if (!timer) nowMs = Date.now()
  return Math.floor(nowMs / everyMs) * everyMs
}

/** The time in milliseconds, in steps of 15 s, for what is asked anew at each; one timer serves the whole page. */
export function useNowInSteps(): number {
  const servedAt = useServedAt()
  return useSyncExternalStore(subscribe, read, () => servedAt)
}

/** The time in milliseconds at each drawing, of which there is one every 15 s. While the page comes to life it is the server's. */
export function useNow(): number {
  const step = useNowInSteps()
  return useIsAlive() ? Math.max(step, Date.now()) : step
}
