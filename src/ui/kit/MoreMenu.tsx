'use client'
import MoreIcon from '@mui/icons-material/MoreVert'
import IconButton from '@mui/material/IconButton'
import MenuItem from '@mui/material/MenuItem'
import { useState } from 'react'
import { menuLandmark } from '#src/ui/kit/menuLandmark.ts'
import { Menu } from '#src/ui/kit/overlays.tsx'

export type MoreEntry = { label: string; onPick: () => void; isDangerous?: boolean }

export type MoreMenuProps = {
  /** Names whose menu it is where several stand on a page. */
  label?: string
  /** In their order; what does not apply just now is false. */
  entries: (MoreEntry | false)[]
}

/** What is done seldom, behind three dots. */
export function MoreMenu({ label = 'More actions', entries }: MoreMenuProps) {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  return (
    <>
      <IconButton aria-label={label} aria-haspopup="menu" onClick={(event) => setAnchor(event.currentTarget)}>
        <MoreIcon sx={{ fontSize: 18 }} />
      </IconButton>
      <Menu anchorEl={anchor} open={anchor !== null} onClose={() => setAnchor(null)} slotProps={menuLandmark(label)}>
        {entries.map(
          (entry) =>
            entry && (
              <MenuItem
                key={entry.label}
                onClick={() => {
                  setAnchor(null)
                  entry.onPick()
                }}
                sx={entry.isDangerous ? { color: 'error.main' } : undefined}
              >
                {entry.label}
              </MenuItem>
            ),
        )}
      </Menu>
    </>
  )
}
