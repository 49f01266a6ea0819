'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Chip from '@mui/material/Chip'
import { useRef, useState } from 'react'
import { sourceNames, typeText } from '#src/ui/audit/auditFacts.ts'
import { type AuditParams, type FilterKey, filterKeys, filterNames } from '#src/ui/audit/auditInput.ts'
import type { useAuditFilter } from '#src/ui/audit/useAuditFilter.ts'
import { Field, SelectField } from '#src/ui/kit/Field.tsx'
import { formatExactTime } from '#src/ui/kit/format.ts'
import { useZone } from '#src/ui/kit/Served.tsx'
import { useIsAlive } from '#src/ui/kit/useIsAlive.ts'
import { nativeFieldSx } from '#src/ui/kit/nativeFieldSx.ts'
import { SearchBox } from '#src/ui/kit/SearchBox.tsx'
import { panel } from '#src/ui/kit/panel.ts'

type Filter = ReturnType<typeof useAuditFilter>

const kinds = ['model', 'dataset', 'job', 'deployment', 'upload', 'user', 'api_key', 'project', 'runtime', 'alert', 'alert_rule', 'channel']
const spans = [
  { label: 'Last hour', ms: 3_600_000 },
  { label: 'Last day', ms: 86_400_000 },
  { label: 'Last 30 days', ms: 30 * 86_400_000 },
]

const all = { value: '', label: 'All' }
const kindOptions = [all, ...kinds.map((kind) => ({ value: kind, label: typeText(kind) }))]
const sourceOptions = [all, ...Object.entries(sourceNames).map(([value, label]) => ({ value, label }))]

/** What a date-and-time field holds: local time without a zone. */
function localTime(iso: string | undefined): string {
  if (!iso || Number.isNaN(Date.parse(iso))) return ''
  const at = new Date(iso)
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

function TimeField({ name, params, onChange }: { name: 'from' | 'to'; params: AuditParams; onChange: Filter['set'] }) {
  const id = `audit-${name}`
  const isAlive = useIsAlive()
  return (
    <Box sx={{ display: 'grid', gap: 1, minWidth: 0, alignContent: 'start' }}>
      <Box component="label" htmlFor={id} sx={{ typography: 'label', fontSize: '0.8125rem' }}>
        {filterNames[name]}
      </Box>
      <Box
        component="input"
        id={id}
        type="datetime-local"
        value={isAlive ? localTime(params[name]) : ''}
        onChange={(event: React.ChangeEvent<HTMLInputElement>) =>
          onChange({ [name]: event.target.value ? new Date(event.target.value).toISOString() : null })
        }
        sx={nativeFieldSx}
      />
    </Box>
  )
}

/** Text fields are read when one leaves them or presses Enter. */
function TextFilter({ name, value, onChange }: { name: FilterKey; value: string; onChange: Filter['set'] }) {
  const [typed, setTyped] = useState(value)
  const tell = () => typed !== value && onChange({ [name]: typed.trim() || null })
  return (
    <Box onBlur={tell} onKeyDown={(event) => event.key === 'Enter' && tell()} sx={{ minWidth: 0 }}>
      <Field label={filterNames[name]} name={name} value={typed} onChange={setTyped} />
    </Box>
  )
}

function Panel({ params, set }: Filter) {
  const textNames: FilterKey[] = ['actor', 'apiKey', 'action', 'target', 'project', 'correlationId']
  return (
    <Box
      role="group"
      aria-label="More filters"
      sx={{
        width: '100%',
        display: 'grid',
        gap: 3,
        gridTemplateColumns: { xs: 'minmax(0, 1fr)', sm: 'repeat(2, minmax(0, 1fr))', md: 'repeat(4, minmax(0, 1fr))' },
        ...panel,
        p: 4,
      }}
    >
      {textNames.map((name) => (
        <TextFilter key={`${name} ${params[name] ?? ''}`} name={name} value={params[name] ?? ''} onChange={set} />
      ))}
      <SelectField
        label={filterNames.targetType}
        name="targetType"
        value={params.targetType ?? ''}
        options={
          kindOptions.some(({ value }) => value === (params.targetType ?? '')) ? kindOptions : [...kindOptions, other(params.targetType)]
        }
        onChange={(value) => set({ targetType: value || null })}
      />
      <SelectField
        label={filterNames.source}
        name="source"
        value={params.source ?? ''}
        options={sourceOptions}
        onChange={(value) => set({ source: value || null })}
      />
      <TimeField name="from" params={params} onChange={set} />
      <TimeField name="to" params={params} onChange={set} />
    </Box>
  )
}

const other = (value = '') => ({ value, label: typeText(value) })

function shown(key: FilterKey, value: string, zone: string | undefined): string {
  if (key === 'from' || key === 'to') return Number.isNaN(Date.parse(value)) ? value : formatExactTime(value, zone)
  if (key === 'source') return sourceNames[value as keyof typeof sourceNames] ?? value
  return key === 'targetType' ? typeText(value) : value
}

/** The focus goes on before the chip that has it goes: to its neighbour, else to what adds filters. */
function passFocus(chip: HTMLElement, filterButton: HTMLElement | null) {
  const isChip = (element: Element | null): element is HTMLElement => element instanceof HTMLElement && element.hasAttribute('data-filter')
  const next = [chip.nextElementSibling, chip.previousElementSibling].find(isChip)
  ;(next ?? filterButton)?.focus()
}

function Chosen({ params, set, clear, filterButton }: Filter & { filterButton: React.RefObject<HTMLButtonElement | null> }) {
  const zone = useZone()
  const chosen = filterKeys.filter((key) => key !== 'q' && params[key])
  if (chosen.length === 0) return null
  return (
    <Box role="group" aria-label="Chosen filters" sx={{ display: 'flex', gap: 1.5, flexWrap: 'wrap', width: '100%', alignItems: 'center' }}>
      {chosen.map((key) => (
        <Chip
          key={key}
          variant="outlined"
          label={`${filterNames[key]}: ${shown(key, params[key] ?? '', zone)}`}
          data-filter=""
          onClick={(event) => {
            passFocus(event.currentTarget, filterButton.current)
            set({ [key]: null })
          }}
          aria-label={`${filterNames[key]}: ${shown(key, params[key] ?? '', zone)}, remove this filter`}
          title="Remove this filter"
          sx={{ bgcolor: 'action.selected', maxWidth: '100%' }}
        />
      ))}
      <Button
        size="small"
        onClick={() => {
          filterButton.current?.focus()
          clear()
        }}
      >
        Clear all
      </Button>
    </Box>
  )
}

/** Search, spans of time, and the rest on demand; what is chosen stands as chips that a press removes. */
export function AuditFilters({ filter }: { filter: Filter }) {
  const [isOpen, setOpen] = useState(false)
  const filterButton = useRef<HTMLButtonElement>(null)
  const { params, set } = filter
  return (
    <>
      <SearchBox label="Search the record" placeholder="Search the record" value={params.q ?? ''} onChange={(q) => set({ q })} />
      {spans.map(({ label, ms }) => (
        <Chip
          key={label}
          label={label}
          variant="outlined"
          onClick={() => set({ from: new Date(Date.now() - ms).toISOString(), to: null })}
          sx={{ height: 34, bgcolor: 'background.paper' }}
        />
      ))}
      <Button ref={filterButton} variant="outlined" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? 'Hide filters' : 'Filter'}
      </Button>
      {isOpen && <Panel {...filter} />}
      <Chosen {...filter} filterButton={filterButton} />
    </>
  )
}
