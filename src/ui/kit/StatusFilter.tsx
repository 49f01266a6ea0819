'use client'
import Box from '@mui/material/Box'
import Chip from '@mui/material/Chip'
import { StatusShape } from '#src/ui/kit/StatusChip.tsx'

type Props = {
  statuses: readonly string[]
  value: string
  /** Null for a second press, which takes the filter away. */
  onChange: (status: string | null) => void
}

/** One state of a list's things, or all of them. */
export function StatusFilter({ statuses, value, onChange }: Props) {
  return (
    <Box role="group" aria-label="Filter by state" sx={{ display: 'flex', gap: 1.5, flexWrap: 'wrap' }}>
      {statuses.map((status) => (
        <Chip
          key={status}
          icon={
            <Box sx={{ display: 'inline-flex', pl: 1 }}>
              <StatusShape status={status} size={10} />
            </Box>
          }
          label={status.replace(/^./, (first) => first.toUpperCase())}
          variant="outlined"
          aria-pressed={value === status}
          onClick={() => onChange(value === status ? null : status)}
          sx={{
            height: 34,
            bgcolor: value === status ? 'action.selected' : 'background.paper',
            borderColor: value === status ? 'primary.main' : 'divider',
          }}
        />
      ))}
    </Box>
  )
}
