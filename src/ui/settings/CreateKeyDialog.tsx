'use client'
import Box from '@mui/material/Box'
import Checkbox from '@mui/material/Checkbox'
import FormControlLabel from '@mui/material/FormControlLabel'
import FormHelperText from '@mui/material/FormHelperText'
import { useState } from 'react'
import type { Action, ServiceAccount } from '#src/contracts/access.ts'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { Field, SelectField } from '#src/ui/kit/Field.tsx'
import { FormDialog } from '#src/ui/kit/FormDialog.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'
import { actionOptions, limitsOf, type Preset, presets } from '#src/ui/settings/keyFacts.ts'
import { ShownKey } from '#src/ui/settings/ShownKey.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const schema = () => import('#src/contracts/access.ts').then((contract) => contract.createApiKey)
const expiries = [
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
  { value: '', label: 'Never' },
]
const everyProject = ''
const myself = ''
const initial = {
  name: '',
  preset: 'write' as Preset,
  actions: ['models:read'] as Action[],
  deployments: '',
  project: everyProject,
  serviceAccount: myself,
  expires: '90',
}

function toInput(typed: typeof initial) {
  const named = typed.deployments.split(/[\s,]+/).filter(Boolean)
  return {
    name: typed.name.trim(),
    ...limitsOf(typed.preset, typed.actions),
    deployments: named.length > 0 ? named : undefined,
    project: typed.project || undefined,
    serviceAccount: typed.serviceAccount || undefined,
    expiresInDays: typed.expires ? Number(typed.expires) : null,
  }
}

function ActionBoxes({ chosen, error, onChange }: { chosen: Action[]; error?: string; onChange: (actions: Action[]) => void }) {
  const toggle = (action: Action) => onChange(chosen.includes(action) ? chosen.filter((one) => one !== action) : [...chosen, action])
  return (
    <Box component="fieldset" sx={{ border: 0, m: 0, p: 0, display: 'grid' }}>
      <Box component="legend" sx={{ typography: 'label', fontSize: '0.8125rem', p: 0 }}>
        Actions
      </Box>
      {actionOptions.map(([action, words]) => (
        <FormControlLabel
          key={action}
          label={words}
          control={<Checkbox size="small" name="actions" checked={chosen.includes(action)} onChange={() => toggle(action)} />}
        />
      ))}
      {error && <FormHelperText error>{error}</FormHelperText>}
    </Box>
  )
}

/** Accounts of programs that a key can be for; asked for by admins alone. */
function useOwners() {
  const { isAdmin } = usePermissions()
  const { data } = trpc.serviceAccounts.list.useQuery(undefined, { enabled: isAdmin })
  const accounts = (data ?? []).filter((account) => !account.isDisabled)
  return [{ value: myself, label: 'Myself' }, ...accounts.map(({ id, name }) => ({ value: id, label: `Service account ${name}` }))]
}

type Props = { onClose: () => void; serviceAccount?: ServiceAccount }

export function CreateKeyDialog({ onClose, serviceAccount }: Props) {
  const utils = trpc.useUtils()
  const { data: me } = trpc.me.get.useQuery()
  const owners = useOwners()
  const [secret, setSecret] = useState<string | null>(null)
  const create = trpc.apiKeys.create.useMutation({
    onSuccess: () => void Promise.all([utils.apiKeys.list.invalidate(), utils.serviceAccounts.list.invalidate()]),
  })
  const form = useForm({ initial: { ...initial, serviceAccount: serviceAccount?.id ?? myself }, schema, toInput })
  const { values, set, field, errors, error, isBusy } = form
  if (secret) return <ShownKey secret={secret} onClose={onClose} />
  const send = form.submit(async (typed) => {
    const made = await create.mutateAsync(toInput(typed))
    setSecret(made.key)
  })
  const projects = [
    { value: everyProject, label: 'All that its owner may see' },
    ...(me?.projects ?? []).map((project) => ({ value: project.name, label: project.name })),
  ]
  const isCalling = values.preset === 'call' || (values.preset === 'choose' && values.actions.includes('inference:call'))
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
      <Field label="Name" {...field('name')} autoFocus help="What will use it, for example the name of a program." />
      {owners.length > 1 && <SelectField label="For" {...field('serviceAccount')} options={owners} />}
      <SelectField
        label="Rights"
        name="preset"
        value={values.preset}
        onChange={(value) => set('preset', value as Preset)}
        options={presets}
        error={errors.scope}
        help="Never more than its owner has."
      />
      {values.preset === 'choose' && (
        <ActionBoxes chosen={values.actions} error={errors.actions} onChange={(actions) => set('actions', actions)} />
      )}
      {isCalling && (
        <Field label="Deployments" {...field('deployments')} isOptional help="Names with commas between them; empty for all." />
      )}
      <SelectField label="Project" {...field('project')} options={projects} />
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
