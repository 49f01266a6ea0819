'use client'
import Box from '@mui/material/Box'
import type { DatasetDetail } from '#src/contracts/dataset.ts'
import { Field, SelectField } from '#src/ui/kit/Field.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { FeatureChips } from '#src/ui/training/FeatureChips.tsx'
import { fieldGrid, HyperFields } from '#src/ui/training/HyperFields.tsx'
import { isTextRecipe } from '#src/ui/training/jobDefaults.ts'
import type { JobDraft } from '#src/ui/training/jobDraft.ts'
import { RecipeCards } from '#src/ui/training/RecipeCards.tsx'
import type { JobForm } from '#src/ui/training/useJobForm.ts'

const devices = [
  { value: 'auto', label: 'Whatever is free' },
  { value: 'cpu', label: 'CPU' },
  { value: 'cuda', label: 'GPU (CUDA)' },
]
type Ready = { form: JobForm; draft: JobDraft; detail: DatasetDetail }

function ColumnFields({ form, draft, detail }: Ready) {
  const { set, problems } = form
  const options = detail.columns.map((column) => ({
    value: column.name,
    label: `${column.name} · ${column.type}`,
    isDisabled: column.type === 'datetime',
  }))
  const isText = isTextRecipe(draft.recipe)
  return (
    <>
      <Box sx={fieldGrid}>
        {isText && (
          <SelectField
            label="Text"
            name="text"
            value={draft.text}
            onChange={(value) => set('text', value)}
            options={options}
            error={problems.text}
            help="The column that is read."
          />
        )}
        <SelectField
          label={isText ? 'Label' : 'Target'}
          name="target"
          value={draft.target}
          onChange={(value) => set('target', value)}
          options={options}
          error={problems.target}
          help="The column to predict."
        />
        <Field
          label="Model"
          name="modelName"
          value={draft.modelName}
          onChange={(value) => set('modelName', value)}
          error={problems.modelName}
          autoComplete="off"
          help="A name that exists already gets a new version."
        />
      </Box>
      {!isText && (
        <FeatureChips
          columns={detail.columns}
          target={draft.target}
          excluded={draft.excluded}
          onChange={(excluded) => set('excluded', excluded)}
          error={problems.excluded}
        />
      )}
    </>
  )
}

function RunFields({ form, draft, detail }: Ready) {
  const { set, problems } = form
  const groups = [
    { value: '', label: 'Nothing: every row for itself' },
    ...detail.columns.filter((column) => column.name !== draft.target).map((column) => ({ value: column.name, label: column.name })),
  ]
  return (
    <Box sx={fieldGrid}>
      <Field
        label="Test rows, percent"
        name="testPercent"
        value={draft.testPercent}
        onChange={(value) => set('testPercent', value)}
        error={problems.testPercent}
        help="Held back and used once, to measure the result."
      />
      <SelectField
        label="Keep together"
        name="groupBy"
        value={draft.groupBy}
        onChange={(value) => set('groupBy', value)}
        options={groups}
        error={problems.groupBy}
        help="Rows with one value here stay on one side of the split."
      />
      <SelectField
        label="Device"
        name="device"
        value={draft.device}
        onChange={(value) => set('device', value as JobDraft['device'])}
        options={devices}
        error={problems.device}
        help="What it must run on."
      />
      {draft.device === 'cuda' && (
        <Field
          label="GPUs"
          name="gpus"
          value={draft.gpus}
          onChange={(value) => set('gpus', value)}
          error={problems.gpus}
          help="0 takes one."
        />
      )}
      <Field
        label="Seed"
        name="seed"
        value={draft.seed}
        onChange={(value) => set('seed', value)}
        error={problems.seed}
        help="The same seed, data and settings give the same model."
      />
      <Field
        label="Name of the job"
        name="name"
        isOptional
        value={draft.name}
        onChange={(value) => set('name', value)}
        error={problems.name}
        autoComplete="off"
        placeholder={`${draft.modelName} on ${detail.name}`}
      />
    </Box>
  )
}

/** Recipe, columns, settings, split and device of a job whose data set is ready. */
export function JobFields({ form, draft, detail }: Ready) {
  return (
    <>
      {form.recipes && <RecipeCards recipes={form.recipes} value={draft.recipe} onChange={form.setRecipe} />}
      <ColumnFields form={form} draft={draft} detail={detail} />
      <Section title="Hyper-parameters">
        <HyperFields fields={form.fields} texts={draft.hyper} problems={form.problems} onChange={form.setHyper} />
      </Section>
      <Section title="Test and device">
        <RunFields form={form} draft={draft} detail={detail} />
      </Section>
    </>
  )
}
