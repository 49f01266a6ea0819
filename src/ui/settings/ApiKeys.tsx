'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import dynamic from 'next/dynamic'
import { useState } from 'react'
import type { ApiKey } from '#src/contracts/access.ts'
import { ConfirmDialog } from '#src/ui/kit/ConfirmDialog.tsx'
import { type Column, DataTable } from '#src/ui/kit/DataTable.tsx'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { isUsable, keyStatus, rightsText } from '#src/ui/settings/keyFacts.ts'
import { trpc } from '#src/ui/trpc.tsx'

const CreateKeyDialog = dynamic(() => import('#src/ui/settings/CreateKeyDialog.tsx').then((module) => module.CreateKeyDialog), {
  ssr: false,
})

const RotateKeyDialog = dynamic(() => import('#src/ui/settings/RotateKeyDialog.tsx').then((module) => module.RotateKeyDialog), {
  ssr: false,
})

const columns: Column<ApiKey>[] = [
  { key: 'name', header: 'Name', cell: (key) => key.name, sortValue: (key) => key.name },
  { key: 'status', header: 'State', cell: (key) => <StatusChip {...keyStatus(key)} />, sortValue: (key) => keyStatus(key).label },
  {
    key: 'prefix',
    header: 'Begins with',
    isHiddenByDefault: true,
    cell: (key) => (
      <Box component="span" sx={{ typography: 'mono' }}>
        {key.prefix}…
      </Box>
    ),
  },
  { key: 'rights', header: 'Rights', cell: rightsText, sortValue: rightsText },
  { key: 'project', header: 'Project', cell: (key) => key.project ?? 'all of its owner', sortValue: (key) => key.project },
  { key: 'owner', header: 'Owner', cell: (key) => key.owner, sortValue: (key) => key.owner },
  { key: 'lastUsed', header: 'Last used', cell: (key) => <RelativeTime at={key.lastUsedAt} />, sortValue: (key) => key.lastUsedAt },
  { key: 'expires', header: 'Expires', cell: (key) => <RelativeTime at={key.expiresAt} />, sortValue: (key) => key.expiresAt },
  {
    key: 'created',
    header: 'Created',
    cell: (key) => <RelativeTime at={key.createdAt} />,
    sortValue: (key) => key.createdAt,
    isHiddenByDefault: true,
  },
]

function RevokeDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const utils = trpc.useUtils()
  const toast = useToast()
  const revoke = trpc.apiKeys.revoke.useMutation({
    onSuccess: () => {
      void utils.apiKeys.list.invalidate()
      toast({ message: `The key ${apiKey.name} is revoked.` })
      onClose()
    },
  })
  return (
    <ConfirmDialog
      isOpen
      title={`Revoke the key ${apiKey.name}?`}
      confirmLabel="Revoke key"
      isBusy={revoke.isPending}
      error={revoke.error}
      onClose={onClose}
      onConfirm={() => revoke.mutate({ id: apiKey.id })}
      consequences={[
        'Programs that use it are refused within a few seconds.',
        apiKey.lastUsedAt ? (
          <>
            It was last used <RelativeTime at={apiKey.lastUsedAt} />.
          </>
        ) : (
          'It was never used.'
        ),
        'It cannot be brought back; a new one can be made.',
      ]}
    />
  )
}

/** When a key was last used changes without word. */
const lookEveryMs = 10_000

/** Keys for programs: made once, shown once, revoked at a press. */
export function ApiKeys() {
  const { data, error, refetch } = trpc.apiKeys.list.useQuery(undefined, { refetchInterval: lookEveryMs })
  const [isCreating, setCreating] = useState(false)
  const [revoking, setRevoking] = useState<ApiKey | null>(null)
  const [rotating, setRotating] = useState<ApiKey | null>(null)
  const create = (
    <Button variant="contained" onClick={() => setCreating(true)}>
      Create API key
    </Button>
  )
  return (
    <Section
      title="API keys"
      note="Programs show a key as a Bearer token. A key has a part of its owner's rights."
      actions={data?.length ? create : undefined}
    >
      <ErrorNotice title="The keys could not be read" error={error} isOlder={data !== undefined} onRetry={() => void refetch()} />
      {(data || !error) && (
        <DataTable
          id="keys"
          label="API keys"
          columns={columns}
          rows={data}
          rowKey={(key) => key.id}
          skeletonCount={3}
          initialSort="lastUsed desc"
          rowActions={(key) =>
            isUsable(key) && (
              <>
                <Button onClick={() => setRotating(key)} aria-label={`Rotate ${key.name}`}>
                  Rotate
                </Button>
                <Button color="error" onClick={() => setRevoking(key)} aria-label={`Revoke ${key.name}`}>
                  Revoke
                </Button>
              </>
            )
          }
          empty={
            <EmptyState sentence="No keys yet. Programs, notebooks and the command line need one to call NeuroWeaver." action={create} />
          }
        />
      )}
      {isCreating && <CreateKeyDialog onClose={() => setCreating(false)} />}
      {rotating && <RotateKeyDialog apiKey={rotating} onClose={() => setRotating(null)} />}
      {revoking && <RevokeDialog apiKey={revoking} onClose={() => setRevoking(null)} />}
    </Section>
  )
}
