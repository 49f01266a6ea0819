'use client'
import type { Model } from '#src/contracts/model.ts'
import { Field } from '#src/ui/kit/Field.tsx'
import { FormDialog } from '#src/ui/kit/FormDialog.tsx'
import { useForm } from '#src/ui/kit/useForm.ts'
import { tagsToText, textToTags } from '#src/ui/models/tagText.ts'
import { trpc } from '#src/ui/trpc.tsx'

const schema = () => import('#src/contracts/model.ts').then((contract) => contract.updateModel)

/** Changes a model's description and tags. */
export function EditModelDialog({ model, onClose }: { model: Model; onClose: () => void }) {
  const utils = trpc.useUtils()
  const update = trpc.models.update.useMutation()
  const toInput = (typed: { description: string; specialization: string; tags: string }) => ({
    model: model.id,
    description: typed.description,
    specialization: typed.specialization.trim() || null,
    tags: textToTags(typed.tags),
  })
  const form = useForm({
    initial: { description: model.description, specialization: model.specialization ?? '', tags: tagsToText(model.tags) },
    schema,
    toInput,
  })
  const { values, set, errors, error, isBusy } = form
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
      <Field
        label="Description"
        name="description"
        rows={6}
        autoFocus
        value={values.description}
        onChange={(value) => set('description', value)}
        error={errors.description}
        help="Headings, lists, code and links in Markdown."
      />
      <Field
        label="Specialization"
        name="specialization"
        isOptional
        value={values.specialization}
        onChange={(value) => set('specialization', value)}
        error={errors.specialization}
      />
      <Field
        label="Tags"
        name="tags"
        rows={3}
        isOptional
        isMono
        value={values.tags}
        onChange={(value) => set('tags', value)}
        error={errors.tags}
        help="One a line: team: search"
      />
    </FormDialog>
  )
}
