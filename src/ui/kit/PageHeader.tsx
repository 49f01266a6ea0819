'use client'
import MenuIcon from '@mui/icons-material/Menu'
import Box from '@mui/material/Box'
import IconButton from '@mui/material/IconButton'
import Typography from '@mui/material/Typography'
import { use } from 'react'
import { AppLink } from '#src/ui/kit/AppLink.tsx'
import { FrameContext } from '#src/ui/kit/FrameContext.ts'
import { LiveDot } from '#src/ui/kit/LiveDot.tsx'
import { StatusChip, statusMark } from '#src/ui/kit/StatusChip.tsx'
import { useTabTitle } from '#src/ui/kit/useTabTitle.ts'

export type Crumb = { label: string; href: string }
export type PageHeaderProps = {
  title: string
  /** Links before the title, outermost first. */
  crumbs?: Crumb[]
  /** Any status; shown beside the title and as a mark in the tab's title. */
  status?: string
  statusLabel?: string
  /** A sentence or facts under the title. */
  note?: React.ReactNode
  /** The one primary action. */
  action?: React.ReactNode
  /** Quieter ones, left of it. */
  more?: React.ReactNode
  /** The tab's title, when it should say more: `42 % · iris`. */
  tabTitle?: string
}

/** Head of every page: where one is, what it is, how it is, and what to do, always at the same place. */
export function PageHeader({ title, crumbs = [], status, statusLabel, note, action, more, tabTitle }: PageHeaderProps) {
  const { openDrawer } = use(FrameContext)
  useTabTitle(tabTitle ?? (status ? `${statusMark(status)} ${title}` : title))
  return (
    <Box component="header" sx={{ display: 'grid', gap: 1, mb: 6 }}>
      <Box sx={{ display: 'flex', alignItems: 'center', gap: 2, minHeight: 24 }}>
        {openDrawer && (
          <IconButton aria-label="Open navigation" onClick={openDrawer} sx={{ display: { md: 'none' }, ml: -1.5 }}>
            <MenuIcon sx={{ fontSize: 20 }} />
          </IconButton>
        )}
        {crumbs.length > 0 && (
          <Box component="nav" aria-label="Breadcrumb" sx={{ minWidth: 0 }}>
            <Box
              component="ol"
              sx={{ display: 'flex', flexWrap: 'wrap', m: 0, p: 0, listStyle: 'none', typography: 'body2', color: 'text.secondary' }}
            >
              {crumbs.map((crumb, index) => (
                <li key={crumb.href}>
                  {index > 0 && (
                    <Box component="span" aria-hidden sx={{ px: 1.5, opacity: 0.6 }}>
                      /
                    </Box>
                  )}
                  <AppLink href={crumb.href} sx={{ color: 'text.secondary' }}>
                    {crumb.label}
                  </AppLink>
                </li>
              ))}
            </Box>
          </Box>
        )}
        <Box sx={{ flex: 1 }} />
        <LiveDot />
      </Box>
      <Box sx={{ display: 'flex', alignItems: 'center', columnGap: 3, rowGap: 2, flexWrap: 'wrap' }}>
        <Box sx={{ display: 'flex', alignItems: 'center', gap: 3, flexWrap: 'wrap', flex: '1 1 auto', minWidth: 0 }}>
          <Typography variant="h1" sx={{ overflowWrap: 'anywhere', minWidth: 0 }}>
            {title}
          </Typography>
          {status && <StatusChip status={status} label={statusLabel} isFramed isLive />}
        </Box>
        {(more || action) && (
          <Box sx={{ display: 'flex', gap: 2, alignItems: 'center', flexWrap: 'wrap' }}>
            {more}
            {action}
          </Box>
        )}
      </Box>
      {note && <Box sx={{ typography: 'body2', color: 'text.secondary', maxWidth: '80ch' }}>{note}</Box>}
    </Box>
  )
}
