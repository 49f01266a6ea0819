import Box from '@mui/material/Box'
import { type FieldChange, changesOf, valueText } from '#src/ui/audit/changesOf.ts'
import type { AuditEvent } from '#src/contracts/audit.ts'

const valueSx = { px: 1, borderRadius: '4px', overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' } as const

function Value({ value, isOld }: { value: unknown; isOld: boolean }) {
  if (value === undefined) return null
  return (
    <Box
      component={isOld ? 'del' : 'ins'}
      sx={{
        ...valueSx,
        textDecoration: isOld ? 'line-through' : 'none',
        color: isOld ? 'state.failedText' : 'state.readyText',
        bgcolor: isOld ? 'state.failedWash' : 'action.hover',
      }}
    >
      {valueText(value)}
    </Box>
  )
}

function Line({ change }: { change: FieldChange }) {
  const isMoved = change.before !== undefined && change.after !== undefined
  return (
    <>
      <Box component="dt" sx={{ color: 'text.secondary', overflowWrap: 'anywhere' }}>
        {change.field}
      </Box>
      <Box component="dd" sx={{ m: 0, minWidth: 0, display: 'flex', gap: 1, flexWrap: 'wrap', alignItems: 'baseline' }}>
        <Value value={change.before} isOld />
        {isMoved && <span aria-hidden>→</span>}
        <Value value={change.after} isOld={false} />
      </Box>
    </>
  )
}

/** Before and after of one entry: the fields that differ, the old value struck out, the new one beside it. */
export function Changes({ event }: { event: Pick<AuditEvent, 'before' | 'after'> }) {
  const changes = changesOf(event.before, event.after)
  if (changes.length === 0) return null
  return (
    <Box
      component="dl"
      sx={{
        m: 0,
        display: 'grid',
        gridTemplateColumns: 'minmax(72px, max-content) minmax(0, 1fr)',
        columnGap: 3,
        rowGap: 1,
        typography: 'body2',
      }}
    >
      {changes.map((change) => (
        <Line key={change.field} change={change} />
      ))}
    </Box>
  )
}
