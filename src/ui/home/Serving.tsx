'use client'
import Box from '@mui/material/Box'
import { Sparkline } from '#src/ui/charts/Sparkline.tsx'
import { AppLink } from '#src/ui/kit/AppLink.tsx'
import { formatMs, formatPercent, plural } from '#src/ui/kit/format.ts'
import { ListCard } from '#src/ui/kit/ListCard.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { StatusShape, toneOf } from '#src/ui/kit/StatusChip.tsx'
import { type Outputs, trpc } from '#src/ui/trpc.tsx'

type Deployment = Outputs['deployments']['list']['items'][number]
const figuresEveryMs = 20_000
const shownAtMost = 5

function factsOf({ status, lastHour }: Deployment): string {
  if (toneOf(status) !== 'ready') return status
  if (lastHour.requests === 0) return 'no requests in the last hour'
  return `${plural(lastHour.requests, 'request')} · p95 ${formatMs(lastHour.p95Ms)} · ${formatPercent(lastHour.errors / lastHour.requests)} errors`
}

/** The endpoints that answer now, with their last hour. */
export function Serving() {
  const { data } = trpc.deployments.list.useQuery({ limit: 20 }, { refetchInterval: figuresEveryMs })
  const running = (data?.items ?? []).filter((deployment) => deployment.status !== 'stopped').slice(0, shownAtMost)
  if (running.length === 0) return null
  return (
    <Section title="Serving now">
      <ListCard label="Serving now">
        {running.map((deployment) => (
          <Box component="li" key={deployment.id} sx={{ display: 'flex', gap: 3, alignItems: 'center' }}>
            <StatusShape status={deployment.status} />
            <Box sx={{ flex: 1, minWidth: 0 }}>
              <AppLink
                href={`/deployments/${encodeURIComponent(deployment.name)}`}
                sx={{ color: 'text.primary', fontWeight: 550, overflowWrap: 'anywhere' }}
              >
                {deployment.name}
              </AppLink>
              <Box sx={{ typography: 'caption', color: 'text.secondary' }}>{factsOf(deployment)}</Box>
            </Box>
            <Sparkline
              label={`Requests of ${deployment.name} in the last hour`}
              values={deployment.lastHour.spark.map((step) => step.requests)}
              width={96}
              height={24}
            />
          </Box>
        ))}
      </ListCard>
    </Section>
  )
}
