'use client'
import DarkIcon from '@mui/icons-material/DarkModeOutlined'
import HelpIcon from '@mui/icons-material/HelpOutlined'
import LightIcon from '@mui/icons-material/LightModeOutlined'
import SystemIcon from '@mui/icons-material/ContrastOutlined'
import Box from '@mui/material/Box'
import ButtonBase from '@mui/material/ButtonBase'
import IconButton from '@mui/material/IconButton'
import dynamic from 'next/dynamic'
import { useState } from 'react'
import { Hint } from '#src/ui/kit/Hint.tsx'
import { type Mode, useMode } from '#src/ui/frame/useMode.ts'
import { trpc } from '#src/ui/trpc.tsx'

const nextMode: Record<Mode, Mode> = { system: 'light', light: 'dark', dark: 'system' }
const icons = { system: SystemIcon, light: LightIcon, dark: DarkIcon }

function ThemeButton() {
  const [mode, setMode] = useMode()
  const Icon = icons[mode]
  const label = `Theme: ${mode}. Change to ${nextMode[mode]}`
  return (
    <Hint text={label}>
      <IconButton aria-label={label} onClick={() => setMode(nextMode[mode])}>
        <Icon sx={{ fontSize: 18 }} />
      </IconButton>
    </Hint>
  )
}

const AccountMenu = dynamic(() => import('#src/ui/frame/AccountMenu.tsx'), { ssr: false })

/** Who is here; theme and help beside it. */
export function PersonMenu({ isFolded, onHelp }: { isFolded: boolean; onHelp: () => void }) {
  const { data } = trpc.me.get.useQuery()
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const name = data?.user?.name ?? ''
  return (
    <Box
      sx={{
        display: 'flex',
        alignItems: 'center',
        gap: 1,
        flexDirection: isFolded ? 'column-reverse' : 'row',
        borderTop: 1,
        borderColor: 'divider',
        pt: 2,
      }}
    >
      <ButtonBase
        aria-label={isFolded || !name ? 'Account' : undefined}
        aria-haspopup="menu"
        aria-expanded={!!anchor}
        onClick={(event) => setAnchor(event.currentTarget)}
        sx={{
          flex: 1,
          minWidth: 0,
          display: 'flex',
          gap: 2,
          alignItems: 'center',
          p: 1,
          borderRadius: '8px',
          textAlign: 'left',
          justifyContent: 'flex-start',
          '&:hover': { bgcolor: 'action.hover' },
        }}
      >
        <Box
          aria-hidden
          sx={{
            width: 26,
            height: 26,
            borderRadius: '50%',
            bgcolor: 'raised',
            border: 1,
            borderColor: 'divider',
            display: 'grid',
            placeItems: 'center',
            fontSize: '0.75rem',
            fontWeight: 600,
            flex: 'none',
          }}
        >
          {(name[0] ?? '·').toUpperCase()}
        </Box>
        {!isFolded && (
          <Box component="span" sx={{ typography: 'body2', overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }}>
            {name}
          </Box>
        )}
      </ButtonBase>
      <ThemeButton />
      <Hint text="Keys  ?">
        <IconButton aria-label="Keyboard help" onClick={onHelp}>
          <HelpIcon sx={{ fontSize: 18 }} />
        </IconButton>
      </Hint>
      {anchor && <AccountMenu email={data?.user?.email} anchor={anchor} onClose={() => setAnchor(null)} />}
    </Box>
  )
}
