'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Skeleton from '@mui/material/Skeleton'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { LoadSampleButton } from '#src/ui/home/LoadSampleButton.tsx'
import { ButtonLink } from '#src/ui/kit/ButtonLink.tsx'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { PageHeader } from '#src/ui/kit/PageHeader.tsx'
import { DatasetPicker } from '#src/ui/training/DatasetPicker.tsx'
import { JobCost } from '#src/ui/training/JobCost.tsx'
import { JobFields } from '#src/ui/training/JobFields.tsx'
import { TerminalSnippet } from '#src/ui/uploads/TerminalSnippet.tsx'
import type { JobFormStart } from '#src/ui/training/jobFormStart.ts'
import { useJobForm } from '#src/ui/training/useJobForm.ts'

const crumbs = [{ label: 'Training', href: '/training' }]
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
              <JobFields form={form} draft={draft} detail={detail} />
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
