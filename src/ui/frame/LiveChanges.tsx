'use client'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Change } from '#src/contracts/home.ts'
import { useInvalidateByNoun } from '#src/ui/frame/useInvalidateByNoun.ts'
import { noteHeard } from '#src/ui/heardLately.ts'
import { LiveContext, type LiveState } from '#src/ui/kit/LiveContext.ts'
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
  const value = useMemo(() => ({ state, toggle: () => setPaused((paused) => !paused) }), [state])
  return <LiveContext value={value}>{children}</LiveContext>
}
