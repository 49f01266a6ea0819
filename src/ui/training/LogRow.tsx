import Box from '@mui/material/Box'
import { memo } from 'react'
import { type AnsiColor, parseAnsi } from '#src/ui/training/ansi.ts'
import type { LogLine } from '#src/ui/training/logLines.ts'
import { type LineHit, segment } from '#src/ui/training/logSegments.ts'
import { rowHeight } from '#src/ui/training/useLogWindow.ts'
import { timeFormat } from '#src/ui/kit/format.ts'
import { useZone } from '#src/ui/kit/Served.tsx'

const ansiColors: Record<AnsiColor, string> = {
  red: 'state.failedText',
  green: 'state.readyText',
  yellow: 'state.degradedText',
  blue: 'primary.main',
  magenta: 'primary.main',
  cyan: 'primary.main',
  grey: 'text.secondary',
}
const levelLooks = {
  debug: { color: 'text.secondary', wash: undefined, bar: 'transparent' },
  info: { color: 'text.primary', wash: undefined, bar: 'transparent' },
  warn: { color: 'text.primary', wash: 'state.degradedWash', bar: 'state.degraded' },
  error: { color: 'text.primary', wash: 'state.failedWash', bar: 'state.failed' },
} as const

const clock = timeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
export const timeWidth = 72
export const rowPadding = 24

type Props = {
  line: LogLine
  top: number
  height: number
  isWrapped: boolean
  hasTime: boolean
  hits: readonly LineHit[]
  currentHit: number
}

const noHits: readonly LineHit[] = []
export const hitsOr = (hits: readonly LineHit[] | undefined) => hits ?? noHits

/** One line at its place; what it says in its own colours, its level as a bar and a wash. */
export const LogRow = memo(function LogRow({ line, top, height, isWrapped, hasTime, hits, currentHit }: Props) {
  const zone = useZone()
  const look = levelLooks[line.level]
  return (
    <Box
      sx={{
        position: 'absolute',
        left: 0,
        right: isWrapped ? 0 : undefined,
        minWidth: '100%',
        display: 'flex',
        pl: '12px',
        pr: '9px',
        borderLeft: '3px solid',
        borderColor: look.bar,
        bgcolor: look.wash,
        color: line.isMark ? 'text.secondary' : look.color,
        fontStyle: line.isMark ? 'italic' : undefined,
        lineHeight: `${rowHeight}px`,
        overflow: 'hidden',
      }}
      style={{ top, height }}
    >
      {hasTime && (
        <Box
          component="time"
          dateTime={line.at}
          sx={{ width: timeWidth, flex: 'none', color: 'text.secondary', fontStyle: 'normal', userSelect: 'none' }}
        >
          {clock(line.at, zone)}
        </Box>
      )}
      <Box
        component="span"
        sx={isWrapped ? { whiteSpace: 'break-spaces', wordBreak: 'break-all', flex: 1, minWidth: 0 } : { whiteSpace: 'pre' }}
      >
        {segment(parseAnsi(line.raw), hits).map((piece, index) => (
          <Box
            // biome-ignore lint/suspicious/noArrayIndexKey: pieces of a line have no other name
            key={index}
            component={piece.hit === null ? 'span' : 'mark'}
            sx={{
              color: piece.hit !== null ? 'background.paper' : piece.color ? ansiColors[piece.color] : 'inherit',
              fontWeight: piece.isBold ? 700 : undefined,
              bgcolor: piece.hit === null ? 'transparent' : piece.hit === currentHit ? 'state.degradedText' : 'text.secondary',
            }}
          >
            {piece.text}
          </Box>
        ))}
      </Box>
    </Box>
  )
})
