'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import { useState } from 'react'
import { Dialog } from '#src/ui/kit/overlays.tsx'
import type { KeyScope } from '#src/contracts/access.ts'
import { CopyButton } from '#src/ui/kit/CopyButton.tsx'
import { Field, SelectField } from '#src/ui/kit/Field.tsx'
import { FormDialog } from '#src/ui/kit/FormDialog.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'
import { trpc } from '#src/ui/trpc.tsx'

const schema = () => import('#src/contracts/access.ts').then((contract) => contract.createApiKey)
const scopes: { value: KeyScope; label: string }[] = [
  { value: 'read', label: 'Read: look, and call deployments' },
  { value: 'write', label: 'Write: also upload, register, train and deploy' },
  { value: 'admin', label: 'Admin: all that you may do' },
]
const expiries = [
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
  { value: '', label: 'Never' },
]
const everyProject = ''

/** The key, this once. */
function ShownOnce({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog open fullWidth maxWidth="sm" aria-labelledby="key-title">
      <DialogTitle id="key-title">Copy the key now</DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 3 }}>
        <Box>It is shown this once: only its digest is kept.</Box>
        <Box
          data-testid="api-key"
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
        <CopyButton text={secret} what="key" isWide />
        <Button variant="contained" onClick={onClose}>
          I have copied it
        </Button>
      </DialogActions>
    </Dialog>
  )
}

export function CreateKeyDialog({ onClose }: { onClose: () => void }) {
  const utils = trpc.useUtils()
  const { data: me } = trpc.me.get.useQuery()
  const [secret, setSecret] = useState<string | null>(null)
  const create = trpc.apiKeys.create.useMutation({ onSuccess: () => void utils.apiKeys.list.invalidate() })
  const toInput = (typed: { name: string; scope: KeyScope; project: string; expires: string }) => ({
    name: typed.name.trim(),
    scope: typed.scope,
    project: typed.project || undefined,
    expiresInDays: typed.expires ? Number(typed.expires) : null,
  })
  const form = useForm({ initial: { name: '', scope: 'write' as KeyScope, project: everyProject, expires: '90' }, schema, toInput })
  const { values, set, errors, error, isBusy } = form
  if (secret) return <ShownOnce secret={secret} onClose={onClose} />
  const send = form.submit(async (typed) => {
    const made = await create.mutateAsync(toInput(typed))
    setSecret(made.key)
  })
  const projects = [
    { value: everyProject, label: 'All that you may see' },
    ...(me?.projects ?? []).map((project) => ({ value: project.name, label: project.name })),
  ]
  return (
    <FormDialog
      title="Create API key"
      submitLabel="Create key"
      isBusy={isBusy}
      error={error}
      errorTitle="The key was not made"
      onSubmit={send}
      onClose={onClose}
    >
      <Field
        label="Name"
        name="name"
        autoFocus
        value={values.name}
        onChange={(value) => set('name', value)}
        error={errors.name}
        help="What will use it, for example the name of a program."
      />
      <SelectField
        label="Scope"
        name="scope"
        value={values.scope}
        onChange={(value) => set('scope', value as KeyScope)}
        options={scopes}
        error={errors.scope}
      />
      <SelectField
        label="Project"
        name="project"
        value={values.project}
        onChange={(value) => set('project', value)}
        options={projects}
        error={errors.project}
      />
      <SelectField
        label="Expires"
        name="expires"
        value={values.expires}
        onChange={(value) => set('expires', value)}
        options={expiries}
        error={errors.expiresInDays}
      />
    </FormDialog>
  )
}
