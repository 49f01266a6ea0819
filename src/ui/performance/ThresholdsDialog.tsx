'use client'
import type { ModelPerformance } from '#src/contracts/performance.ts'
import { Field, SelectField } from '#src/ui/kit/Field.tsx'
import { FormDialog } from '#src/ui/kit/FormDialog.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'
import { trpc } from '#src/ui/trpc.tsx'

const schema = () => import('#src/contracts/performance.ts').then((contract) => contract.setThresholds)
const textOf = (value: number | null) => (value === null ? '' : String(value))
const numberOf = (text: string) => (text.trim() === '' ? null : Number(text))

/** What a model must keep to, and what happens when it does not. */
export function ThresholdsDialog({ performance, onClose }: { performance: ModelPerformance; onClose: () => void }) {
  const utils = trpc.useUtils()
  const save = trpc.performance.setThresholds.useMutation({ onSuccess: () => void utils.performance.invalidate() })
  const saveBackups = trpc.performance.setBackups.useMutation()
  const { thresholds } = performance
  const initial = {
    minAccuracy: textOf(thresholds.minAccuracy),
    maxLatencyMs: textOf(thresholds.maxLatencyMs),
    minThroughputRps: textOf(thresholds.minThroughputRps),
    maxCostPerRequest: textOf(thresholds.maxCostPerRequest),
    windowMinutes: String(performance.windowMinutes),
    minRequests: String(performance.minRequests),
    autoSwitch: performance.autoSwitch ? 'yes' : 'no',
    backups: performance.backups.map(({ name }) => name).join(', '),
  }
  const toInput = (typed: typeof initial) => ({
    model: performance.modelId,
    minAccuracy: numberOf(typed.minAccuracy),
    maxLatencyMs: numberOf(typed.maxLatencyMs),
    minThroughputRps: numberOf(typed.minThroughputRps),
    maxCostPerRequest: numberOf(typed.maxCostPerRequest),
    windowMinutes: Number(typed.windowMinutes),
    minRequests: Number(typed.minRequests),
    autoSwitch: typed.autoSwitch === 'yes',
  })
  const form = useForm({ initial, schema, toInput })
  const { values, set, field, errors, error, isBusy } = form
  const send = form.submit(async (typed) => {
    const backups = typed.backups
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean)
    await saveBackups.mutateAsync({ model: performance.modelId, backups })
    await save.mutateAsync(toInput(typed))
    onClose()
  })
  const number = (name: keyof typeof initial, label: string, help?: string) => (
    <Field
      label={label}
      name={name}
      type="number"
      step="any"
      min={0}
      isOptional={name !== 'windowMinutes' && name !== 'minRequests'}
      placeholder="No threshold"
      value={values[name]}
      onChange={(value) => set(name, value)}
      error={errors[name]}
      help={help}
    />
  )
  return (
    <FormDialog
      title={`Thresholds of ${performance.model}`}
      submitLabel="Save thresholds"
      isBusy={isBusy}
      error={error}
      errorTitle="Nothing was saved"
      onSubmit={send}
      onClose={onClose}
    >
      {number('minAccuracy', 'Accuracy at least', 'A share from 0 to 1, of what routers and judges report.')}
      {number('maxLatencyMs', 'Latency at most, ms', 'The 95th percentile.')}
      {number('minThroughputRps', 'Throughput at least, requests a second')}
      {number('maxCostPerRequest', 'Cost of a request at most')}
      {number('windowMinutes', 'Over the last minutes')}
      {number('minRequests', 'A verdict needs requests')}
      <SelectField
        label="When it is degraded"
        {...field('autoSwitch')}
        options={[
          { value: 'yes', label: 'Switch to the best healthy stand-in, and back' },
          { value: 'no', label: 'Only say so' },
        ]}
      />
      <Field
        label="Stand-ins"
        {...field('backups')}
        isOptional
        help="Names of models, the preferred one first. Left empty, every model of equal signature may stand in."
      />
    </FormDialog>
  )
}
