'use client'
import Box from '@mui/material/Box'
import { useOutage } from '#src/ui/frame/useOutage.ts'
import { StatusShape } from '#src/ui/kit/StatusChip.tsx'

const sentences = {
  database: 'The database does not answer. Nothing that was saved is lost; trying again by itself.',
  server: 'NeuroWeaver does not answer. What you see may be old; trying again by itself.',
}

/** Stands over every page while the server or its database is away, and goes by itself. */
export function OutageBanner() {
  const outage = useOutage()
  return (
    <Box role="status" sx={{ position: 'sticky', top: 0, zIndex: 1100 }}>
      {outage && (
        <Box
          sx={{
            display: 'flex',
            alignItems: 'center',
            gap: 2,
            px: 4,
            py: 2,
            mb: 4,
            border: 1,
            borderColor: 'state.failed',
            borderRadius: '8px',
            bgcolor: 'state.failedWash',
            backdropFilter: 'blur(8px)',
            typography: 'body2',
          }}
        >
          <StatusShape status="failed" />
          {sentences[outage]}
        </Box>
      )}
    </Box>
  )
}
