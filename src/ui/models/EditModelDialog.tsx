'use client'
import type { Model } from '#src/contracts/model.ts'
import { Field } from '#src/ui/kit/Field.tsx'
import { FormDialog } from '#src/ui/kit/FormDialog.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'
import { tagsToText, textToTags } from '#src/ui/models/tagText.ts'
import { trpc } from '#src/ui/trpc.tsx'

const schema = () => import('#src/contracts/model.ts').then((contract) => contract.updateModel)

const textOf = (value: number | null) => (value === null ? '' : String(value))
const numberOf = (text: string) => (text.trim() === '' ? null : Number(text))

const weighed = [
  { key: 'costPerToken', label: 'Cost of a token', step: 'any' },
  { key: 'costPerRequest', label: 'Cost of a request', step: 'any' },
  { key: 'maxTokens', label: 'Tokens at most', step: 1 },
] as const

/** Changes a model's description, its tags and what a router weighs. */
export function EditModelDialog({ model, onClose }: { model: Model; onClose: () => void }) {
  const utils = trpc.useUtils()
  const update = trpc.models.update.useMutation()
  const initial = {
    description: model.description,
    specialization: model.specialization ?? '',
    tags: tagsToText(model.tags),
    costPerToken: textOf(model.costPerToken),
    costPerRequest: textOf(model.costPerRequest),
    maxTokens: textOf(model.maxTokens),
    capabilities: model.capabilities.join(', '),
  }
  const toInput = (typed: typeof initial) => ({
    model: model.id,
    description: typed.description,
    specialization: typed.specialization.trim() || null,
    tags: textToTags(typed.tags),
    costPerToken: numberOf(typed.costPerToken),
    costPerRequest: numberOf(typed.costPerRequest),
    maxTokens: numberOf(typed.maxTokens),
    capabilities: typed.capabilities
      .split(',')
      .map((text) => text.trim())
      .filter(Boolean),
  })
  const form = useForm({
    initial,
    schema,
    toInput,
  })
  const { values, set, field, errors, error, isBusy } = form
  const send = form.submit(async (typed) => {
    await update.mutateAsync(toInput(typed))
    void utils.models.invalidate()
    onClose()
  })
  return (
    <FormDialog
      title={`Edit ${model.name}`}
      submitLabel="Save"
      isBusy={isBusy}
      error={error}
      errorTitle="Nothing was saved"
      onSubmit={send}
      onClose={onClose}
    >
      <Field label="Description" {...field('description')} rows={6} autoFocus help="Headings, lists, code and links in Markdown." />
      <Field label="Specialization" {...field('specialization')} isOptional />
      <Field label="Tags" {...field('tags')} rows={3} isOptional isMono help="One a line: team: search" />
      <Field label="Capabilities" {...field('capabilities')} isOptional help="What a router may send it, separated by commas." />
      {weighed.map(({ key, label, step }) => (
        <Field
          key={key}
          label={label}
          name={key}
          type="number"
          step={step}
          min={0}
          isOptional
          value={values[key]}
          onChange={(value) => set(key, value)}
          error={errors[key]}
        />
      ))}
    </FormDialog>
  )
}
