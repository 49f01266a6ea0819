import Typography from '@mui/material/Typography'
import type { DeploymentSummary } from '#src/contracts/deployment.ts'
import { ErrorShare, Requests } from '#src/ui/deployments/deploymentColumns.tsx'
import { TrafficBar } from '#src/ui/deployments/TrafficBar.tsx'
import { CopyButton } from '#src/ui/kit/CopyButton.tsx'
import { formatMs, formatNumber } from '#src/ui/kit/format.ts'
import { KeyValues } from '#src/ui/kit/KeyValues.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'

/** A look at a deployment beside the list. */
export function DeploymentCard({ deployment }: { deployment: DeploymentSummary }) {
  return (
    <>
      <Typography variant="h2" sx={{ overflowWrap: 'anywhere' }}>
        {deployment.name}
      </Typography>
      <Requests deployment={deployment} width={400} />
      <KeyValues
        items={[
          { label: 'State', value: <StatusChip status={deployment.status} /> },
          { label: 'Why', value: deployment.reason },
          { label: 'Traffic', value: <TrafficBar targets={deployment.targets} /> },
          { label: 'Requests, last hour', value: formatNumber(deployment.lastHour.requests) },
          { label: 'p95', value: formatMs(deployment.lastHour.p95Ms) },
          { label: 'Errors', value: <ErrorShare deployment={deployment} /> },
          { label: 'Model', value: deployment.modelName },
          {
            label: 'Address',
            value: (
              <>
                {deployment.endpointUrl} <CopyButton text={deployment.endpointUrl} what="address" />
              </>
            ),
          },
          { label: 'Changed', value: <RelativeTime at={deployment.updatedAt} /> },
        ]}
      />
    </>
  )
}
