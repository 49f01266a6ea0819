import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import type { Job } from '#src/contracts/training.ts'
import { ButtonLink } from '#src/ui/kit/ButtonLink.tsx'
import { plural } from '#src/ui/kit/format.ts'
import { StatusShape } from '#src/ui/kit/StatusChip.tsx'
import type { JobWarning } from '#src/ui/training/eventLog.ts'
import { adviceFor, againHref } from '#src/ui/training/jobFacts.ts'
import { RunAgainButton } from '#src/ui/training/RunAgainButton.tsx'

const frameSx = { display: 'flex', gap: 3, p: 4, border: 1, borderRadius: '8px', alignItems: 'flex-start', flexWrap: 'wrap' } as const

/** What went wrong, why, and what to do. */
export function JobErrorPanel({ job, canWrite }: { job: Job; canWrite: boolean }) {
  if (job.status !== 'failed') return null
  const message = job.error?.message ?? job.reason ?? 'The trainer ended without saying why. Its log may.'
  return (
    <Box role="alert" sx={{ ...frameSx, borderColor: 'state.failed', bgcolor: 'state.failedWash' }}>
      <Box sx={{ pt: 1 }}>
        <StatusShape status="failed" />
      </Box>
      <Box sx={{ flex: '1 1 320px', minWidth: 0, display: 'grid', gap: 1 }}>
        <Typography sx={{ fontWeight: 600 }}>
          The training failed
          {job.error && (
            <Box component="span" sx={{ typography: 'mono', fontWeight: 400, color: 'text.secondary', ml: 2 }}>
              {job.error.code}
            </Box>
          )}
        </Typography>
        <Typography sx={{ overflowWrap: 'anywhere', whiteSpace: 'pre-line' }}>{message}</Typography>
        {job.error && (
          <Typography variant="body2" color="textSecondary">
            {adviceFor(job.error.code)}
          </Typography>
        )}
      </Box>
      {canWrite && (
        <Box sx={{ display: 'flex', gap: 2, flexWrap: 'wrap' }}>
          <RunAgainButton job={job} variant="outlined" />
          <ButtonLink href={againHref(job.id)} variant="outlined">
            Change settings
          </ButtonLink>
        </Box>
      )}
    </Box>
  )
}

/** What the trainer left out or did otherwise than asked: nobody should have to find it in the log. */
export function JobWarnings({ warnings }: { warnings: readonly JobWarning[] }) {
  const messages = [...new Set(warnings.map((one) => one.message))]
  if (messages.length === 0) return null
  return (
    <Box role="status" sx={{ ...frameSx, borderColor: 'state.degraded', bgcolor: 'state.degradedWash' }}>
      <Box sx={{ pt: 1 }}>
        <StatusShape status="degraded" />
      </Box>
      <Box sx={{ flex: 1, minWidth: 0 }}>
        <Typography sx={{ fontWeight: 600 }}>{plural(messages.length, 'warning')}</Typography>
        <Box component="ul" sx={{ m: 0, pl: 5, maxHeight: 160, overflow: 'auto' }} tabIndex={messages.length > 6 ? 0 : undefined}>
          {messages.map((message) => (
            <Box component="li" key={message} sx={{ overflowWrap: 'anywhere' }}>
              {message}
            </Box>
          ))}
        </Box>
      </Box>
    </Box>
  )
}
