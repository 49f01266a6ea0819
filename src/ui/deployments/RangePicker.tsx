'use client'
import ToggleButton from '@mui/material/ToggleButton'
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup'
import { ranges } from '#src/ui/deployments/metrics.ts'

/** How far back the charts look. */
export function RangePicker({ value, onChange }: { value: string; onChange: (key: string) => void }) {
  return (
    <ToggleButtonGroup
      exclusive
      size="small"
      value={value}
      onChange={(_, key: string | null) => key && onChange(key)}
      aria-label="Time range"
    >
      {ranges.map((range) => (
        <ToggleButton
          key={range.key}
          value={range.key}
          sx={{
            px: 2.5,
            py: 0.5,
            textTransform: 'none',
            color: 'text.secondary',
            '&.Mui-selected': { color: 'text.primary', bgcolor: 'action.selected' },
          }}
        >
          {range.label}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  )
}
