import Box from '@mui/material/Box'
import type { DeploymentSummary } from '#src/contracts/deployment.ts'
import { Sparkline } from '#src/ui/charts/Sparkline.tsx'
import { errorShareOf, perSecond, rateText } from '#src/ui/deployments/deploymentFacts.ts'
import { TrafficBar } from '#src/ui/deployments/TrafficBar.tsx'
import type { Column } from '#src/ui/kit/DataTable.tsx'
import { formatMs, formatPercent, plural } from '#src/ui/kit/format.ts'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'

/** From this share of failed requests on, the figure is shown as trouble. */
export const manyErrors = 0.01

export function ErrorShare({ deployment }: { deployment: DeploymentSummary }) {
  const share = errorShareOf(deployment.lastHour)
  return (
    <Box component="span" sx={share !== null && share >= manyErrors ? { color: 'state.failedText', fontWeight: 600 } : undefined}>
      {formatPercent(share)}
    </Box>
  )
}

export const Requests = ({ deployment, width = 96 }: { deployment: DeploymentSummary; width?: number }) => (
  <Sparkline
    label={`Requests of the last hour: ${plural(deployment.lastHour.requests, 'request')}`}
    values={deployment.lastHour.spark.map((step) => step.requests)}
    width={width}
  />
)

export const deploymentColumns: Column<DeploymentSummary>[] = [
  { key: 'name', header: 'Endpoint', cell: (one) => one.name, sortValue: (one) => one.name },
  {
    key: 'status',
    header: 'State',
    cell: (one) => (
      <span title={one.reason ?? undefined}>
        <StatusChip status={one.status} />
      </span>
    ),
    sortValue: (one) => one.status,
  },
  { key: 'targets', header: 'Versions and traffic', cell: (one) => <TrafficBar targets={one.targets} />, width: 170 },
  {
    key: 'rate',
    header: 'Traffic',
    cell: (one) => rateText(perSecond(one.lastHour)),
    align: 'right',
    sortValue: (one) => one.lastHour.requests,
  },
  { key: 'p95', header: 'p95', cell: (one) => formatMs(one.lastHour.p95Ms), align: 'right', sortValue: (one) => one.lastHour.p95Ms },
  {
    key: 'errors',
    header: 'Errors',
    cell: (one) => <ErrorShare deployment={one} />,
    align: 'right',
    sortValue: (one) => errorShareOf(one.lastHour),
  },
  { key: 'spark', header: 'Last hour', cell: (one) => <Requests deployment={one} /> },
  { key: 'updated', header: 'Changed', cell: (one) => <RelativeTime at={one.updatedAt} />, sortValue: (one) => Date.parse(one.updatedAt) },
  { key: 'model', header: 'Model', cell: (one) => one.modelName, isHiddenByDefault: true },
  { key: 'replicas', header: 'Replicas', cell: (one) => one.replicas, align: 'right', isHiddenByDefault: true },
  { key: 'by', header: 'By', cell: (one) => one.createdBy ?? '–', isHiddenByDefault: true },
]
