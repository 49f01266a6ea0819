'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useId, useState } from 'react'
import { Dialog } from '#src/ui/kit/overlays.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'

export type FormDialogProps = {
  title: string
  /** The verb and its object. */
  submitLabel: string
  isBusy: boolean
  error?: unknown
  errorTitle?: string
  onSubmit: (event: React.FormEvent) => void
  onClose: () => void
  /** Wide where something is shown beside the fields. */
  isWide?: boolean
  children: React.ReactNode
}

/** The fields scroll between the title and the buttons, which stay in sight. */
const formSx = { display: 'flex', flexDirection: 'column', minHeight: 0 } as const

/** A short form over the page. */
export function FormDialog({
  title,
  submitLabel,
  isBusy,
  error,
  errorTitle,
  onSubmit,
  onClose,
  isWide = false,
  children,
}: FormDialogProps) {
  const id = useId()
  const [isTouched, setTouched] = useState(false)
  // A click that went astray must not throw away what was typed.
  const close = (_event: object, reason: string) => {
    if (!isBusy && !(isTouched && reason === 'backdropClick')) onClose()
  }
  return (
    <Dialog open onClose={close} fullWidth maxWidth={isWide ? 'md' : 'xs'} aria-labelledby={id}>
      <Box component="form" onSubmit={onSubmit} onChange={() => setTouched(true)} noValidate sx={formSx}>
        <DialogTitle id={id}>{title}</DialogTitle>
        <DialogContent sx={{ display: 'grid', gap: 4 }}>
          {children}
          <ErrorNotice title={errorTitle} error={error} />
        </DialogContent>
        <DialogActions>
          <Button onClick={onClose} disabled={isBusy}>
            Cancel
          </Button>
          <Button type="submit" variant="contained" loading={isBusy}>
            {submitLabel}
          </Button>
        </DialogActions>
      </Box>
    </Dialog>
  )
}
