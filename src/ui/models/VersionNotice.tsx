import Box from '@mui/material/Box'
import type { ModelVersion } from '#src/contracts/model.ts'
import { StatusShape } from '#src/ui/kit/StatusChip.tsx'

/** Why a version is not ready; nothing for one that is. */
export function VersionNotice({ version }: { version: ModelVersion }) {
  if (version.status === 'ready') return null
  const isRejected = version.status === 'rejected'
  const fallback = isRejected
    ? 'It was rejected.'
    : 'Its files are being verified. This takes seconds to minutes, by size; the page changes by itself.'
  return (
    <Box
      role="status"
      sx={{
        display: 'flex',
        gap: 3,
        p: 4,
        border: 1,
        borderRadius: '8px',
        borderColor: isRejected ? 'state.failed' : 'divider',
        bgcolor: isRejected ? 'state.failedWash' : 'background.paper',
      }}
    >
      <Box sx={{ pt: 1 }}>
        <StatusShape status={isRejected ? 'rejected' : 'verifying'} />
      </Box>
      <Box sx={{ minWidth: 0, overflowWrap: 'anywhere' }}>
        <Box sx={{ fontWeight: 600 }}>{isRejected ? 'This version cannot be used' : 'Verifying'}</Box>
        <Box>{version.statusMessage ?? fallback}</Box>
        {isRejected && (
          <Box sx={{ typography: 'body2', color: 'text.secondary' }}>
            Mend the file and add it as the next version; this one stays as it is.
          </Box>
        )}
      </Box>
    </Box>
  )
}
