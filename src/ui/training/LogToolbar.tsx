'use client'
import DownIcon from '@mui/icons-material/KeyboardArrowDown'
import UpIcon from '@mui/icons-material/KeyboardArrowUp'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import FormControlLabel from '@mui/material/FormControlLabel'
import IconButton from '@mui/material/IconButton'
import MenuItem from '@mui/material/MenuItem'
import OutlinedInput from '@mui/material/OutlinedInput'
import Select from '@mui/material/Select'
import Switch from '@mui/material/Switch'
import { formatNumber } from '#src/ui/kit/format.ts'
import type { LogLevel } from '#src/ui/training/logLines.ts'

const levelNames: Record<LogLevel, string> = {
  debug: 'Everything',
  info: 'Info and above',
  warn: 'Warnings and errors',
  error: 'Errors only',
}

type Props = {
  words: string
  onWords: (words: string) => void
  hitCount: number
  currentHit: number
  onStep: (by: 1 | -1) => void
  level: LogLevel
  onLevel: (level: LogLevel) => void
  hasTimes: boolean
  onTimes: (isOn: boolean) => void
  isWrapped: boolean
  onWrap: (isOn: boolean) => void
  onFirstError: (() => void) | null
}

function Find({ words, onWords, hitCount, currentHit, onStep }: Pick<Props, 'words' | 'onWords' | 'hitCount' | 'currentHit' | 'onStep'>) {
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'Escape') onWords('')
    if (event.key === 'Enter') {
      event.preventDefault()
      onStep(event.shiftKey ? -1 : 1)
    }
  }
  const count = words === '' ? '' : hitCount === 0 ? 'none' : `${formatNumber(currentHit + 1)} of ${formatNumber(hitCount)}`
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', gap: 1, width: { xs: '100%', sm: 'auto' } }}>
      <OutlinedInput
        value={words}
        onChange={(event) => onWords(event.target.value)}
        onKeyDown={onKeyDown}
        type="search"
        placeholder="Find in log"
        sx={{ width: { xs: '100%', sm: 220 } }}
        slotProps={{ input: { 'aria-label': 'Find in log' } }}
        endAdornment={
          <Box role="status" sx={{ typography: 'caption', color: 'text.secondary', whiteSpace: 'nowrap' }}>
            {count}
          </Box>
        }
      />
      <IconButton aria-label="Previous place" disabled={hitCount === 0} onClick={() => onStep(-1)}>
        <UpIcon sx={{ fontSize: 18 }} />
      </IconButton>
      <IconButton aria-label="Next place" disabled={hitCount === 0} onClick={() => onStep(1)}>
        <DownIcon sx={{ fontSize: 18 }} />
      </IconButton>
    </Box>
  )
}

/** What one does with a log: find, filter, show times, wrap, jump, take away. */
export function LogToolbar(props: Props) {
  const { level, onLevel, hasTimes, onTimes, isWrapped, onWrap, onFirstError } = props
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', columnGap: 3, rowGap: 2, flexWrap: 'wrap', mb: 3 }}>
      <Find {...props} />
      <Select
        value={level}
        size="small"
        onChange={(event) => onLevel(event.target.value as LogLevel)}
        inputProps={{ 'aria-label': 'Level' }}
        sx={{ minWidth: 150 }}
      >
        {Object.entries(levelNames).map(([value, name]) => (
          <MenuItem key={value} value={value}>
            {name}
          </MenuItem>
        ))}
      </Select>
      <FormControlLabel control={<Switch checked={hasTimes} onChange={(_, isOn) => onTimes(isOn)} />} label="Times" sx={{ mr: 0 }} />
      <FormControlLabel control={<Switch checked={isWrapped} onChange={(_, isOn) => onWrap(isOn)} />} label="Wrap" sx={{ mr: 0 }} />
      {onFirstError && (
        <Button variant="outlined" onClick={onFirstError}>
          First error
        </Button>
      )}
    </Box>
  )
}
