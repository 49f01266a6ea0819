'use client'
import Box from '@mui/material/Box'
import { useRef } from 'react'

export type TabListProps = {
  tabs: { key: string; label: string }[]
  value: string
  onChange: (key: string) => void
  label: string
  /** Tabs are `ID-KEY`; the panel that they control is `ID-panel`. */
  id: string
  hasLine?: boolean
}

const steps: Record<string, (at: number, last: number) => number> = {
  ArrowRight: (at, last) => (at === last ? 0 : at + 1),
  ArrowLeft: (at, last) => (at === 0 ? last : at - 1),
  Home: () => 0,
  End: (_, last) => last,
}

const tabSx = {
  border: 0,
  bgcolor: 'transparent',
  cursor: 'pointer',
  typography: 'button',
  color: 'text.secondary',
  px: 0,
  py: 2,
  whiteSpace: 'nowrap',
  borderBottom: '2px solid transparent',
  mb: '-1px',
  '&:hover': { color: 'text.primary' },
  '&[aria-selected="true"]': { color: 'text.primary', borderBottomColor: 'primary.main' },
} as const

/** Tabs by the pattern that screen readers know: one stop, arrows move and choose. */
export function TabList({ tabs, value, onChange, label, id, hasLine = true }: TabListProps) {
  const list = useRef<HTMLDivElement>(null)
  const at = tabs.findIndex((tab) => tab.key === value)
  const onKey = (event: React.KeyboardEvent) => {
    const next = tabs[steps[event.key]?.(at, tabs.length - 1) ?? -1]
    if (!next) return
    event.preventDefault()
    onChange(next.key)
    list.current?.querySelector<HTMLElement>(`#${CSS.escape(`${id}-${next.key}`)}`)?.focus()
  }
  return (
    <Box
      ref={list}
      role="tablist"
      aria-label={label}
      onKeyDown={onKey}
      sx={{
        display: 'flex',
        gap: 5,
        overflowX: 'auto',
        overflowY: 'hidden',
        minWidth: 0,
        ...(hasLine && { borderBottom: 1, borderColor: 'divider', pb: '1px' }),
      }}
    >
      {tabs.map((tab) => (
        <Box
          key={tab.key}
          component="button"
          type="button"
          role="tab"
          id={`${id}-${tab.key}`}
          aria-selected={tab.key === value}
          aria-controls={tab.key === value ? `${id}-panel` : undefined}
          tabIndex={tab.key === value ? 0 : -1}
          onClick={() => onChange(tab.key)}
          sx={tabSx}
        >
          {tab.label}
        </Box>
      ))}
    </Box>
  )
}
