'use client'
import type { User } from '#src/contracts/access.ts'
import { ConfirmDialog } from '#src/ui/kit/ConfirmDialog.tsx'
import { ShownOnce } from '#src/ui/kit/ShownOnce.tsx'
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
    <ShownOnce
      title={`Tell ${user.name} this password`}
      note="It is shown this once, and opens one sign-in."
      secret={reset.data.password}
      what="password"
      onClose={onClose}
    />
  )
}
