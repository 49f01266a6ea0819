'use client'
import HelpIcon from '@mui/icons-material/HelpOutlined'
import Box from '@mui/material/Box'
import Chip from '@mui/material/Chip'
import FormHelperText from '@mui/material/FormHelperText'
import IconButton from '@mui/material/IconButton'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useEffect, useId, useRef, useState } from 'react'
import { Popover } from '#src/ui/kit/overlays.tsx'
import { parseFilter } from '#src/contracts/filter.ts'
import { useEarlyInput } from '#src/ui/kit/useEarlyInput.ts'
import { clausesOf, joinClauses } from '#src/ui/models/filterWords.ts'

type FilterBoxProps = { value: string; onChange: (filter: string) => void; suggestions: string[]; error?: string }

const examples: [string, string][] = [
  ["status = 'ready'", 'whose latest version is ready, pending or rejected'],
  ["tags.team = 'search'", 'with this tag'],
  ["metadata.owner = 'ana'", 'with this in its metadata'],
  ['metrics.macro_f1 > 0.9', 'whose latest version measures so; also <, >=, <=, =, !='],
  ["status = 'ready' and tags.team = 'search'", 'both'],
]

function FilterHelp({
  anchor,
  suggestions,
  onPick,
  onClose,
}: {
  anchor: HTMLElement | null
  suggestions: string[]
  onPick: (clause: string) => void
  onClose: () => void
}) {
  return (
    <Popover
      open={!!anchor}
      anchorEl={anchor}
      onClose={onClose}
      anchorOrigin={{ vertical: 'bottom', horizontal: 'right' }}
      transformOrigin={{ vertical: 'top', horizontal: 'right' }}
      slotProps={{ paper: { role: 'dialog', 'aria-label': 'How to filter', sx: { p: 4, width: 'min(440px, 92vw)', mt: 1 } } }}
    >
      <Box sx={{ typography: 'label', color: 'text.secondary', mb: 2 }}>How to filter</Box>
      <Box component="dl" sx={{ m: 0, display: 'grid', gap: 1 }}>
        {examples.map(([clause, meaning]) => (
          <div key={clause}>
            <Box component="dt" sx={{ typography: 'mono', fontSize: '0.75rem' }}>
              {clause}
            </Box>
            <Box component="dd" sx={{ m: 0, typography: 'caption', color: 'text.secondary' }}>
              {meaning}
            </Box>
          </div>
        ))}
      </Box>
      {suggestions.length > 0 && (
        <>
          <Box sx={{ typography: 'label', color: 'text.secondary', mt: 4, mb: 2 }}>From the models shown</Box>
          <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5 }}>
            {suggestions.map((clause) => (
              <Chip key={clause} label={clause} variant="outlined" onClick={() => onPick(clause)} />
            ))}
          </Box>
        </>
      )}
    </Popover>
  )
}

function faultOf(filter: string): string | null {
  try {
    parseFilter(filter)
    return null
  } catch (error) {
    return `This filter cannot be read: ${(error as Error).message}.`
  }
}

/** A filter in the words of the REST interface: Enter applies it, chips take its clauses out again. */
export function FilterBox({ value, onChange, suggestions, error }: FilterBoxProps) {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [typed, setTyped] = useState('')
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  const clauses = clausesOf(value)
  const shownError = fault ?? error
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new filter is what empties the field
  useEffect(() => {
    setTyped('')
    setFault(null)
  }, [value])
  useEarlyInput(input, (early) => setTyped(early.value))
  const add = (clause: string) => {
    setAnchor(null)
    const wrong = faultOf(clause)
    setFault(wrong)
    if (wrong) return
    onChange(joinClauses([...new Set([...clauses, ...clausesOf(clause)])]))
  }
  const unused = suggestions.filter((clause) => !clauses.includes(clause))
  return (
    <Box sx={{ display: 'grid', gap: 1, flex: '1 1 280px', minWidth: 0 }}>
      <Box
        component="form"
        onSubmit={(event: React.FormEvent) => {
          event.preventDefault()
          if (typed.trim()) add(typed)
        }}
        sx={{ display: 'flex', gap: 2 }}
      >
        <OutlinedInput
          inputRef={input}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          placeholder="Filter: status = 'ready'"
          fullWidth
          error={!!shownError}
          sx={{ '& input::-webkit-calendar-picker-indicator': { display: 'none !important' } }}
          slotProps={{
            input: {
              'aria-label': 'Filter models',
              'aria-describedby': shownError ? `${id}-error` : undefined,
              list: `${id}-list`,
              autoComplete: 'off',
              spellCheck: false,
            },
          }}
          endAdornment={
            <IconButton aria-label="How to filter" edge="end" onClick={(event) => setAnchor(event.currentTarget)}>
              <HelpIcon sx={{ fontSize: 18 }} />
            </IconButton>
          }
        />
        <datalist id={`${id}-list`}>
          {unused.map((clause) => (
            <option key={clause} value={clause} />
          ))}
        </datalist>
      </Box>
      {shownError && (
        <FormHelperText id={`${id}-error`} error role="alert">
          {shownError}
        </FormHelperText>
      )}
      {clauses.length > 0 && (
        <Box role="group" aria-label="Filters in use" sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5 }}>
          {clauses.map((clause) => (
            <Chip
              key={clause}
              label={clause}
              onDelete={() => onChange(joinClauses(clauses.filter((each) => each !== clause)))}
              slotProps={{ label: { style: { fontFamily: '"JetBrains Mono Variable", monospace', fontSize: '0.75rem' } } }}
            />
          ))}
        </Box>
      )}
      <FilterHelp anchor={anchor} suggestions={unused} onPick={add} onClose={() => setAnchor(null)} />
    </Box>
  )
}
