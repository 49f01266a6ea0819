'use client'
import TuneIcon from '@mui/icons-material/Tune'
import Button from '@mui/material/Button'
import ButtonGroup from '@mui/material/ButtonGroup'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { readError } from '#src/ui/kit/errors.ts'
import { Field, SelectField } from '#src/ui/kit/Field.tsx'
import { FormDialog } from '#src/ui/kit/FormDialog.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'
import { trpc } from '#src/ui/trpc.tsx'

type DeployButtonProps = { model: string; version: number; variant?: 'contained' | 'outlined' | 'text'; isDisabled?: boolean; hasOptions?: boolean }

const schema = () => import('#src/contracts/deployment.ts').then((contract) => contract.deployModel)
const devices = [
  { value: 'auto', label: 'Whatever is free' },
  { value: 'cpu', label: 'CPU' },
  { value: 'cuda', label: 'GPU' },
]

function useDeploy() {
  const router = useRouter()
  const utils = trpc.useUtils()
  return trpc.deployments.deploy.useMutation({
    onSuccess: (deployment) => {
      void Promise.all([utils.deployments.invalidate(), utils.models.invalidate(), utils.home.invalidate()])
      router.push(`/deployments/${encodeURIComponent(deployment.name)}`)
    },
  })
}

function DeployDialog({ model, version, onClose }: { model: string; version: number; onClose: () => void }) {
  const deploy = useDeploy()
  const toInput = (typed: { name: string; replicas: string; device: string }) => ({
    model, version, name: typed.name.trim() || undefined, replicas: Number(typed.replicas), device: typed.device as 'auto' | 'cpu' | 'cuda',
  })
  const form = useForm({ initial: { name: model, replicas: '1', device: 'auto' }, schema, toInput })
  const { values, set, errors, error, isBusy } = form
  return (
    <FormDialog title={`Deploy version ${version} of ${model}`} submitLabel={`Deploy version ${version}`} isBusy={isBusy} error={error} errorTitle="It was not deployed" onClose={onClose} onSubmit={form.submit((typed) => deploy.mutateAsync(toInput(typed)))}>
      <Field label="Name of the endpoint" name="name" autoFocus value={values.name} onChange={(value) => set('name', value)} error={errors.name} help="One of this model that exists already gets all its traffic on this version." />
      <Field label="Replicas" name="replicas" type="number" min={1} max={32} value={values.replicas} onChange={(value) => set('replicas', value)} error={errors.replicas} help="Processes that answer at the same time; one is enough to begin with." />
      <SelectField label="Device" name="device" value={values.device} onChange={(value) => set('device', value)} options={devices} error={errors.device} />
    </FormDialog>
  )
}

/** One press: deploys and leads to the endpoint. The other half asks for a name, replicas and device first. */
export function DeployButton({ model, version, variant = 'contained', isDisabled = false, hasOptions = true }: DeployButtonProps) {
  const toast = useToast()
  const deploy = useDeploy()
  const [isAsking, setAsking] = useState(false)
  const go = () => deploy.mutate({ model, version }, { onError: (error) => toast({ message: readError(error).message, tone: 'failed', action: { label: 'Choose a name', run: () => setAsking(true) } }) })
  return (
    <>
      <ButtonGroup disableElevation variant={variant} disabled={isDisabled} sx={{ '& .MuiButtonGroup-grouped': { minWidth: 32 } }}>
        <Button loading={deploy.isPending} onClick={go}>Deploy version {version}</Button>
        {hasOptions && <Button aria-label={`Deploy version ${version} with options`} onClick={() => setAsking(true)} sx={{ px: 1.5 }}><TuneIcon sx={{ fontSize: 16 }} /></Button>}
      </ButtonGroup>
      {isAsking && <DeployDialog model={model} version={version} onClose={() => setAsking(false)} />}
    </>
  )
}
