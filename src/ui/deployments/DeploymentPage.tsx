'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Typography from '@mui/material/Typography'
import type { DeploymentDetail, DeploymentSummary } from '#src/contracts/deployment.ts'
import { History } from '#src/ui/audit/History.tsx'
import { Sparkline } from '#src/ui/charts/Sparkline.tsx'
import { manyErrors } from '#src/ui/deployments/deploymentColumns.tsx'
import { errorShareOf, perSecond, rateText } from '#src/ui/deployments/deploymentFacts.ts'
import { lastHourInput } from '#src/ui/deployments/lastHourInput.ts'
import { DeploymentMenu } from '#src/ui/deployments/DeploymentMenu.tsx'
import { DeploymentPanel } from '#src/ui/deployments/DeploymentPanel.tsx'
import { PerformanceChart } from '#src/ui/deployments/PerformanceChart.tsx'
import { Playground } from '#src/ui/deployments/Playground.tsx'
import { PromptPlayground } from '#src/ui/deployments/PromptPlayground.tsx'
import { NotFound } from '#src/ui/frame/NotFound.tsx'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { isNotFound } from '#src/ui/kit/errors.ts'
import { Figure, Figures } from '#src/ui/kit/Figure.tsx'
import { formatMs, formatNumber, formatPercent, plural } from '#src/ui/kit/format.ts'
import { PageHeader } from '#src/ui/kit/PageHeader.tsx'
import { PageSkeleton } from '#src/ui/kit/PageSkeleton.tsx'
import { StatusShape } from '#src/ui/kit/StatusChip.tsx'
import { DeployButton } from '#src/ui/models/DeployButton.tsx'
import { UrlTabs } from '#src/ui/kit/UrlTabs.tsx'
import { useUrlState } from '#src/ui/kit/useUrlState.ts'
import { trpc } from '#src/ui/trpc.tsx'

const crumbs = [{ label: 'Deployments', href: '/deployments' }]
const pollMs = 10_000

/** The last hour is counted with the lists; its percentile is merged there from all minutes. */
function useLastHour(deployment: DeploymentDetail | undefined): DeploymentSummary['lastHour'] | undefined {
  const { data } = trpc.deployments.list.useQuery(lastHourInput(deployment?.name ?? ''), {
    enabled: deployment !== undefined,
    refetchInterval: pollMs,
  })
  return data?.items.find((one) => one.id === deployment?.id)?.lastHour
}

function LastHour({ lastHour }: { lastHour: DeploymentSummary['lastHour'] | undefined }) {
  const share = lastHour ? errorShareOf(lastHour) : null
  const spark = lastHour?.spark ?? []
  return (
    <Figures min={200}>
      <Figure
        label="p95, last hour"
        value={formatMs(lastHour?.p95Ms)}
        note={<Sparkline label="p95 over the last hour" values={spark.map((step) => step.p95Ms)} width={160} color={1} />}
      />
      <Figure
        label="Errors, last hour"
        value={formatPercent(share)}
        tone={share !== null && share >= manyErrors ? 'bad' : 'plain'}
        note={lastHour && `${formatNumber(lastHour.errors)} of ${plural(lastHour.requests, 'request')}`}
      />
      <Figure
        label="Traffic, last hour"
        value={lastHour ? rateText(perSecond(lastHour)) : '–'}
        note={<Sparkline label="Requests over the last hour" values={spark.map((step) => step.requests)} width={160} />}
      />
    </Figures>
  )
}

const advice: Partial<Record<DeploymentDetail['status'], string>> = {
  failed:
    'No version answers. The replicas beside the charts say where it stopped; deploy another version, or mend the cause and it is tried again by itself.',
  degraded: 'It answers, but not with all that was asked for. The replicas beside the charts say what is missing.',
  pending: 'It loads by itself as soon as an inference runtime is connected.',
}

const externalAdvice: typeof advice = {
  failed: 'Nothing answers. Its server is asked again by itself; register a version with a good address or key if those are wrong.',
  degraded: 'Requests go only to servers that are well. The others are asked again by themselves.',
}

function Reason({ deployment }: { deployment: DeploymentDetail }) {
  if (!deployment.reason && !['failed', 'degraded'].includes(deployment.status)) return null
  const isBad = deployment.status === 'failed'
  const help = (deployment.externalTargets.length > 0 ? externalAdvice : advice)[deployment.status]
  const isWarned = deployment.status === 'degraded'
  return (
    <Box
      role={isBad ? 'alert' : 'status'}
      sx={{
        display: 'flex',
        gap: 3,
        p: 4,
        border: 1,
        borderRadius: '8px',
        alignItems: 'flex-start',
        borderColor: isBad ? 'state.failed' : isWarned ? 'state.degraded' : 'divider',
        bgcolor: isBad ? 'state.failedWash' : isWarned ? 'state.degradedWash' : 'background.paper',
      }}
    >
      <Box sx={{ pt: 1 }}>
        <StatusShape status={deployment.status} />
      </Box>
      <Box sx={{ minWidth: 0, display: 'grid', gap: 1 }}>
        <Typography sx={{ overflowWrap: 'anywhere' }}>{deployment.reason ?? 'The runtime gave no reason.'}</Typography>
        {help && (
          <Typography variant="body2" color="textSecondary">
            {help}
          </Typography>
        )}
      </Box>
    </Box>
  )
}

function Overview({ deployment, canDeploy }: { deployment: DeploymentDetail; canDeploy: boolean }) {
  return (
    <Box sx={{ display: 'grid', gap: 8, gridTemplateColumns: { md: 'minmax(0, 1fr) 320px' }, alignItems: 'start' }}>
      <PerformanceChart deployment={deployment.id} mainVersion={deployment.targets[0]?.version ?? null} model={deployment.modelName} />
      <DeploymentPanel deployment={deployment} canDeploy={canDeploy} />
    </Box>
  )
}

/** An endpoint: how it does, who answers, and a place to try it. */
export function DeploymentPage({ deployment: ref }: { deployment: string }) {
  const { data: deployment, error, refetch } = trpc.deployments.get.useQuery({ deployment: ref })
  const lastHour = useLastHour(deployment)
  const { canDeploy } = usePermissions()
  const [tab, setTab] = useUrlState('tab', 'overview')
  if (!deployment) {
    if (isNotFound(error)) return <NotFound what="deployment" href="/deployments" label="All deployments" />
    if (error)
      return (
        <>
          <PageHeader title={ref} crumbs={crumbs} />
          <ErrorNotice title="The deployment could not be read" error={error} onRetry={() => void refetch()} />
        </>
      )
    return <PageSkeleton />
  }
  const isStopped = deployment.status === 'stopped'
  const isExternal = deployment.externalTargets.length > 0
  const main = deployment.targets[0]
  return (
    <>
      <PageHeader
        title={deployment.name}
        crumbs={crumbs}
        status={deployment.status}
        action={
          isStopped
            ? canDeploy && main && <DeployButton model={main.modelName} version={main.version} />
            : tab !== 'playground' && (
                <Button variant="contained" onClick={() => setTab('playground')}>
                  Try it
                </Button>
              )
        }
        more={canDeploy && !isStopped && <DeploymentMenu deployment={deployment} lastHour={lastHour} />}
      />
      <Box sx={{ display: 'grid', gap: 6 }}>
        <Reason deployment={deployment} />
        <LastHour lastHour={lastHour} />
        <UrlTabs
          label="Parts of the deployment"
          tabs={[
            { key: 'overview', label: 'Overview', content: <Overview deployment={deployment} canDeploy={canDeploy} /> },
            {
              key: 'playground',
              label: 'Playground and code',
              content: isExternal ? (
                <PromptPlayground deployment={deployment} />
              ) : (
                <Playground key={String(deployment.signature !== null)} deployment={deployment} />
              ),
            },
            { key: 'history', label: 'History', content: <History type="deployment" id={deployment.id} /> },
          ]}
        />
      </Box>
    </>
  )
}
