'use client'
import Box from '@mui/material/Box'
import type { DeploymentSummary } from '#src/contracts/deployment.ts'
import { Sparkline } from '#src/ui/charts/Sparkline.tsx'
import { ErrorShare, manyErrors } from '#src/ui/deployments/deploymentColumns.tsx'
import { byAttention, deploymentHref, fleetOf, perSecond, rateText } from '#src/ui/deployments/deploymentFacts.ts'
import { fleetInput } from '#src/ui/deployments/fleetInput.ts'
import { TrafficBar } from '#src/ui/deployments/TrafficBar.tsx'
import { AppLink } from '#src/ui/kit/AppLink.tsx'
import { ButtonLink } from '#src/ui/kit/ButtonLink.tsx'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { Figure, Figures } from '#src/ui/kit/Figure.tsx'
import { formatMs, formatNumber, formatPercent } from '#src/ui/kit/format.ts'
import { PageSkeleton } from '#src/ui/kit/PageSkeleton.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { trpc } from '#src/ui/trpc.tsx'
import { panel } from '#src/ui/kit/panel.ts'

const pollMs = 10_000

function Measure({
  label,
  value,
  spark,
}: {
  label: string
  value: React.ReactNode
  /** With the name of what it is of, it is drawn too. */
  spark?: { of: string; values: (number | null)[]; color: number }
}) {
  return (
    <Box sx={{ minWidth: 0 }}>
      <Box sx={{ display: 'flex', justifyContent: 'space-between', typography: 'caption', mb: spark ? 1 : 0 }}>
        <Box component="span" sx={{ color: 'text.secondary' }}>
          {label}
        </Box>
        <Box component="span" sx={{ fontWeight: 600, fontVariantNumeric: 'tabular-nums' }}>
          {value}
        </Box>
      </Box>
      {spark && (
        <Sparkline
          label={`${label} of ${spark.of} over the last hour`}
          values={spark.values}
          width={260}
          height={36}
          color={spark.color}
          isFluid
        />
      )}
    </Box>
  )
}

function FleetCard({ deployment }: { deployment: DeploymentSummary }) {
  const { lastHour } = deployment
  return (
    <Box
      component="li"
      sx={{
        ...panel,
        p: 4,
        display: 'grid',
        gap: 3,
        minWidth: 0,
        alignContent: 'start',
      }}
    >
      <Box sx={{ display: 'flex', gap: 3, alignItems: 'baseline' }}>
        <AppLink
          href={deploymentHref(deployment)}
          sx={{ color: 'text.primary', fontWeight: 600, flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}
        >
          {deployment.name}
        </AppLink>
        <StatusChip status={deployment.status} />
      </Box>
      {deployment.reason && <Box sx={{ typography: 'body2', color: 'text.secondary', overflowWrap: 'anywhere' }}>{deployment.reason}</Box>}
      <Measure
        label="Traffic"
        value={rateText(perSecond(lastHour))}
        spark={{ of: deployment.name, values: lastHour.spark.map((step) => step.requests), color: 0 }}
      />
      <Measure
        label="p95"
        value={formatMs(lastHour.p95Ms)}
        spark={{ of: deployment.name, values: lastHour.spark.map((step) => step.p95Ms), color: 1 }}
      />
      <Measure label="Errors" value={<ErrorShare deployment={deployment} />} />
      <TrafficBar targets={deployment.targets} />
    </Box>
  )
}

function FleetFigures({ shown }: { shown: readonly DeploymentSummary[] }) {
  const fleet = fleetOf(shown)
  return (
    <Figures>
      <Figure label="Ready" value={`${fleet.ready} of ${shown.length}`} note="deployments" />
      <Figure label="Requests, last hour" value={formatNumber(fleet.requests)} note={rateText(fleet.requests / 3600)} />
      <Figure
        label="Errors, last hour"
        value={formatPercent(fleet.errorShare)}
        tone={(fleet.errorShare ?? 0) >= manyErrors ? 'bad' : 'plain'}
      />
      <Figure label="Slowest p95" value={formatMs(fleet.slowest?.lastHour.p95Ms)} note={fleet.slowest?.name} />
    </Figures>
  )
}

/** Every endpoint that serves, what needs a look first. */
export function FleetOverview() {
  const query = trpc.deployments.list.useQuery(fleetInput, { refetchInterval: pollMs })
  if (query.isError)
    return <ErrorNotice title="The deployments could not be read" error={query.error} onRetry={() => void query.refetch()} />
  if (!query.data) return <PageSkeleton />
  const shown = query.data.items.filter((one) => one.status !== 'stopped').toSorted(byAttention)
  if (shown.length === 0)
    return (
      <EmptyState
        sentence="Nothing serves yet. The traffic, speed and errors of every endpoint gather here."
        action={
          <ButtonLink href="/deployments" variant="contained">
            Open deployments
          </ButtonLink>
        }
      />
    )
  return (
    <Box sx={{ display: 'grid', gap: 6 }}>
      <FleetFigures shown={shown} />
      <Box
        component="ul"
        aria-label="Deployments"
        sx={{
          listStyle: 'none',
          m: 0,
          p: 0,
          display: 'grid',
          gap: 4,
          gridTemplateColumns: 'repeat(auto-fill, minmax(min(100%, 300px), 1fr))',
        }}
      >
        {shown.map((deployment) => (
          <FleetCard key={deployment.id} deployment={deployment} />
        ))}
      </Box>
    </Box>
  )
}
