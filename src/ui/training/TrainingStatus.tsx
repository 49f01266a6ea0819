'use client'
import Box from '@mui/material/Box'
import type { Job } from '#src/contracts/training.ts'
import { formatFigure } from '#src/ui/charts/scale.ts'
import { formatDuration, formatNumber, plural } from '#src/ui/kit/format.ts'
import { ProgressLine } from '#src/ui/kit/ProgressLine.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { useNow } from '#src/ui/kit/useNow.ts'
import type { JobProgress } from '#src/ui/training/eventLog.ts'
import { hasEnded, tookSeconds } from '#src/ui/training/jobFacts.ts'
import { panel } from '#src/ui/kit/panel.ts'

export type TrainingStatusProps = {
  job: Job
  /** As the job's own stream tells it; newer than the job's row. */
  progress?: JobProgress | null
  /** The trainer's word for what it does just now, such as `exporting`. */
  phase?: string | null
}

const inWords = (phase: string) => phase.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase())

function sentence({ job, phase }: TrainingStatusProps): string {
  if (job.isCancelRequested && !hasEnded(job.status)) return 'Cancelling: the trainer stops at its next step.'
  if (job.status === 'queued') return job.waitingFor ?? 'Waiting for a training runtime.'
  return phase && phase !== 'running' ? inWords(phase) : 'Running'
}

/** How far a job is, how fast it goes and how long it still takes; nothing once it has ended. */
export function TrainingStatus({ job, progress, phase }: TrainingStatusProps) {
  const now = useNow()
  if (hasEnded(job.status)) return null
  const isRunning = job.status === 'running'
  const value = isRunning ? (progress?.value ?? job.progress) : null
  const step = progress?.step ?? job.step
  const facts = [
    step > 0
      ? progress?.totalSteps
        ? `step ${formatNumber(step)} of at most ${formatNumber(progress.totalSteps)}`
        : `step ${formatNumber(step)}`
      : null,
    job.attempt > 1 ? `attempt ${job.attempt}` : null,
    isRunning && job.runtimeName ? `on ${job.runtimeName}` : null,
    isRunning ? `for ${formatDuration(tookSeconds(job, now))}` : null,
  ].filter((fact) => fact !== null)
  const rate = progress?.stepsPerSecond ? `${formatFigure(Number(progress.stepsPerSecond.toPrecision(3)))} steps/s` : null
  return (
    <Box
      sx={{
        ...panel,
        p: { xs: 4, sm: 5 },
        display: 'grid',
        gap: 2,
      }}
    >
      <Box sx={{ display: 'flex', columnGap: 3, rowGap: 0.5, flexWrap: 'wrap', alignItems: 'baseline' }}>
        <StatusChip status={job.status} label={sentence({ job, phase })} isLive />
        <Box sx={{ flex: 1 }} />
        <Box sx={{ typography: 'body2', color: 'text.secondary', fontVariantNumeric: 'tabular-nums' }}>{facts.join(' · ')}</Box>
      </Box>
      {isRunning && (
        <ProgressLine value={value} label="Progress" rate={rate} secondsLeft={progress ? progress.etaSeconds : job.etaSeconds} />
      )}
      {!isRunning && job.attempt > 0 && (
        <Box sx={{ typography: 'body2', color: 'text.secondary' }}>
          {plural(job.attempt, 'attempt')} so far; it goes on from its last checkpoint.
        </Box>
      )}
    </Box>
  )
}
