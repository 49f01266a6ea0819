'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Typography from '@mui/material/Typography'
import { useState } from 'react'
import type { DeploymentDetail } from '#src/contracts/deployment.ts'
import { seriesColor, versionColor } from '#src/ui/charts/colors.ts'
import { TargetsDialog } from '#src/ui/deployments/TargetsDialog.tsx'
import { TrafficBar } from '#src/ui/deployments/TrafficBar.tsx'
import { AppLink } from '#src/ui/kit/AppLink.tsx'
import { CopyButton } from '#src/ui/kit/CopyButton.tsx'
import { formatFigure } from '#src/ui/charts/scale.ts'
import { IdText } from '#src/ui/kit/IdText.tsx'
import { KeyValues } from '#src/ui/kit/KeyValues.tsx'
import { ListCard } from '#src/ui/kit/ListCard.tsx'
import { ProgressLine } from '#src/ui/kit/ProgressLine.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { Unbroken } from '#src/ui/kit/Unbroken.tsx'

type Replica = DeploymentDetail['replicaStates'][number]
const deviceNames = { auto: 'Whatever is free', cpu: 'CPU', cuda: 'GPU' }

function Targets({ deployment, canDeploy }: { deployment: DeploymentDetail; canDeploy: boolean }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <Section
      title="Traffic"
      actions={
        canDeploy &&
        deployment.status !== 'stopped' && (
          <Button variant="outlined" onClick={() => setOpen(true)}>
            Change the traffic
          </Button>
        )
      }
    >
      <ListCard label="Traffic">
        <Box component="li">
          <TrafficBar targets={deployment.targets} hasWords={false} />
        </Box>
        {deployment.targets.map((target) => (
          <Box component="li" key={target.versionId} sx={{ display: 'flex', alignItems: 'center', gap: 2, typography: 'body2' }}>
            <Box
              aria-hidden
              sx={{ width: 10, height: 10, borderRadius: '3px', flex: 'none', bgcolor: seriesColor(versionColor(target.version)) }}
            />
            <AppLink
              href={`/models/${encodeURIComponent(target.modelName)}/versions/${target.version}`}
              sx={{ color: 'text.primary', flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}
            >
              {target.modelName} version {target.version}
            </AppLink>
            <Box sx={{ fontVariantNumeric: 'tabular-nums', fontWeight: 600 }}>{target.weight} %</Box>
          </Box>
        ))}
      </ListCard>
      {isOpen && <TargetsDialog deployment={deployment} onClose={() => setOpen(false)} />}
    </Section>
  )
}

function ParityLine({ parity }: { parity: NonNullable<Replica['parity']> }) {
  const error = parity.max_abs_error !== null && <Unbroken>{formatFigure(parity.max_abs_error)}</Unbroken>
  const words = parity.passed ? (
    <>
      Parity checked on {parity.cases} cases{error && <>, off by at most {error}</>}
    </>
  ) : (
    <>
      Parity failed:{' '}
      {parity.reason ?? (
        <>
          off by {error || 'more than allowed'}, <Unbroken>{parity.tolerance}</Unbroken> allowed
        </>
      )}
    </>
  )
  return <Box sx={{ typography: 'caption', color: parity.passed ? 'text.secondary' : 'state.failedText' }}>{words}</Box>
}

function ReplicaLine({ replica, wanted }: { replica: Replica; wanted: number }) {
  return (
    <Box component="li" sx={{ display: 'grid', gap: 1, typography: 'body2' }}>
      <Box sx={{ display: 'flex', gap: 2, alignItems: 'center', flexWrap: 'wrap' }}>
        <Box sx={{ flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}>
          Version {replica.version} on {replica.runtimeName}
        </Box>
        <StatusChip status={replica.state} label={replica.state === 'ready' ? `${replica.readyReplicas} of ${wanted} ready` : undefined} />
      </Box>
      {replica.state === 'loading' && <ProgressLine value={replica.progress} label={`Loading version ${replica.version}`} />}
      {(replica.reasonCode || replica.reason) && (
        <Box sx={{ overflowWrap: 'anywhere' }}>
          <Box component="span" sx={{ typography: 'mono', fontSize: 12, color: 'state.failedText' }}>
            {replica.reasonCode}
          </Box>{' '}
          {replica.reason}
        </Box>
      )}
      {replica.parity && <ParityLine parity={replica.parity} />}
    </Box>
  )
}

function Replicas({ deployment }: { deployment: DeploymentDetail }) {
  return (
    <Section title="Replicas" note="How far each version is on each runtime.">
      <ListCard label="Replicas">
        {deployment.replicaStates.length === 0 && (
          <Box component="li" sx={{ typography: 'body2', color: 'text.secondary' }}>
            {deployment.status === 'stopped' ? 'Stopped: no runtime holds it.' : 'No inference runtime has taken it yet.'}
          </Box>
        )}
        {deployment.replicaStates.map((replica) => (
          <ReplicaLine key={`${replica.versionId}${replica.runtimeId}`} replica={replica} wanted={deployment.replicas} />
        ))}
      </ListCard>
    </Section>
  )
}

function Servers({ deployment }: { deployment: DeploymentDetail }) {
  return (
    <Section title="Servers" note="What was last found of each.">
      <ListCard label="Servers">
        {deployment.externalTargets.map((target) => (
          <Box component="li" key={target.versionId} sx={{ display: 'grid', gap: 1, typography: 'body2' }}>
            <Box sx={{ display: 'flex', gap: 2, alignItems: 'center', flexWrap: 'wrap' }}>
              <Box sx={{ flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}>
                {target.servedModel} at {target.host}
              </Box>
              <StatusChip status={target.state} />
            </Box>
            {target.reason && <Box sx={{ overflowWrap: 'anywhere' }}>{target.reason}</Box>}
            {target.checkedAt && (
              <Box sx={{ typography: 'caption', color: 'text.secondary' }}>
                Version {target.version} of {target.modelName}, checked <RelativeTime at={target.checkedAt} />
              </Box>
            )}
          </Box>
        ))}
      </ListCard>
    </Section>
  )
}

/** Beside the charts: who answers, where, and how far they are. */
export function DeploymentPanel({ deployment, canDeploy }: { deployment: DeploymentDetail; canDeploy: boolean }) {
  const isExternal = deployment.externalTargets.length > 0
  return (
    <Box sx={{ display: 'grid', gap: 8, minWidth: 0 }}>
      <Targets deployment={deployment} canDeploy={canDeploy} />
      {isExternal ? <Servers deployment={deployment} /> : <Replicas deployment={deployment} />}
      <Section title="Facts" isFramed>
        <KeyValues
          labelWidth={88}
          items={[
            {
              label: 'Address',
              value: (
                <>
                  <Typography component="span" variant="mono" sx={{ fontSize: 12, overflowWrap: 'anywhere' }}>
                    {deployment.endpointUrl}
                  </Typography>{' '}
                  <CopyButton text={deployment.endpointUrl} what="address" />
                </>
              ),
            },
            {
              label: 'Model',
              value: <AppLink href={`/models/${encodeURIComponent(deployment.modelName)}`}>{deployment.modelName}</AppLink>,
            },
            { label: 'Replicas', value: isExternal ? null : String(deployment.replicas) },
            { label: 'Device', value: isExternal ? null : deviceNames[deployment.device] },
            { label: 'Id', value: <IdText id={deployment.id} /> },
            { label: 'Created', value: <RelativeTime at={deployment.createdAt} /> },
            { label: 'Changed', value: <RelativeTime at={deployment.updatedAt} /> },
            { label: 'By', value: deployment.createdBy },
          ]}
        />
      </Section>
    </Box>
  )
}
