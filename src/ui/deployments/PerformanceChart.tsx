'use client'
import { keepPreviousData } from '@tanstack/react-query'
import Box from '@mui/material/Box'
import MenuItem from '@mui/material/MenuItem'
import Select from '@mui/material/Select'
import { useMemo, useState } from 'react'
import { LineChart } from '#src/ui/charts/LineChart.tsx'
import { formatFigure } from '#src/ui/charts/scale.ts'
import type { LineChartProps } from '#src/ui/charts/types.ts'
import { ChartFrame } from '#src/ui/deployments/ChartFrame.tsx'
import { errorSeries, latencySeries, stepsOf, trafficSeries, versionMarks, versionsOf } from '#src/ui/deployments/metrics.ts'
import { RangePicker } from '#src/ui/deployments/RangePicker.tsx'
import { TrafficChart } from '#src/ui/deployments/TrafficChart.tsx'
import { useTimeOf } from '#src/ui/deployments/useTimeOf.ts'
import { useRange } from '#src/ui/deployments/useRange.ts'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { formatMs } from '#src/ui/kit/format.ts'
import { Section } from '#src/ui/kit/Section.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const pollMs = 10_000
const msOf = (ms: number) => (ms === 0 ? '0 ms' : formatMs(ms))
const percent = (share: number) => `${formatFigure(Number((share * 100).toPrecision(3)))} %`

type Props = {
  /** Name or id. */
  deployment: string
  /** The version whose latency is shown until another is chosen. */
  mainVersion: number | null
  /** Name of the model that it was made for. */
  model: string
}

/** Latency by percentile, traffic by version, the share of errors and what each version is given, over one time axis. */
export function PerformanceChart({ deployment, mainVersion, model }: Props) {
  const { range, set, now, input } = useRange(deployment)
  const formatX = useTimeOf(range)
  const query = trpc.deployments.metrics.useQuery(input, { placeholderData: keepPreviousData, refetchInterval: pollMs })
  const buckets = query.data ?? []
  const versions = versionsOf(buckets)
  const [picked, setPicked] = useState<number | null>(null)
  const version = [picked, mainVersion, versions.at(-1) ?? null].find((one) => one !== null && versions.includes(one)) ?? mainVersion ?? 1
  const common = useMemo((): Pick<LineChartProps, 'formatX' | 'xDomain' | 'marks' | 'syncId' | 'xLabel' | 'fromZero' | 'isTime'> => {
    const steps = stepsOf(range, now)
    return {
      formatX,
      xDomain: [steps[0] as number, steps.at(-1) as number],
      marks: versionMarks(query.data ?? []),
      syncId: `deployment ${deployment}`,
      xLabel: 'Time',
      fromZero: true,
      isTime: true,
    }
  }, [range, now, query.data, deployment, formatX])
  const picker = versions.length > 1 && (
    <Select
      size="small"
      value={version}
      onChange={(event) => setPicked(Number(event.target.value))}
      inputProps={{ 'aria-label': 'Version whose latency is shown' }}
    >
      {versions.map((one) => (
        <MenuItem key={one} value={one}>
          Version {one}
        </MenuItem>
      ))}
    </Select>
  )
  const seconds = range.stepMinutes === 1 ? 'minute' : `${range.stepMinutes} minutes`
  const traffic = trafficSeries(buckets, range, now)
  const hasTraffic = buckets.some((bucket) => bucket.requests > 0)
  return (
    <Section
      title="Performance"
      note={`One point ${range.stepMinutes === 1 ? 'a' : 'every'} ${seconds}.`}
      actions={<RangePicker value={range.key} onChange={set} />}
    >
      <ErrorNotice title="The figures could not be read" error={query.error} onRetry={() => void query.refetch()} />
      <Box sx={{ display: 'grid', gap: 4, gridTemplateColumns: { lg: 'repeat(2, minmax(0, 1fr))' } }}>
        <ChartFrame title="Latency" note={picker}>
          <LineChart
            {...common}
            title={`Latency of version ${version}`}
            series={latencySeries(buckets, version, range, now)}
            formatY={msOf}
            emptyText="p50, p95 and p99 appear here with the first request."
          />
        </ChartFrame>
        <ChartFrame title={`Requests a ${traffic.unit}`}>
          <LineChart
            {...common}
            title={`Requests a ${traffic.unit} by version`}
            series={hasTraffic ? traffic.series : []}
            yAtLeast={1}
            emptyText="Traffic appears here, a line a version, with the first request."
          />
        </ChartFrame>
        <ChartFrame title="Share of errors" isWide>
          <LineChart
            {...common}
            height={120}
            title="Share of requests that failed"
            series={errorSeries(buckets, range, now)}
            formatY={percent}
            yAtLeast={0.01}
            emptyText="The share of failed requests appears here with the first request."
          />
        </ChartFrame>
        <TrafficChart deployment={deployment} model={model} />
      </Box>
    </Section>
  )
}
