'use client'
import { Field, SelectField } from '#src/ui/kit/Field.tsx'
import { FormDialog } from '#src/ui/kit/FormDialog.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'
import { useDeploy } from '#src/ui/models/useDeploy.ts'

const schema = () => import('#src/contracts/deployment.ts').then((contract) => contract.deployModel)
const devices = [
  { value: 'auto', label: 'Whatever is free' },
  { value: 'cpu', label: 'CPU' },
  { value: 'cuda', label: 'GPU' },
]

/** Asks for a name, replicas and device first. */
export function DeployDialog({ model, version, onClose }: { model: string; version: number; onClose: () => void }) {
  const deploy = useDeploy()
  const toInput = (typed: { name: string; replicas: string; device: string }) => ({
    model,
    version,
    name: typed.name.trim() || undefined,
    replicas: Number(typed.replicas),
    device: typed.device as 'auto' | 'cpu' | 'cuda',
  })
  const form = useForm({ initial: { name: model, replicas: '1', device: 'auto' }, schema, toInput })
  const { field, error, isBusy } = form
  return (
    <FormDialog
      title={`Deploy version ${version} of ${model}`}
      submitLabel={`Deploy version ${version}`}
      isBusy={isBusy}
      error={error}
      errorTitle="It was not deployed"
      onClose={onClose}
      onSubmit={form.submit((typed) => deploy.mutateAsync(toInput(typed)))}
    >
      <Field
        label="Name of the endpoint"
        {...field('name')}
        autoFocus
        help="One of this model that exists already gets all its traffic on this version."
      />
      <Field
        label="Replicas"
        {...field('replicas')}
        type="number"
        min={1}
        max={32}
        help="Processes that answer at the same time; one is enough to begin with."
      />
      <SelectField label="Device" {...field('device')} options={devices} />
    </FormDialog>
  )
}
