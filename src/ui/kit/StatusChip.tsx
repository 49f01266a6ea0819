import Box from '@mui/material/Box'
import { keyframes } from '@emotion/react'

export type StateTone = 'idle' | 'running' | 'ready' | 'degraded' | 'failed' | 'off'

const tones: Record<string, StateTone> = {
  queued: 'idle',
  pending: 'idle',
  expired: 'off',
  silent: 'degraded',
  running: 'running',
  loading: 'running',
  verifying: 'running',
  uploading: 'running',
  claimed: 'running',
  ready: 'ready',
  succeeded: 'ready',
  live: 'ready',
  active: 'ready',
  degraded: 'degraded',
  draining: 'degraded',
  failing: 'degraded',
  paused: 'off',
  failed: 'failed',
  rejected: 'failed',
  lost: 'failed',
  stopped: 'off',
  cancelled: 'off',
  removed: 'off',
  revoked: 'off',
  disabled: 'off',
  firing: 'failed',
  acknowledged: 'running',
  resolved: 'ready',
  delivered: 'ready',
  waiting: 'idle',
  muted: 'off',
}

/** The tone of any status of any noun; an unknown word is idle. */
export const toneOf = (status: string): StateTone => tones[status] ?? 'idle'

const colors: Record<StateTone, string> = {
  idle: 'state.idle',
  running: 'state.running',
  ready: 'state.ready',
  degraded: 'state.degraded',
  failed: 'state.failed',
  off: 'state.idle',
}
const marks: Record<StateTone, string> = { idle: '○', running: '◐', ready: '●', degraded: '▲', failed: '■', off: '◇' }

/** The shape as text, for a tab's title. */
export const statusMark = (status: string): string => marks[toneOf(status)]

const pulse = keyframes`50% { opacity: 0.45 }`

const shapes: Record<StateTone, React.ReactNode> = {
  idle: <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="1.6" />,
  running: (
    <>
      <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <path d="M6 2a4 4 0 0 0 0 8z" fill="currentColor" />
    </>
  ),
  ready: <circle cx="6" cy="6" r="4.4" fill="currentColor" />,
  degraded: <path d="M6 1.4 11 10.4H1z" fill="currentColor" />,
  failed: <rect x="2" y="2" width="8" height="8" rx="1" fill="currentColor" />,
  off: <path d="M6 1.4 10.6 6 6 10.6 1.4 6z" fill="none" stroke="currentColor" strokeWidth="1.5" />,
}

/** The shape alone, for places where the word stands beside it already. */
export function StatusShape({ status, size = 12 }: { status: string; size?: number }) {
  const tone = toneOf(status)
  return (
    <Box
      component="svg"
      viewBox="0 0 12 12"
      aria-hidden
      sx={{
        width: size,
        height: size,
        flex: 'none',
        color: colors[tone],
        animation: tone === 'running' ? `${pulse} 2.4s ease-in-out infinite` : undefined,
        '@media (prefers-reduced-motion: reduce)': { animation: 'none' },
      }}
    >
      {shapes[tone]}
    </Box>
  )
}

const wordOf = (status: string) => status.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase())

export type StatusChipProps = {
  /** Any status of any noun. */
  status: string
  /** A fuller word in its place, such as `Loading 43 %`. */
  label?: string
  /** Framed, for a page's header. */
  isFramed?: boolean
  /** Announces changes to screen readers: for the one state that the page is about. */
  isLive?: boolean
}

/** A state as colour, shape and word, the same on every page. */
export function StatusChip({ status, label, isFramed = false, isLive = false }: StatusChipProps) {
  return (
    <Box
      component="span"
      role={isLive ? 'status' : undefined}
      sx={{
        display: 'inline-flex',
        alignItems: 'center',
        gap: 1.5,
        whiteSpace: 'nowrap',
        fontSize: '0.8125rem',
        lineHeight: '20px',
        color: 'text.primary',
        ...(isFramed && { border: 1, borderColor: 'divider', borderRadius: '6px', px: 2, py: 0.5, bgcolor: 'background.paper' }),
      }}
    >
      <StatusShape status={status} />
      {label ?? wordOf(status)}
    </Box>
  )
}
