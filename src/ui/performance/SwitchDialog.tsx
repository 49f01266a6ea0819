'use client'
import type { ModelPerformance } from '#src/contracts/performance.ts'
import { Field, SelectField } from '#src/ui/kit/Field.tsx'
import { FormDialog } from '#src/ui/kit/FormDialog.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'
import { trpc } from '#src/ui/trpc.tsx'

const schema = () => import('#src/contracts/performance.ts').then((contract) => contract.switchModel)
const durations = [
  { value: '60', label: 'A minute' },
  { value: '600', label: 'Ten minutes' },
  { value: '3600', label: 'An hour' },
  { value: '86400', label: 'A day' },
]

/** Moves every deployment of a model to another one. */
export function SwitchDialog({ performance, onClose }: { performance: ModelPerformance; onClose: () => void }) {
  const toast = useToast()
  const utils = trpc.useUtils()
  const start = trpc.performance.switch.useMutation({ onSuccess: () => void utils.invalidate() })
  const initial = { targetModel: performance.candidates[0]?.id ?? '', reason: '', type: 'gradual', durationSeconds: '600' }
  const toInput = (typed: typeof initial) => ({
    model: performance.modelId,
    ...(typed.targetModel ? { targetModel: typed.targetModel } : {}),
    reason: typed.reason.trim(),
    type: typed.type as 'immediate' | 'gradual',
    durationSeconds: Number(typed.durationSeconds),
  })
  const form = useForm({ initial, schema, toInput })
  const { values, field, error, isBusy } = form
  const send = form.submit(async (typed) => {
    const done = await start.mutateAsync(toInput(typed))
    toast(
      done
        ? { message: `${performance.model} is being switched to ${done.targetModel}.` }
        : { message: 'No healthy model can stand in.', tone: 'failed' },
    )
    if (done) onClose()
  })
  return (
    <FormDialog
      title={`Switch ${performance.model}`}
      submitLabel="Switch model"
      isBusy={isBusy}
      error={error}
      errorTitle="The model was not switched"
      onSubmit={send}
      onClose={onClose}
    >
      <SelectField
        label="To"
        {...field('targetModel')}
        options={[
          ...performance.candidates.map(({ id, name, version }) => ({ value: id, label: `${name}, version ${version}` })),
          { value: '', label: 'The best healthy one' },
        ]}
        help="Models of equal signature that are not degraded."
      />
      <SelectField
        label="How"
        {...field('type')}
        options={[
          { value: 'gradual', label: 'In steps of 10, 25, 50 and 100 %, and back if thresholds break' },
          { value: 'immediate', label: 'At once' },
        ]}
      />
      {values.type === 'gradual' && <SelectField label="Over" {...field('durationSeconds')} options={durations} />}
      <Field label="Why" {...field('reason')} help="Kept in the record, and told to RelayCore." />
    </FormDialog>
  )
}
