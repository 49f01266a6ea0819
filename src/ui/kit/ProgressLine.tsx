import Box from '@mui/material/Box'
import LinearProgress from '@mui/material/LinearProgress'
import { formatDuration } from '#src/ui/kit/format.ts'

export type ProgressLineProps = {
  /** 0..1, or null where the total is not known. */
  value: number | null
  label: string
  /** Already formatted: `12.4 MB/s`, `380 steps/s`. */
  rate?: string | null
  secondsLeft?: number | null
  /** Only the bar. */
  isBare?: boolean
}

/** How far something is, how fast it goes and how long it still takes. */
export function ProgressLine({ value, label, rate, secondsLeft, isBare = false }: ProgressLineProps) {
  const percent = value === null ? null : Math.min(100, Math.max(0, value * 100))
  const facts = [
    percent === null ? null : `${Math.floor(percent)} %`,
    rate,
    secondsLeft == null ? null : `${formatDuration(secondsLeft)} left`,
  ].filter(Boolean)
  return (
    <Box sx={{ display: 'grid', gap: 1, minWidth: 0 }}>
      <LinearProgress aria-label={label} variant={percent === null ? 'indeterminate' : 'determinate'} value={percent ?? undefined} />
      {!isBare && facts.length > 0 && (
        <Box sx={{ typography: 'caption', color: 'text.secondary', fontVariantNumeric: 'tabular-nums' }}>{facts.join(' · ')}</Box>
      )}
    </Box>
  )
}
