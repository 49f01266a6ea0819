'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import dynamic from 'next/dynamic'
import { useState } from 'react'
import type { ModelPerformance as Performance } from '#src/contracts/performance.ts'
import { LineChart } from '#src/ui/charts/LineChart.tsx'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { Figure } from '#src/ui/kit/Figure.tsx'
import { formatMs, formatNumber, formatPercent, plural } from '#src/ui/kit/format.ts'
import { KeyValues } from '#src/ui/kit/KeyValues.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { SwitchHistory } from '#src/ui/performance/SwitchHistory.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const ThresholdsDialog = dynamic(() => import('#src/ui/performance/ThresholdsDialog.tsx').then((module) => module.ThresholdsDialog), {
  ssr: false,
})
const SwitchDialog = dynamic(() => import('#src/ui/performance/SwitchDialog.tsx').then((module) => module.SwitchDialog), { ssr: false })

const everyMs = 10_000
const chips = {
  healthy: { status: 'ready', label: 'Healthy' },
  degraded: { status: 'degraded', label: 'Degraded' },
  unknown: { status: 'idle', label: 'No verdict' },
} as const

const above = (limit: number | null, format: (value: number) => string) => (limit === null ? undefined : `at most ${format(limit)}`)
const below = (limit: number | null, format: (value: number) => string) => (limit === null ? undefined : `at least ${format(limit)}`)

function Figures({ performance }: { performance: Performance }) {
  const { figures, thresholds } = performance
  return (
    <Box sx={{ display: 'grid', gap: 4, gridTemplateColumns: 'repeat(auto-fill, minmax(150px, 1fr))' }}>
      <Figure label="Requests" value={formatNumber(figures.requests)} note={`${formatNumber(figures.errors)} failed`} />
      <Figure label="Latency, p95" value={formatMs(figures.latencyMs.p95)} note={above(thresholds.maxLatencyMs, formatMs)} />
      <Figure
        label="Accuracy"
        value={formatPercent(figures.accuracy)}
        note={below(thresholds.minAccuracy, formatPercent) ?? plural(figures.qualityReports, 'report')}
      />
      <Figure
        label="Throughput"
        value={`${figures.throughputRps.toFixed(2)} rps`}
        note={below(thresholds.minThroughputRps, (value) => `${value} rps`)}
      />
      <Figure
        label="Cost of a request"
        value={figures.costPerRequest === null ? '–' : figures.costPerRequest.toPrecision(3)}
        note={above(thresholds.maxCostPerRequest, String)}
      />
    </Box>
  )
}

/** How a model keeps to what it must, who stands in, and how it was switched. */
export function ModelPerformance({ model }: { model: string }) {
  const { canDeploy } = usePermissions()
  const [dialog, setDialog] = useState<'thresholds' | 'switch' | null>(null)
  const { data } = trpc.performance.get.useQuery({ model }, { refetchInterval: everyMs })
  if (!data) return null
  const points = data.quality.filter(({ accuracy }) => accuracy !== null).map(({ at, accuracy }) => ({ x: Date.parse(at), y: accuracy }))
  const limit = data.thresholds.minAccuracy
  return (
    <Section
      title="Performance"
      note={`The last ${plural(data.windowMinutes, 'minute')}; a verdict needs ${plural(data.minRequests, 'request')}.`}
      isFramed
      actions={
        canDeploy && (
          <>
            <Button variant="outlined" onClick={() => setDialog('thresholds')}>
              Set thresholds
            </Button>
            <Button variant="outlined" onClick={() => setDialog('switch')}>
              Switch model
            </Button>
          </>
        )
      }
    >
      <Box sx={{ display: 'grid', gap: 5 }}>
        <Box sx={{ display: 'flex', gap: 3, flexWrap: 'wrap', alignItems: 'center' }}>
          <StatusChip {...chips[data.health]} isLive />
          {data.reason && <Box sx={{ color: 'text.secondary', typography: 'body2' }}>{data.reason}</Box>}
        </Box>
        <Figures performance={data} />
        {points.length > 1 && (
          <LineChart
            title="Reported accuracy"
            isTime
            height={160}
            formatY={(value) => formatPercent(value, 0)}
            series={[
              { key: 'accuracy', label: 'Accuracy', points },
              ...(limit === null
                ? []
                : [
                    {
                      key: 'limit',
                      label: 'Threshold',
                      isDashed: true,
                      points: [points[0], points.at(-1)].map((point) => ({ x: point?.x ?? 0, y: limit })),
                    },
                  ]),
            ]}
            emptyText="Reports of quality appear here."
          />
        )}
        <KeyValues
          items={[
            {
              label: 'When degraded',
              value: data.autoSwitch ? 'it is switched to its best healthy stand-in by itself' : 'nothing moves by itself',
            },
            {
              label: 'Stand-ins',
              value: data.candidates.map(({ name, version }) => `${name} v${version}`).join(', ') || 'none of equal signature is healthy',
            },
          ]}
        />
        <SwitchHistory model={model} canDeploy={canDeploy} />
      </Box>
      {dialog === 'thresholds' && <ThresholdsDialog performance={data} onClose={() => setDialog(null)} />}
      {dialog === 'switch' && <SwitchDialog performance={data} onClose={() => setDialog(null)} />}
    </Section>
  )
}
