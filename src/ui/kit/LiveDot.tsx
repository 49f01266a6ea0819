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

const never = () => () => {}
const beforeAlive = () => 'reconnecting' as const

/** A quiet dot and a word. Under the frame it tells the page's own stream; a page may show its own state instead. */
export function LiveDot({ state: own }: { state?: LiveState }) {
  const live = use(LiveContext)
  const shared = useSyncExternalStore(live?.subscribe ?? never, live?.read ?? beforeAlive, beforeAlive)
  const state = own ?? (live ? shared : null)
  if (!state) return null
  return (
    <Hint text={hints[state]}>
      <ButtonBase
        aria-label={`${words[state]}. ${hints[state]}`}
        onClick={live?.toggle}
        disabled={!live || own !== undefined}
        sx={{
          display: 'inline-flex',
          alignItems: 'center',
          gap: 1.5,
          px: 1.5,
          py: 0.5,
          mr: -1.5,
          borderRadius: '6px',
          typography: 'caption',
          color: 'text.secondary',
          '&.Mui-disabled': { color: 'text.secondary' },
        }}
      >
        <StatusShape status={statuses[state]} size={9} />
        <Box component="span" role="status" sx={{ minWidth: 26 }}>
          {words[state]}
        </Box>
      </ButtonBase>
    </Hint>
  )
}
