'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Skeleton from '@mui/material/Skeleton'
import type { DatasetDetail } from '#src/contracts/dataset.ts'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { LoadSampleButton } from '#src/ui/home/LoadSampleButton.tsx'
import { ButtonLink } from '#src/ui/kit/ButtonLink.tsx'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { Field, SelectField } from '#src/ui/kit/Field.tsx'
import { PageHeader } from '#src/ui/kit/PageHeader.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { DatasetPicker } from '#src/ui/training/DatasetPicker.tsx'
import { FeatureChips } from '#src/ui/training/FeatureChips.tsx'
import { fieldGrid, HyperFields } from '#src/ui/training/HyperFields.tsx'
import { JobCost } from '#src/ui/training/JobCost.tsx'
import { isTextRecipe } from '#src/ui/training/jobDefaults.ts'
import type { JobDraft } from '#src/ui/training/jobDraft.ts'
import { RecipeCards } from '#src/ui/training/RecipeCards.tsx'
import { TerminalSnippet } from '#src/ui/uploads/TerminalSnippet.tsx'
import type { JobFormStart } from '#src/ui/training/jobFormStart.ts'
import { type JobForm, useJobForm } from '#src/ui/training/useJobForm.ts'

const crumbs = [{ label: 'Training', href: '/training' }]
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

function Fields({ form, draft, detail }: Ready) {
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

function Nothing({ canWrite }: { canWrite: boolean }) {
  return (
    <EmptyState
      sentence="Training needs a data set that is ready. Add one, or begin with the sample."
      action={
        canWrite && (
          <Box sx={{ display: 'flex', gap: 2, flexWrap: 'wrap', justifyContent: 'center' }}>
            <ButtonLink href="/datasets/register" variant="contained">
              Add a data set
            </ButtonLink>
            <LoadSampleButton variant="outlined" />
          </Box>
        )
      }
      snippet={canWrite && <TerminalSnippet kind="dataset" />}
    />
  )
}

/** A new training job: one press away for the common case, every setting in reach. */
export function NewJobForm({ start }: { start: JobFormStart }) {
  const form = useJobForm(start)
  const { canWrite } = usePermissions()
  const { draft, detail, dataset, error, isBusy } = form
  const isEmpty = dataset.name === '' && dataset.list.data !== undefined
  const isReady = detail?.status === 'ready'
  return (
    <>
      <PageHeader
        title="Train a model"
        crumbs={crumbs}
        note={form.from && `With the settings of ${form.from.name}; change what should be otherwise.`}
      />
      {isEmpty ? (
        <Nothing canWrite={canWrite} />
      ) : (
        <Box
          component="form"
          onSubmit={form.submit}
          noValidate
          sx={{ display: 'grid', gap: 8, gridTemplateColumns: { md: 'minmax(0, 1fr) 340px' }, alignItems: 'start', maxWidth: 1160 }}
        >
          <Box sx={{ display: 'grid', gap: 6, minWidth: 0 }}>
            <DatasetPicker form={form} />
            {draft && detail && isReady ? (
              <Fields form={form} draft={draft} detail={detail} />
            ) : (
              !dataset.detail.error &&
              (detail ? (
                <Box role="status">
                  This data set is{' '}
                  {detail.status === 'pending' ? 'still being read. The form appears when that is done.' : `rejected: ${detail.reason}`}
                </Box>
              ) : (
                <Skeleton variant="rounded" height={360} />
              ))
            )}
          </Box>
          <Box sx={{ display: 'grid', gap: 4, position: { md: 'sticky' }, top: { md: 24 }, minWidth: 0 }}>
            {draft && detail && isReady && <JobCost draft={draft} dataset={detail} />}
            <ErrorNotice title="The job was not started" error={error} />
            <Button type="submit" variant="contained" loading={isBusy} disabled={!isReady || !canWrite} sx={{ minHeight: 40 }}>
              Start training
            </Button>
            {!canWrite && (
              <Box sx={{ typography: 'body2', color: 'text.secondary' }}>You may look, but not start jobs in this project.</Box>
            )}
          </Box>
        </Box>
      )}
    </>
  )
}
