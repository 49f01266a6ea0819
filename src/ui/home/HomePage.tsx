'use client'
import Box from '@mui/material/Box'
import { Attention } from '#src/ui/home/Attention.tsx'
import { FirstSteps } from '#src/ui/home/FirstSteps.tsx'
import { HomeFigures } from '#src/ui/home/HomeFigures.tsx'
import { Recent } from '#src/ui/home/Recent.tsx'
import { RunningJobs } from '#src/ui/home/RunningJobs.tsx'
import { Serving } from '#src/ui/home/Serving.tsx'
import { TrainingMissing } from '#src/ui/home/TrainingMissing.tsx'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { ButtonLink } from '#src/ui/kit/ButtonLink.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { PageHeader } from '#src/ui/kit/PageHeader.tsx'
import { PageSkeleton } from '#src/ui/kit/PageSkeleton.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { trpc } from '#src/ui/trpc.tsx'
import { TerminalSnippet } from '#src/ui/uploads/TerminalSnippet.tsx'

const requestsEveryMs = 20_000

/** What runs, what needs attention, what to do next. */
export function HomePage() {
  // Requests are counted, not announced: only they need asking for.
  const { data, error, refetch } = trpc.home.get.useQuery(undefined, { refetchInterval: requestsEveryMs })
  const { canWrite } = usePermissions()
  const bad = data?.attention.length ?? 0
  const action =
    canWrite && data?.steps.hasDataset ? (
      <ButtonLink href="/training/new" variant="contained">
        New training job
      </ButtonLink>
    ) : undefined
  const tabTitle = bad > 0 ? `▲ Home` : data?.runningJobs.length ? '◐ Home' : 'Home'
  const isNew = data && !Object.values(data.steps).every(Boolean)
  return (
    <>
      <PageHeader title="Home" action={action} tabTitle={tabTitle} />
      <ErrorNotice title="Home could not be read" error={error} isOlder={data !== undefined} onRetry={() => void refetch()} />
      {!data && !error && <PageSkeleton />}
      {data && (
        <Box sx={{ display: 'grid', gap: 8 }}>
          <HomeFigures home={data} />
          {data.trainingMissing && <TrainingMissing reason={data.trainingMissing} />}
          {isNew && <FirstSteps steps={data.steps} canTrain={!data.trainingMissing} />}
          <Box sx={{ display: 'grid', gap: 8, gridTemplateColumns: { md: 'minmax(0, 3fr) minmax(0, 2fr)' }, alignItems: 'start' }}>
            <Box sx={{ display: 'grid', gap: 8, minWidth: 0 }}>
              <Attention items={data.attention} />
              <RunningJobs jobs={data.runningJobs} />
              <Serving />
            </Box>
            <Recent items={data.recent} />
          </Box>
          {canWrite && (
            <Section title="From a terminal" note="Upload an ONNX file and register it as a model.">
              <TerminalSnippet kind="model" />
            </Section>
          )}
        </Box>
      )}
    </>
  )
}
