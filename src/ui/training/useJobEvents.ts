'use client'
import { useEffect, useRef, useState } from 'react'
import { emptyView, EventLog, type EventView } from '#src/ui/training/eventLog.ts'
import { trpc } from '#src/ui/trpc.tsx'

export type StreamState = 'live' | 'reconnecting' | 'ended'

/** A screen is drawn at most so often, however fast events come. */
const drawEveryMs = 150

/** Follows a job from its first event on. After a lost connection the stream goes on behind the last event that was heard. */
export function useJobEvents(id: string): { view: EventView; stream: StreamState } {
  const log = useRef<EventLog>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const [view, setView] = useState(emptyView)
  const [hasEnded, setEnded] = useState(false)
  const [isOpen, setOpen] = useState(false)

  // biome-ignore lint/correctness/useExhaustiveDependencies: another job begins with an empty log
  useEffect(() => {
    log.current = new EventLog()
    setView(emptyView)
    setEnded(false)
    setOpen(true)
    return () => clearTimeout(timer.current)
  }, [id])

  const draw = () => {
    timer.current = undefined
    if (log.current) setView(log.current.view())
  }
  const subscription = trpc.training.onEvents.useSubscription(
    { id },
    {
      enabled: isOpen && !hasEnded,
      onData: ({ data }) => {
        log.current?.add(data)
        timer.current ??= setTimeout(draw, drawEveryMs)
      },
      onComplete: () => {
        draw()
        setEnded(true)
      },
    },
  )
  return { view, stream: hasEnded ? 'ended' : subscription.status === 'pending' ? 'live' : 'reconnecting' }
}
