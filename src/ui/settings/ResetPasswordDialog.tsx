'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import type { User } from '#src/contracts/access.ts'
import { ConfirmDialog } from '#src/ui/kit/ConfirmDialog.tsx'
import { CopyButton } from '#src/ui/kit/CopyButton.tsx'
import { Dialog } from '#src/ui/kit/overlays.tsx'
import { trpc } from '#src/ui/trpc.tsx'

/** Gives somebody a password for one sign-in. */
export function ResetPasswordDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const reset = trpc.users.resetPassword.useMutation()
  if (!reset.data)
    return (
      <ConfirmDialog
        isOpen
        title={`Reset the password of ${user.name}?`}
        confirmLabel="Reset password"
        isBusy={reset.isPending}
        error={reset.error}
        onClose={onClose}
        onConfirm={() => reset.mutate({ id: user.id })}
        consequences={['They are signed out everywhere.', 'You get a password for one sign-in, at which they must choose another.']}
      />
    )
  return (
    <Dialog open fullWidth maxWidth="xs" aria-labelledby="reset-title">
      <DialogTitle id="reset-title">Tell {user.name} this password</DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 3 }}>
        <Box>It is shown this once.</Box>
        <Box
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
          {reset.data.password}
        </Box>
      </DialogContent>
      <DialogActions>
        <CopyButton text={reset.data.password} what="password" isWide />
        <Button variant="contained" onClick={onClose}>
          I have copied it
        </Button>
      </DialogActions>
    </Dialog>
  )
}
