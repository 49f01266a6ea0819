'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useId } from 'react'
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
  return (
    <Dialog open onClose={isBusy ? undefined : onClose} fullWidth maxWidth={isWide ? 'md' : 'xs'} aria-labelledby={id}>
      <Box component="form" onSubmit={onSubmit} noValidate>
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
