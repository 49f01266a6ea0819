import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import type { DatasetDetail } from '#src/contracts/dataset.ts'
import { ButtonLink } from '#src/ui/kit/ButtonLink.tsx'
import { ProgressLine } from '#src/ui/kit/ProgressLine.tsx'
import { StatusShape } from '#src/ui/kit/StatusChip.tsx'
import { panel } from '#src/ui/kit/panel.ts'

/** Why a version has no columns yet, or never will. */
export function DatasetNotice({ dataset, canWrite }: { dataset: DatasetDetail; canWrite: boolean }) {
  if (dataset.status === 'pending') {
    return (
      <Box role="status" sx={{ ...panel, p: 4, display: 'grid', gap: 2 }}>
        <Typography>Reading the file: rows are counted, columns get their types, and every row is checked.</Typography>
        <ProgressLine value={null} label="Verifying" isBare />
      </Box>
    )
  }
  if (dataset.status !== 'rejected') return null
  return (
    <Box
      role="alert"
      sx={{
        display: 'flex',
        gap: 3,
        p: 4,
        border: 1,
        borderColor: 'state.failed',
        borderRadius: '8px',
        bgcolor: 'state.failedWash',
        alignItems: 'flex-start',
        flexWrap: 'wrap',
      }}
    >
      <Box sx={{ pt: 1 }}>
        <StatusShape status="rejected" />
      </Box>
      <Box sx={{ flex: '1 1 280px', minWidth: 0, display: 'grid', gap: 1 }}>
        <Typography sx={{ fontWeight: 600 }}>Version {dataset.version} was rejected</Typography>
        <Typography sx={{ overflowWrap: 'anywhere' }}>{dataset.reason ?? 'The file could not be read as a table.'}</Typography>
        <Typography variant="body2" color="textSecondary">
          Mend the file where it says, then add it as a new version. Nothing was trained on this one.
        </Typography>
      </Box>
      {canWrite && (
        <ButtonLink href={`/datasets/register?name=${encodeURIComponent(dataset.name)}`} variant="outlined">
          Add a mended version
        </ButtonLink>
      )}
    </Box>
  )
}
