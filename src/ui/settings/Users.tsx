'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import dynamic from 'next/dynamic'
import { useState } from 'react'
import type { User } from '#src/contracts/access.ts'
import { History } from '#src/ui/audit/History.tsx'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { type Column, DataTable } from '#src/ui/kit/DataTable.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { readError } from '#src/ui/kit/errors.ts'
import { plural } from '#src/ui/kit/format.ts'
import { MoreMenu } from '#src/ui/kit/MoreMenu.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const CreateUserDialog = dynamic(() => import('#src/ui/settings/UserDialogs.tsx').then((module) => module.CreateUserDialog), { ssr: false })
const EditUserDialog = dynamic(() => import('#src/ui/settings/UserDialogs.tsx').then((module) => module.EditUserDialog), { ssr: false })

const ResetPasswordDialog = dynamic(() => import('#src/ui/settings/ResetPasswordDialog.tsx').then((module) => module.ResetPasswordDialog), {
  ssr: false,
})
const origins: Record<User['origin'], string> = { local: 'password', token: 'unified token', oidc: 'single sign-on' }

const columns: Column<User>[] = [
  { key: 'name', header: 'Name', cell: (user) => user.name, sortValue: (user) => user.name },
  {
    key: 'email',
    header: 'Email',
    cell: (user) => (
      <Box component="span" sx={{ display: 'inline-block', maxWidth: 280, overflowWrap: 'anywhere' }}>
        {user.email}
      </Box>
    ),
    sortValue: (user) => user.email,
  },
  { key: 'role', header: 'Role', cell: (user) => user.role, sortValue: (user) => user.role },
  { key: 'origin', header: 'Signs in by', cell: (user) => origins[user.origin], sortValue: (user) => user.origin },
  {
    key: 'status',
    header: 'State',
    cell: (user) => <StatusChip status={user.isDisabled ? 'disabled' : 'active'} />,
    sortValue: (user) => Number(user.isDisabled),
  },
  { key: 'seen', header: 'Last sign-in', cell: (user) => <RelativeTime at={user.lastSignInAt} />, sortValue: (user) => user.lastSignInAt },
  { key: 'created', header: 'Created', cell: (user) => <RelativeTime at={user.createdAt} />, sortValue: (user) => user.createdAt },
]

/** Everybody with an account; for admins. */
export function Users() {
  const { data, error, refetch } = trpc.users.list.useQuery()
  const { user: me } = usePermissions()
  const toast = useToast()
  const [isCreating, setCreating] = useState(false)
  const [editing, setEditing] = useState<User | null>(null)
  const [resetting, setResetting] = useState<User | null>(null)
  const update = trpc.users.update.useMutation({
    onSuccess: () => void refetch(),
    onError: (thrown) => toast({ message: readError(thrown).message, tone: 'failed' }),
  })
  const endSessions = trpc.users.endSessions.useMutation({
    onSuccess: ({ count }) => toast({ message: `${plural(count, 'session')} ended.` }),
    onError: (thrown) => toast({ message: readError(thrown).message, tone: 'failed' }),
  })
  const setDisabled = async (user: User, isDisabled: boolean) => {
    await update.mutateAsync({ id: user.id, isDisabled })
    toast({
      message: isDisabled ? `${user.name} can no longer sign in.` : `${user.name} can sign in again.`,
      undo: () => void update.mutate({ id: user.id, isDisabled: !isDisabled }),
    })
  }
  const actions = (user: User) => (
    <>
      <Button onClick={() => setEditing(user)} aria-label={`Edit ${user.name}`}>
        Edit
      </Button>
      {user.id !== me?.id && (
        <MoreMenu
          label={`More for ${user.name}`}
          entries={[
            { label: 'Sign out everywhere', onPick: () => endSessions.mutate({ id: user.id }) },
            user.origin === 'local' && { label: 'Reset password…', onPick: () => setResetting(user) },
            {
              label: user.isDisabled ? 'Let in' : 'Disable',
              onPick: () => void setDisabled(user, !user.isDisabled).catch(() => {}),
              isDangerous: !user.isDisabled,
            },
          ]}
        />
      )}
    </>
  )
  return (
    <Section
      title="People"
      note="Everybody who can sign in, and what they may do."
      actions={
        <Button variant="contained" onClick={() => setCreating(true)}>
          Add person
        </Button>
      }
    >
      <ErrorNotice title="The list could not be read" error={error} isOlder={data !== undefined} onRetry={() => void refetch()} />
      {(data || !error) && (
        <DataTable
          id="users"
          label="People"
          columns={columns}
          rows={data}
          rowKey={(user) => user.id}
          skeletonCount={3}
          rowActions={actions}
          peek={(user) => (
            <Section title={`History of ${user.name}`}>
              <History type="user" id={user.id} />
            </Section>
          )}
        />
      )}
      {isCreating && <CreateUserDialog onClose={() => setCreating(false)} />}
      {resetting && <ResetPasswordDialog user={resetting} onClose={() => setResetting(null)} />}
      {editing && <EditUserDialog user={editing} onClose={() => setEditing(null)} />}
    </Section>
  )
}
