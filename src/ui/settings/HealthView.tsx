'use client'
import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import type { HealthPart, PartName } from '#src/contracts/health.ts'
import { partNames } from '#src/contracts/health.ts'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { formatBytes } from '#src/ui/kit/format.ts'
import { ListCard } from '#src/ui/kit/ListCard.tsx'
import { PageSkeleton } from '#src/ui/kit/PageSkeleton.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const everyMs = 5_000

const names: Record<PartName, string> = {
  database: 'Database',
  migrations: 'Tables',
  queue: 'Queues',
  worker: 'Worker',
  storage: 'Artifact storage',
  disk: 'Disk space',
  training: 'Training runtimes',
  inference: 'Inference runtimes',
  relaycore: 'RelayCore',
}
const words: Record<HealthPart['status'], { status: string; label: string }> = {
  ok: { status: 'ready', label: 'Works' },
  degraded: { status: 'degraded', label: 'Needs a look' },
  unavailable: { status: 'failed', label: 'Does not work' },
  off: { status: 'disabled', label: 'Not set up' },
}
const verdicts = {
  ok: { status: 'ready', label: 'Everything works' },
  degraded: { status: 'degraded', label: 'Works, but not all of it' },
  unavailable: { status: 'failed', label: 'Does not work' },
  unknown: { status: 'failed', label: 'Not known just now' },
}

const labels: Record<string, string> = {
  connections: 'Connections',
  newest: 'Newest change',
  trainingWaiting: 'Training jobs waiting',
  failedLastHour: 'Failed in the last hour',
  silent: 'Silent',
  lost: 'Lost',
  draining: 'Draining',
  waiting: 'Not yet delivered',
  code: 'Error',
}

function factsOf({ details, latencyMs }: HealthPart): string[] {
  const facts = Object.entries(labels).flatMap(([key, label]) => {
    const value = details[key]
    return value === undefined || value === null || value === 0 || value === '' ? [] : [`${label} ${value}`]
  })
  if (typeof details.freeBytes === 'number')
    facts.push(`${formatBytes(details.freeBytes)} of ${formatBytes(Number(details.totalBytes))} free`)
  if (latencyMs !== null && latencyMs >= 1) facts.push(`answered in ${Math.round(latencyMs)} ms`)
  return facts
}

/** How much of something is used, as a bar. */
function Used({ share, label }: { share: number; label: string }) {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100)
  const color = percent > 97 ? 'state.failed' : percent > 90 ? 'state.degraded' : 'state.ready'
  return (
    <Box
      role="img"
      aria-label={`${label}: ${percent} % used`}
      sx={{ height: 6, borderRadius: 3, bgcolor: 'action.hover', overflow: 'hidden', mt: 1.5 }}
    >
      <Box sx={{ width: `${percent}%`, height: 1, bgcolor: color }} />
    </Box>
  )
}

function shareOf({ details }: HealthPart): number | undefined {
  if (typeof details.freePercent === 'number') return 1 - details.freePercent / 100
  if (typeof details.connections === 'number') return details.connections / Number(details.maxConnections)
  return undefined
}

function Part({ name, part }: { name: PartName; part: HealthPart }) {
  const facts = factsOf(part)
  const share = shareOf(part)
  return (
    <Box
      component="li"
      sx={{ display: 'grid', gridTemplateColumns: { xs: '1fr', sm: '180px 1fr auto' }, columnGap: 4, rowGap: 1, alignItems: 'start' }}
    >
      <Typography component="h3" sx={{ fontWeight: 600 }}>
        {names[name]}
      </Typography>
      <Box sx={{ minWidth: 0, order: { xs: 3, sm: 0 } }}>
        <Typography variant="body2">{part.message}</Typography>
        {facts.length > 0 && (
          <Typography variant="caption" color="textSecondary" component="p">
            {facts.join(' · ')}
          </Typography>
        )}
        {share !== undefined && <Used share={share} label={name === 'disk' ? 'Disk' : 'Connections'} />}
      </Box>
      <StatusChip {...words[part.status]} isLive />
    </Box>
  )
}

/** What the installation stands on, part by part, as it is now. */
export function HealthView() {
  const { data, error, refetch } = trpc.system.health.useQuery(undefined, { refetchInterval: everyMs, staleTime: 0 })
  return (
    <Section
      title="Health"
      note="What NeuroWeaver stands on, asked every five seconds. Load balancers ask /health/ready and /health/live; scripts read /api/v1/health."
      actions={data && <StatusChip {...(error ? verdicts.unknown : verdicts[data.status])} isFramed isLive />}
    >
      <ErrorNotice title="The health could not be read" error={error} isOlder={data !== undefined} onRetry={() => void refetch()} />
      {!data && !error && <PageSkeleton />}
      {data && (
        <Box sx={{ opacity: error ? 0.5 : 1 }}>
          <ListCard label="Parts">
            {partNames.map((name) => (
              <Part key={name} name={name} part={data.parts[name]} />
            ))}
          </ListCard>
          <Typography variant="caption" color="textSecondary" component="p" sx={{ mt: 2 }}>
            Version {data.version} · looked at <RelativeTime at={data.at} />
          </Typography>
        </Box>
      )}
    </Section>
  )
}
