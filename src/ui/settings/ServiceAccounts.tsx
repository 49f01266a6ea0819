'use client'
import Button from '@mui/material/Button'
import { useState } from 'react'
import type { Role, ServiceAccount } from '#src/contracts/access.ts'
import { type Column, DataTable } from '#src/ui/kit/DataTable.tsx'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { readError } from '#src/ui/kit/errors.ts'
import { Field, SelectField } from '#src/ui/kit/Field.tsx'
import { FormDialog } from '#src/ui/kit/FormDialog.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'
import { CreateKeyDialog } from '#src/ui/settings/CreateKeyDialog.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const schema = () => import('#src/contracts/access.ts').then((contract) => contract.createServiceAccount)
const roles: { value: Role; label: string }[] = [
  { value: 'viewer', label: 'Viewer: reads, and what projects grant' },
  { value: 'manager', label: 'Manager: writes, trains and deploys everywhere' },
  { value: 'admin', label: 'Admin: manages everything' },
]

const columns: Column<ServiceAccount>[] = [
  { key: 'name', header: 'Name', cell: (account) => account.name, sortValue: (account) => account.name },
  { key: 'role', header: 'Role', cell: (account) => account.role, sortValue: (account) => account.role },
  {
    key: 'projects',
    header: 'Projects',
    cell: (account) => account.projects.map(({ name, role }) => `${name} (${role})`).join(', ') || '–',
  },
  { key: 'keys', header: 'Keys', align: 'right', cell: (account) => account.keys, sortValue: (account) => account.keys },
  {
    key: 'status',
    header: 'State',
    cell: (account) => <StatusChip status={account.isDisabled ? 'disabled' : 'active'} />,
    sortValue: (account) => Number(account.isDisabled),
  },
  {
    key: 'used',
    header: 'Last used',
    cell: (account) => <RelativeTime at={account.lastUsedAt} />,
    sortValue: (account) => account.lastUsedAt,
  },
]

function CreateDialog({ onClose }: { onClose: () => void }) {
  const utils = trpc.useUtils()
  const create = trpc.serviceAccounts.create.useMutation({ onSuccess: () => void utils.serviceAccounts.list.invalidate() })
  const form = useForm({ initial: { name: '', role: 'viewer' as Role }, schema })
  const { field, error, isBusy } = form
  const send = form.submit(async (typed) => {
    await create.mutateAsync(typed)
    onClose()
  })
  return (
    <FormDialog
      title="Create service account"
      submitLabel="Create account"
      isBusy={isBusy}
      error={error}
      errorTitle="The account was not made"
      onSubmit={send}
      onClose={onClose}
    >
      <Field label="Name" {...field('name')} autoFocus help="The program that will use it, for example nightly-retraining." />
      <SelectField label="Role" {...field('role')} options={roles} help="Add it to a project to grant more in that project alone." />
    </FormDialog>
  )
}

/** Accounts of programs: keys that outlive the person who made them. */
export function ServiceAccounts() {
  const toast = useToast()
  const { data, error, refetch } = trpc.serviceAccounts.list.useQuery()
  const [isCreating, setCreating] = useState(false)
  const [keyFor, setKeyFor] = useState<ServiceAccount | null>(null)
  const update = trpc.serviceAccounts.update.useMutation({
    onSuccess: () => void refetch(),
    onError: (thrown) => toast({ message: readError(thrown).message, tone: 'failed' }),
  })
  const setDisabled = async ({ id, name }: ServiceAccount, isDisabled: boolean) => {
    await update.mutateAsync({ id, isDisabled })
    toast({
      message: isDisabled ? `The keys of ${name} no longer work.` : `The keys of ${name} work again.`,
      undo: () => update.mutate({ id, isDisabled: !isDisabled }),
    })
  }
  const create = (
    <Button variant="contained" onClick={() => setCreating(true)}>
      Create service account
    </Button>
  )
  return (
    <Section
      title="Service accounts"
      note="Accounts of programs. They have keys and project roles, and no password."
      actions={data?.length ? create : undefined}
    >
      <ErrorNotice title="The list could not be read" error={error} isOlder={data !== undefined} onRetry={() => void refetch()} />
      {(data || !error) && (
        <DataTable
          id="service-accounts"
          label="Service accounts"
          columns={columns}
          rows={data}
          rowKey={(account) => account.id}
          skeletonCount={2}
          rowActions={(account) => (
            <>
              {!account.isDisabled && (
                <Button onClick={() => setKeyFor(account)} aria-label={`Create key for ${account.name}`}>
                  Create key
                </Button>
              )}
              <Button
                onClick={() => void setDisabled(account, !account.isDisabled).catch(() => {})}
                aria-label={`${account.isDisabled ? 'Enable' : 'Disable'} ${account.name}`}
              >
                {account.isDisabled ? 'Enable' : 'Disable'}
              </Button>
            </>
          )}
          empty={
            <EmptyState
              sentence="No service accounts yet. Make one for each program, so that its keys do not end with the person who made them."
              action={create}
            />
          }
        />
      )}
      {isCreating && <CreateDialog onClose={() => setCreating(false)} />}
      {keyFor && <CreateKeyDialog serviceAccount={keyFor} onClose={() => setKeyFor(null)} />}
    </Section>
  )
}
