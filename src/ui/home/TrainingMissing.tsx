import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import { StatusShape } from '#src/ui/kit/StatusChip.tsx'

/** Why nothing can be trained here, and what to install. */
export function TrainingMissing({ reason }: { reason: string }) {
  return (
    <Box
      role="note"
      sx={{ display: 'flex', gap: 3, p: 4, border: 1, borderColor: 'state.degraded', borderRadius: '8px', bgcolor: 'state.degradedWash' }}
    >
      <Box sx={{ pt: 1 }}>
        <StatusShape status="degraded" />
      </Box>
      <Box sx={{ display: 'grid', gap: 1, minWidth: 0 }}>
        <Typography sx={{ fontWeight: 600 }}>No training here yet</Typography>
        <Typography sx={{ overflowWrap: 'anywhere', whiteSpace: 'pre-line' }}>{reason}</Typography>
        <Typography variant="body2" color="textSecondary">
          Registering, deploying and calling models works without it. A training runtime on another machine may join this installation too.
        </Typography>
      </Box>
    </Box>
  )
}
