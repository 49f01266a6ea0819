'use client'
import Box from '@mui/material/Box'
import { useMemo } from 'react'
import type { Job } from '#src/contracts/training.ts'
import { History } from '#src/ui/audit/History.tsx'
import { NotFound } from '#src/ui/frame/NotFound.tsx'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { AppLink } from '#src/ui/kit/AppLink.tsx'
import { ButtonLink } from '#src/ui/kit/ButtonLink.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { isNotFound, readError } from '#src/ui/kit/errors.ts'
import { PageHeader } from '#src/ui/kit/PageHeader.tsx'
import { PageSkeleton } from '#src/ui/kit/PageSkeleton.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { DeployButton } from '#src/ui/models/DeployButton.tsx'
import { datasetHref } from '#src/ui/datasets/datasetFacts.ts'
import { CancelJobButton } from '#src/ui/training/CancelJobButton.tsx'
import { mergePoints } from '#src/ui/training/eventLog.ts'
import { JobCharts } from '#src/ui/training/JobCharts.tsx'
import { JobConfig } from '#src/ui/training/JobConfig.tsx'
import { againHref, hasEnded, recipeTitle, statusLabel } from '#src/ui/training/jobFacts.ts'
import { RunningFigures } from '#src/ui/training/JobFigures.tsx'
import { JobLog } from '#src/ui/training/JobLog.tsx'
import { JobErrorPanel, JobWarnings } from '#src/ui/training/JobNotices.tsx'
import { JobResult } from '#src/ui/training/JobResult.tsx'
import { RunAgainButton } from '#src/ui/training/RunAgainButton.tsx'
import { seriesInput } from '#src/ui/training/seriesInput.ts'
import { TrainingStatus } from '#src/ui/training/TrainingStatus.tsx'
import { useJobEvents } from '#src/ui/training/useJobEvents.ts'
import { trpc } from '#src/ui/trpc.tsx'

const crumbs = [{ label: 'Training', href: '/training' }]
/** Changes are announced; this is for a browser that missed one. */
const pollMs = 10_000

function Note({ job }: { job: Job }) {
  return (
    <>
      {recipeTitle(job.recipe)} on{' '}
      <AppLink underline="always" href={datasetHref(job.datasetName, job.datasetVersion)}>
        {job.datasetName} version {job.datasetVersion}
      </AppLink>
      {(job.columns.target ?? job.columns.label) ? `, predicting ${job.columns.target ?? job.columns.label}` : ''}
    </>
  )
}

function Header({ job, percent }: { job: Job; percent: number }) {
  const { canWrite, canDeploy } = usePermissions()
  const isOver = hasEnded(job.status)
  const isDeployable = job.status === 'succeeded' && job.version !== null
  const again =
    canWrite &&
    isOver &&
    (isDeployable ? (
      <ButtonLink href={againHref(job.id)} variant="outlined">
        Train again
      </ButtonLink>
    ) : (
      job.status === 'cancelled' && <RunAgainButton job={job} />
    ))
  return (
    <PageHeader
      title={job.name}
      crumbs={crumbs}
      status={job.status}
      statusLabel={statusLabel({ ...job, progress: percent / 100 })}
      note={<Note job={job} />}
      tabTitle={job.status === 'running' ? `${percent} % · ${job.name}` : undefined}
      action={
        isDeployable
          ? canDeploy && <DeployButton model={job.modelName} version={job.version as number} />
          : !isOver
            ? canWrite && <CancelJobButton job={job} />
            : job.status === 'cancelled'
              ? again
              : undefined
      }
      more={isDeployable ? again : undefined}
    />
  )
}

function JobView({ job }: { job: Job }) {
  const { canWrite } = usePermissions()
  const { view, stream } = useJobEvents(job.id)
  const { data: fetched } = trpc.training.series.useQuery(seriesInput(job.id), { staleTime: Number.POSITIVE_INFINITY })
  const points = useMemo(() => mergePoints(fetched ?? [], view.points), [fetched, view.points])
  const isOpen = !hasEnded(job.status)
  const progress = job.status === 'running' ? view.progress : null
  return (
    <>
      <Header job={job} percent={Math.floor((progress?.value ?? job.progress) * 100)} />
      <Box sx={{ display: 'grid', gap: 6 }}>
        <JobErrorPanel job={job} canWrite={canWrite} />
        <JobResult job={job} />
        <TrainingStatus job={job} progress={progress} phase={view.phase} />
        {isOpen && <RunningFigures job={job} points={points} progress={progress} />}
        <JobWarnings warnings={view.warnings} />
        <Box sx={{ display: 'grid', gap: 8, gridTemplateColumns: { md: 'minmax(0, 1fr) 320px' }, alignItems: 'start' }}>
          <Box sx={{ display: 'grid', gap: 8, minWidth: 0 }}>
            <JobCharts points={points} isOpen={isOpen} />
            <JobLog jobId={job.id} lines={view.lines} stream={stream} />
            <Section title="History">
              <History type="job" id={job.id} />
            </Section>
          </Box>
          <JobConfig job={job} />
        </Box>
      </Box>
    </>
  )
}

/** A training job from its queue to its version: live, and the same after a reload. */
export function JobPage({ id }: { id: string }) {
  const {
    data: job,
    error,
    refetch,
  } = trpc.training.get.useQuery({ id }, { refetchInterval: ({ state }) => (state.data && !hasEnded(state.data.status) ? pollMs : false) })
  if (job) return <JobView key={job.id} job={job} />
  if (isNotFound(error) || readError(error).code === 'bad_request')
    return <NotFound what="training job" href="/training" label="All training jobs" />
  if (error)
    return (
      <>
        <PageHeader title="Training job" crumbs={crumbs} />
        <ErrorNotice title="The job could not be read" error={error} onRetry={() => void refetch()} />
      </>
    )
  return <PageSkeleton />
}
