'use client'
import SearchIcon from '@mui/icons-material/Search'
import Box from '@mui/material/Box'
import Dialog from '@mui/material/Dialog'
import InputBase from '@mui/material/InputBase'
import { useRouter } from 'next/navigation'
import { useEffect, useId, useRef, useState } from 'react'
import { type Entry, usePaletteEntries } from '#src/ui/frame/usePaletteEntries.ts'
import { StatusShape } from '#src/ui/kit/StatusChip.tsx'
import { visuallyHidden } from '#src/ui/kit/visuallyHidden.ts'

function PaletteRow({
  entry,
  isActive,
  id,
  onRun,
  onHover,
}: {
  entry: Entry
  isActive: boolean
  id: string
  onRun: () => void
  onHover: () => void
}) {
  return (
    <Box
      id={id}
      role="option"
      aria-selected={isActive}
      onClick={onRun}
      onMouseMove={onHover}
      sx={{
        display: 'flex',
        alignItems: 'center',
        gap: 3,
        px: 3,
        minHeight: 36,
        borderRadius: '8px',
        cursor: 'pointer',
        typography: 'body1',
        bgcolor: isActive ? 'action.selected' : undefined,
      }}
    >
      <Box component="span" sx={{ width: 84, flex: 'none', typography: 'caption', color: 'text.secondary' }}>
        {entry.group}
      </Box>
      <Box component="span" sx={{ flex: 1, minWidth: 0, overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }}>
        {entry.label}
      </Box>
      {entry.status && <StatusShape status={entry.status} />}
      {entry.hint && (
        <Box component="span" sx={{ typography: 'caption', color: 'text.secondary' }}>
          {entry.hint}
        </Box>
      )}
    </Box>
  )
}

/** One field over all things and actions. */
export default function Palette({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
  const router = useRouter()
  const listId = useId()
  const titleId = useId()
  const input = useRef<HTMLInputElement>(null)
  const [query, setQuery] = useState('')
  const [active, setActive] = useState(0)
  const { entries, isFetching } = usePaletteEntries(query, onHelp)
  const at = Math.min(active, Math.max(0, entries.length - 1))

  useEffect(() => {
    document.getElementById(`${listId}-${at}`)?.scrollIntoView({ block: 'nearest' })
  }, [at, listId])

  // The dialog takes the focus to itself when it opens; the field has it after that.
  useEffect(() => {
    const timer = setTimeout(() => input.current?.focus())
    return () => clearTimeout(timer)
  }, [])

  const run = (entry: Entry | undefined) => {
    if (!entry) return
    onClose()
    if (entry.href) router.push(entry.href)
    else entry.run?.()
  }
  const onKey = (event: React.KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0) {
      event.preventDefault()
      setActive((at + step + entries.length) % Math.max(1, entries.length))
    }
    if (event.key === 'Enter') {
      event.preventDefault()
      run(entries[at])
    }
  }
  return (
    <Dialog
      open
      onClose={onClose}
      fullWidth
      maxWidth="sm"
      aria-labelledby={titleId}
      sx={{ '& .MuiDialog-container': { alignItems: 'flex-start', pt: { xs: 2, sm: '12vh' } } }}
      slotProps={{ paper: { sx: { m: 2, width: 'calc(100% - 16px)' } } }}
    >
      <Box component="h2" id={titleId} sx={visuallyHidden}>
        Search things and actions
      </Box>
      <Box sx={{ display: 'flex', alignItems: 'center', gap: 2, px: 4, borderBottom: 1, borderColor: 'divider' }}>
        <SearchIcon sx={{ fontSize: 20, color: 'text.secondary' }} />
        <InputBase
          inputRef={input}
          fullWidth
          value={query}
          placeholder="Search models, data sets, jobs, deployments, or type what to do"
          onKeyDown={onKey}
          onChange={(event) => {
            setQuery(event.target.value)
            setActive(0)
          }}
          sx={{ py: 2.5, fontSize: '1rem' }}
          slotProps={{
            input: {
              role: 'combobox',
              'aria-label': 'Search things and actions',
              'aria-expanded': true,
              'aria-controls': listId,
              'aria-activedescendant': entries.length ? `${listId}-${at}` : undefined,
              'aria-autocomplete': 'list',
              style: { outline: 'none' },
            },
          }}
        />
      </Box>
      <Box
        id={listId}
        role="listbox"
        aria-label="Results"
        aria-busy={isFetching}
        sx={{ p: 2, minHeight: 120, maxHeight: '52vh', overflow: 'auto' }}
      >
        {entries.map((entry, index) => (
          <PaletteRow
            key={entry.key}
            id={`${listId}-${index}`}
            entry={entry}
            isActive={index === at}
            onRun={() => run(entry)}
            onHover={() => setActive(index)}
          />
        ))}
        {entries.length === 0 && (
          <Box role="option" aria-selected={false} aria-disabled sx={{ p: 4, textAlign: 'center', color: 'text.secondary' }}>
            {isFetching ? 'Searching …' : 'Nothing has this name.'}
          </Box>
        )}
      </Box>
    </Dialog>
  )
}
