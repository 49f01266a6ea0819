'use client'
import Box from '@mui/material/Box'
import Menu from '@mui/material/Menu'
import MenuItem from '@mui/material/MenuItem'
import NextLink from 'next/link'
import { leave } from '#src/ui/frame/leave.ts'
import { menuLandmark } from '#src/ui/kit/menuLandmark.ts'

/** What concerns oneself. */
export default function AccountMenu({ email, anchor, onClose }: { email: string | undefined; anchor: HTMLElement; onClose: () => void }) {
  return (
    <Menu
      anchorEl={anchor}
      open
      onClose={onClose}
      slotProps={menuLandmark('Account')}
      anchorOrigin={{ vertical: 'top', horizontal: 'left' }}
      transformOrigin={{ vertical: 'bottom', horizontal: 'left' }}
    >
      <Box component="li" role="none" sx={{ px: 5, py: 1, typography: 'caption', color: 'text.secondary' }}>
        {email}
      </Box>
      <MenuItem component={NextLink} href="/settings" onClick={onClose}>
        Account and password
      </MenuItem>
      <MenuItem component={NextLink} href="/settings/keys" onClick={onClose}>
        API keys
      </MenuItem>
      <MenuItem onClick={() => void leave()}>Sign out</MenuItem>
    </Menu>
  )
}
