'use client'
import Box from '@mui/material/Box'
import NextLink from 'next/link'
import { useEffect, useRef } from 'react'

export type Part = {
  href: string
  label: string
  /** How many things there want attention. */
  count?: number
}

/** The parts of a place, one of which is open. */
export function PartsNav({ label, parts, current }: { label: string; parts: readonly Part[]; current: string | undefined }) {
  const nav = useRef<HTMLElement>(null)
  // On a phone there are more parts than fit, and the open one must be among those that are seen.
  useEffect(() => {
    const open = nav.current?.querySelector<HTMLElement>(`a[href="${CSS.escape(current ?? '')}"]`)
    if (nav.current && open) nav.current.scrollLeft = open.offsetLeft - (nav.current.clientWidth - open.offsetWidth) / 2
  }, [current])
  return (
    <Box
      ref={nav}
      component="nav"
      aria-label={label}
      sx={{ borderBottom: 1, borderColor: 'divider', mb: 6, overflowX: 'auto', position: 'relative' }}
    >
      <Box component="ul" sx={{ display: 'flex', gap: 5, listStyle: 'none', m: 0, p: 0 }}>
        {parts.map((part) => (
          <li key={part.href}>
            <Box
              component={NextLink}
              href={part.href}
              aria-current={part.href === current ? 'page' : undefined}
              sx={{
                display: 'block',
                py: 2,
                typography: 'button',
                color: 'text.secondary',
                textDecoration: 'none',
                whiteSpace: 'nowrap',
                borderBottom: 2,
                borderColor: 'transparent',
                '&[aria-current="page"]': { color: 'text.primary', borderColor: 'primary.main' },
                '&:hover': { color: 'text.primary' },
              }}
            >
              {part.label}
              {!!part.count && (
                <Box component="span" sx={{ ml: 1.5, color: 'state.failedText', fontVariantNumeric: 'tabular-nums' }}>
                  {part.count}
                </Box>
              )}
            </Box>
          </li>
        ))}
      </Box>
    </Box>
  )
}
