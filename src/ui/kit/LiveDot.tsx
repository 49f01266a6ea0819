'use client'
import Box from '@mui/material/Box'
import ButtonBase from '@mui/material/ButtonBase'
import { use, useSyncExternalStore } from 'react'
import { Hint } from '#src/ui/kit/Hint.tsx'
import { LiveContext, type LiveState } from '#src/ui/kit/LiveContext.ts'
import { StatusShape } from '#src/ui/kit/StatusChip.tsx'

const words: Record<LiveState, string> = { live: 'Live', reconnecting: 'Reconnecting', paused: 'Paused' }
const statuses: Record<LiveState, string> = { live: 'live', reconnecting: 'silent', paused: 'paused' }
const hints: Record<LiveState, string> = {
  live: 'This page updates by itself. Press to pause.',
  reconnecting: 'The connection is being made; what you see may be old.',
  paused: 'Nothing updates until you press.',
}
const look = { display: 'inline-flex', alignItems: 'center', gap: 1.5, px: 1.5, py: 0.5, typography: 'caption', color: 'text.secondary' }

const DotAndWord = ({ state }: { state: LiveState }) => (
  <>
    <StatusShape status={statuses[state]} size={9} />
    <Box component="span" role="status" sx={{ minWidth: 26 }}>
      {words[state]}
    </Box>
  </>
)

/** Whether a part of the page that has a stream of its own still hears of what is new. */
export const StreamDot = ({ state }: { state: 'live' | 'reconnecting' }) => (
  <Hint text={state === 'live' ? 'What is new appears here by itself.' : hints.reconnecting}>
    <Box component="span" sx={look}>
      <DotAndWord state={state} />
    </Box>
  </Hint>
)

const never = () => () => {}
const beforeAlive = () => 'reconnecting' as const

/** A quiet dot and a word: whether the page hears of changes. A press pauses it. Nothing outside the frame, where no page does. */
export function LiveDot() {
  const live = use(LiveContext)
  const state = useSyncExternalStore(live?.subscribe ?? never, live?.read ?? beforeAlive, beforeAlive)
  if (!live) return null
  return (
    <Hint text={hints[state]}>
      <ButtonBase aria-label={`${words[state]}. ${hints[state]}`} onClick={live.toggle} sx={{ ...look, mr: -1.5, borderRadius: '6px' }}>
        <DotAndWord state={state} />
      </ButtonBase>
    </Hint>
  )
}
