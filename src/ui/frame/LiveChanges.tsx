'use client'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { Change } from '#src/contracts/home.ts'
import { useInvalidateByNoun } from '#src/ui/frame/useInvalidateByNoun.ts'
import { noteHeard } from '#src/ui/heardLately.ts'
import { type Live, LiveContext, type LiveState } from '#src/ui/kit/LiveContext.ts'
import { trpc } from '#src/ui/trpc.tsx'

const gatherMs = 250
const hiddenMs = 60_000

/** True after the page has been out of sight for a minute: a browser opens six streams to one origin, and open tabs would use them up. */
function useLongHidden() {
  const [isHidden, setHidden] = useState(false)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const onChange = () => {
      clearTimeout(timer)
      if (document.visibilityState === 'visible') setHidden(false)
      else timer = setTimeout(() => setHidden(true), hiddenMs)
    }
    document.addEventListener('visibilitychange', onChange)
    return () => {
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', onChange)
    }
  }, [])
  return isHidden
}

/** @returns the store for all below, which hears of each new `state` once it is shown. */
function useLiveStore(state: LiveState, toggle: () => void): Live {
  const [{ live, tell }] = useState(() => {
    const listeners = new Set<() => void>()
    let told = state
    return {
      live: {
        read: () => told,
        subscribe(listener: () => void) {
          listeners.add(listener)
          return () => void listeners.delete(listener)
        },
        toggle,
      },
      tell(next: LiveState) {
        told = next
        for (const listener of listeners) listener()
      },
    }
  })
  useEffect(() => tell(state), [state, tell])
  return live
}

/** Listens for what changes on the server and fetches that noun again; a burst counts once. */
export function LiveChanges({ children }: { children: React.ReactNode }) {
  const [isPaused, setPaused] = useState(false)
  const isHidden = useLongHidden()
  const invalidate = useInvalidateByNoun()
  const pending = useRef(new Set<Change['kind']>())
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)

  const gather = useCallback(
    ({ kind }: Change) => {
      pending.current.add(kind)
      noteHeard([kind])
      timer.current ??= setTimeout(() => {
        timer.current = undefined
        invalidate([...pending.current])
        pending.current.clear()
      }, gatherMs)
    },
    [invalidate],
  )
  const isOn = !isPaused && !isHidden
  const { status } = trpc.live.changes.useSubscription(undefined, { enabled: isOn, onData: gather })
  const isConnected = status === 'pending'

  const hadGap = useRef(false)
  useEffect(() => {
    if (!isConnected) {
      hadGap.current = true
      return
    }
    // What happened while nobody listened was not announced.
    if (hadGap.current) invalidate('all')
    hadGap.current = false
  }, [isConnected, invalidate])

  const state: LiveState = !isOn ? 'paused' : isConnected ? 'live' : 'reconnecting'
  const live = useLiveStore(state, () => setPaused((paused) => !paused))
  return <LiveContext value={live}>{children}</LiveContext>
}
