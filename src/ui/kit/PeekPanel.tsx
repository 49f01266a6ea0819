'use client'
import CloseIcon from '@mui/icons-material/Close'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import IconButton from '@mui/material/IconButton'
import NextLink from 'next/link'
import { Drawer } from '#src/ui/kit/overlays.tsx'

/** A look at a thing beside its list, before it is opened. */
export function PeekPanel({
  children,
  href,
  onClose,
  label = 'Peek',
}: {
  children: React.ReactNode
  href?: string
  onClose: () => void
  label?: string
}) {
  return (
    <Drawer
      open
      anchor="right"
      onClose={onClose}
      onClick={(event) => event.stopPropagation()}
      slotProps={{ paper: { sx: { width: 'min(460px, 100vw)', borderLeft: 1, borderColor: 'divider' }, 'aria-label': label } }}
    >
      <Box sx={{ display: 'flex', alignItems: 'center', gap: 2, px: 4, py: 2, borderBottom: 1, borderColor: 'divider' }}>
        {href && (
          <Button component={NextLink} href={href} variant="contained">
            Open
          </Button>
        )}
        <Box sx={{ flex: 1 }} />
        <IconButton aria-label="Close panel" onClick={onClose} autoFocus>
          <CloseIcon sx={{ fontSize: 18 }} />
        </IconButton>
      </Box>
      <Box sx={{ p: 4, display: 'grid', gap: 4, overflow: 'auto', whiteSpace: 'normal' }}>{children}</Box>
    </Drawer>
  )
}
