'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useCallback, useId, useState } from 'react'
import { ConfirmDialog } from '#src/ui/kit/ConfirmDialog.tsx'
import { Dialog } from '#src/ui/kit/overlays.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { TouchContext } from '#src/ui/kit/TouchContext.ts'

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
  const [isAsking, setAsking] = useState(false)
  const touch = useCallback(() => setTouched(true), [])
  // A click that went astray must not throw away what was typed, and a key asks before it does.
  const close = (_event: object, reason: string) => {
    if (isBusy) return
    if (!isTouched) onClose()
    else if (reason === 'escapeKeyDown') setAsking(true)
  }
  return (
    <>
      <Dialog open onClose={close} fullWidth maxWidth={isWide ? 'md' : 'xs'} aria-labelledby={id}>
        <Box component="form" onSubmit={onSubmit} onChange={touch} noValidate sx={formSx}>
          <DialogTitle id={id}>{title}</DialogTitle>
          <DialogContent sx={{ display: 'grid', gap: 4 }}>
            <TouchContext value={touch}>{children}</TouchContext>
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
      <ConfirmDialog
        isOpen={isAsking}
        title="Discard changes?"
        confirmLabel="Discard"
        keepLabel="Keep editing"
        onClose={() => setAsking(false)}
        onConfirm={onClose}
        consequences={['What was typed here is lost.']}
      />
    </>
  )
}
