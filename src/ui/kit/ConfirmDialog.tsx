// biome-ignore-all lint/suspicious/noArrayIndexKey: sentences have no other identity, and are never reordered
'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import Typography from '@mui/material/Typography'
import { useId, useState } from 'react'
import { Dialog } from '#src/ui/kit/overlays.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { Field } from '#src/ui/kit/Field.tsx'

export type ConfirmDialogProps = {
  isOpen: boolean
  title: string
  /** What will happen, a sentence each. */
  consequences: React.ReactNode[]
  /** The verb and its object: `Delete version 3`. */
  confirmLabel: string
  /** What leaves all as it is. */
  keepLabel?: string
  /** Asks for this name to be typed: for what is large and cannot be undone. */
  typeName?: string
  isBusy?: boolean
  isDangerous?: boolean
  error?: unknown
  onConfirm: () => void
  onClose: () => void
}

/** Asks before what cannot be undone, and lists what it brings about. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { isOpen, title, consequences, confirmLabel, keepLabel = 'Keep it', typeName, isBusy = false, isDangerous = true } = props
  const { error, onConfirm, onClose } = props
  const id = useId()
  const [typed, setTyped] = useState('')
  const canConfirm = !isBusy && (!typeName || typed === typeName)
  return (
    <Dialog
      open={isOpen}
      onClose={isBusy ? undefined : onClose}
      fullWidth
      maxWidth="xs"
      aria-labelledby={id}
      slotProps={{ transition: { onExited: () => setTyped('') } }}
    >
      <Box
        component="form"
        onSubmit={(event: React.FormEvent) => {
          event.preventDefault()
          if (canConfirm) onConfirm()
        }}
      >
        <DialogTitle id={id}>{title}</DialogTitle>
        <DialogContent sx={{ display: 'grid', gap: 3 }}>
          <Box component="ul" sx={{ m: 0, pl: 5, display: 'grid', gap: 1 }}>
            {consequences.map((consequence, index) => (
              <li key={index}>{consequence}</li>
            ))}
          </Box>
          {typeName && (
            <Field
              label={
                <>
                  Type{' '}
                  <Typography component="span" variant="mono">
                    {typeName}
                  </Typography>{' '}
                  to go on
                </>
              }
              name="confirmName"
              value={typed}
              onChange={setTyped}
              autoComplete="off"
            />
          )}
          <ErrorNotice error={error} />
        </DialogContent>
        <DialogActions>
          <Button onClick={onClose} disabled={isBusy} autoFocus={!typeName}>
            {keepLabel}
          </Button>
          <Button type="submit" variant="contained" color={isDangerous ? 'error' : 'primary'} disabled={!canConfirm} loading={isBusy}>
            {confirmLabel}
          </Button>
        </DialogActions>
      </Box>
    </Dialog>
  )
}
