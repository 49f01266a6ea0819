'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Typography from '@mui/material/Typography'
import { CopyButton } from '#src/ui/kit/CopyButton.tsx'
import { readError } from '#src/ui/kit/errors.ts'
import { StatusShape } from '#src/ui/kit/StatusChip.tsx'

export type ErrorNoticeProps = {
  /** Anything thrown; a tRPC error's code, details and correlation id are read from it. */
  error: unknown
  /** What happened, in a few words: `The model could not be deleted`. */
  title?: string
  /** What to do instead of the sentence that goes with the error's code. */
  hint?: string
  onRetry?: () => void
  /** What was read before still stands on the page: then it is said quietly. */
  isOlder?: boolean
}

/** An error as people need it: what happened, why, what to do, and the id to quote. */
export function ErrorNotice({ error, title = 'This could not be done', hint, onRetry, isOlder }: ErrorNoticeProps) {
  if (!error) return null
  if (isOlder) return <OlderNotice title={title} onRetry={onRetry} />
  const read = readError(error)
  return (
    <Box
      role="alert"
      sx={{
        display: 'flex',
        flexWrap: 'wrap',
        gap: 3,
        p: 4,
        border: 1,
        borderColor: 'state.failed',
        borderRadius: '8px',
        bgcolor: 'state.failedWash',
        alignItems: 'flex-start',
      }}
    >
      <Box sx={{ pt: 1 }}>
        <StatusShape status="failed" />
      </Box>
      <Box sx={{ flex: '1 1 240px', minWidth: 0, display: 'grid', gap: 1 }}>
        <Typography sx={{ fontWeight: 600 }}>{title}</Typography>
        <Typography sx={{ overflowWrap: 'anywhere' }}>{read.message}</Typography>
        {read.details.length > 1 && (
          <Box component="ul" sx={{ m: 0, pl: 5, typography: 'body2' }}>
            {read.details.map((detail) => (
              <li key={`${detail.path}${detail.message}`}>
                {detail.path ? `${detail.path}: ` : ''}
                {detail.message}
              </li>
            ))}
          </Box>
        )}
        <Typography variant="body2" color="textSecondary">
          {hint ?? read.hint}
        </Typography>
        {read.correlationId && (
          <Box sx={{ display: 'flex', alignItems: 'center', gap: 1, typography: 'caption', color: 'text.secondary' }}>
            Reference{' '}
            <Box component="span" sx={{ typography: 'mono', fontSize: '0.75rem', overflowWrap: 'anywhere' }}>
              {read.correlationId}
            </Box>
            <CopyButton text={read.correlationId} what="reference" />
          </Box>
        )}
      </Box>
      {onRetry && (
        <Button variant="outlined" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Box>
  )
}

function OlderNotice({ title, onRetry }: Pick<ErrorNoticeProps, 'title' | 'onRetry'>) {
  return (
    <Box
      role="status"
      sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: 2, mb: 2, typography: 'body2', color: 'text.secondary' }}
    >
      <StatusShape status="degraded" />
      <Box sx={{ flex: '0 1 auto', maxWidth: 'calc(100% - 32px)' }}>{title} just now. What stands here was read before.</Box>
      {onRetry && <Button onClick={onRetry}>Try again</Button>}
    </Box>
  )
}
