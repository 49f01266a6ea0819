'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Chip from '@mui/material/Chip'
import FormHelperText from '@mui/material/FormHelperText'
import { useState } from 'react'
import type { Column } from '#src/contracts/dataset.ts'
import { plural } from '#src/ui/kit/format.ts'

/** So many chips are still looked at; more ask for a press. */
const shownAtFirst = 60

type Props = {
  columns: readonly Column[]
  target: string
  excluded: readonly string[]
  onChange: (excluded: string[]) => void
  error?: string
}

const hintOf = (column: Column) =>
  column.type === 'datetime'
    ? 'dates are not trained on'
    : column.type === 'text'
      ? 'free text is not trained on by this recipe'
      : column.type

/** The columns to learn from: a press leaves one out or takes it back. */
export function FeatureChips({ columns, target, excluded, onChange, error }: Props) {
  const [isWhole, setWhole] = useState(false)
  const features = columns.filter((column) => column.name !== target)
  const shown = isWhole ? features : features.slice(0, shownAtFirst)
  const used = features.filter((column) => !excluded.includes(column.name)).length
  const toggle = (name: string) => onChange(excluded.includes(name) ? excluded.filter((each) => each !== name) : [...excluded, name])
  return (
    <Box role="group" aria-label="Columns to learn from" data-place="excluded" tabIndex={-1} sx={{ display: 'grid', gap: 1 }}>
      <Box sx={{ typography: 'label', fontSize: '0.8125rem' }}>
        Learn from{' '}
        <Box component="span" role="status" sx={{ color: 'text.secondary', fontWeight: 400 }}>
          {used} of {plural(features.length, 'column')}
        </Box>
      </Box>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5 }}>
        {shown.map((column) => {
          const isOut = excluded.includes(column.name)
          return (
            <Chip
              key={column.name}
              label={column.name}
              title={hintOf(column)}
              variant="outlined"
              onClick={() => toggle(column.name)}
              aria-pressed={!isOut}
              sx={{
                height: 28,
                maxWidth: 260,
                bgcolor: isOut ? 'transparent' : 'action.selected',
                borderColor: isOut ? 'divider' : 'primary.main',
                borderStyle: isOut ? 'dashed' : 'solid',
                color: isOut ? 'text.secondary' : 'text.primary',
                textDecoration: isOut ? 'line-through' : 'none',
              }}
            />
          )
        })}
        {shown.length < features.length && <Button onClick={() => setWhole(true)}>Show {features.length - shown.length} more</Button>}
      </Box>
      <FormHelperText error={!!error}>
        {error ?? 'A press leaves a column out or takes it back. Ids, dates and free text are left out at first.'}
      </FormHelperText>
    </Box>
  )
}
