'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useId } from 'react'
import { CopyButton } from '#src/ui/kit/CopyButton.tsx'
import { Dialog } from '#src/ui/kit/overlays.tsx'

export type ShownOnceProps = {
  title: string
  /** What it is for, and that it does not come again. */
  note: string
  secret: string
  /** Names it on the copy button: `key`. */
  what: string
  onClose: () => void
}

/** A secret, this once. */
export function ShownOnce({ title, note, secret, what, onClose }: ShownOnceProps) {
  const id = useId()
  return (
    <Dialog open fullWidth maxWidth="sm" aria-labelledby={id}>
      <DialogTitle id={id}>{title}</DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 3 }}>
        <Box>{note}</Box>
        <Box
          data-testid="secret"
          sx={{
            typography: 'mono',
            p: 3,
            border: 1,
            borderColor: 'divider',
            borderRadius: '8px',
            bgcolor: 'raised',
            overflowWrap: 'anywhere',
          }}
        >
          {secret}
        </Box>
      </DialogContent>
      <DialogActions>
        <CopyButton text={secret} what={what} isWide />
        <Button variant="contained" onClick={onClose}>
          I have copied it
        </Button>
      </DialogActions>
    </Dialog>
  )
}
