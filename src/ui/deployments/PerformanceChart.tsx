'use client'
import { keepPreviousData } from '@tanstack/react-query'
import Box from '@mui/material/Box'
import MenuItem from '@mui/material/MenuItem'
import Select from '@mui/material/Select'
import { useMemo, useState } from 'react'
import { LineChart } from '#src/ui/charts/LineChart.tsx'
import { formatFigure } from '#src/ui/charts/scale.ts'
import type { LineChartProps } from '#src/ui/charts/types.ts'
import { errorSeries, latencySeries, type Range, stepsOf, trafficSeries, versionMarks, versionsOf } from '#src/ui/deployments/metrics.ts'
import { RangePicker } from '#src/ui/deployments/RangePicker.tsx'
import { useRange } from '#src/ui/deployments/useRange.ts'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { formatMs } from '#src/ui/kit/format.ts'
import { Section } from '#src/ui/kit/Section.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const pollMs = 10_000
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', hour: '2-digit' })
const timeOf = (range: Range) => (x: number) => (range.minutes > 1440 ? day : clock).format(x)
const msOf = (ms: number) => (ms === 0 ? '0 ms' : formatMs(ms))
const percent = (share: number) => `${formatFigure(Number((share * 100).toPrecision(3)))} %`

function Frame({
  title,
  note,
  children,
  isWide = false,
}: {
  title: string
  note?: React.ReactNode
  children: React.ReactNode
  isWide?: boolean
}) {
  return (
    <Box
      sx={{
        border: 1,
        borderColor: 'divider',
        borderRadius: '8px',
        bgcolor: 'background.paper',
        p: 4,
        minWidth: 0,
        gridColumn: isWide ? { lg: '1 / -1' } : undefined,
      }}
    >
      <Box sx={{ display: 'flex', alignItems: 'center', gap: 2, mb: 2, minHeight: 28 }}>
        <Box component="h3" sx={{ typography: 'h3', m: 0, flex: 1 }}>
          {title}
        </Box>
        {note}
      </Box>
      {children}
    </Box>
  )
}

type Props = {
  /** Name or id. */
  deployment: string
  /** The version whose latency is shown until another is chosen. */
  mainVersion: number | null
}

/** Latency by percentile, traffic by version and the share of errors over one time axis, with marks where another version came in. */
export function PerformanceChart({ deployment, mainVersion }: Props) {
  const { range, set, now, input } = useRange(deployment)
  const query = trpc.deployments.metrics.useQuery(input, { placeholderData: keepPreviousData, refetchInterval: pollMs })
  const buckets = query.data ?? []
  const versions = versionsOf(buckets)
  const [picked, setPicked] = useState<number | null>(null)
  const version = [picked, mainVersion, versions.at(-1) ?? null].find((one) => one !== null && versions.includes(one)) ?? mainVersion ?? 1
  const common = useMemo((): Pick<LineChartProps, 'formatX' | 'xDomain' | 'marks' | 'syncId' | 'xLabel' | 'fromZero' | 'isTime'> => {
    const steps = stepsOf(range, now)
    return {
      formatX: timeOf(range),
      xDomain: [steps[0] as number, steps.at(-1) as number],
      marks: versionMarks(query.data ?? []),
      syncId: `deployment ${deployment}`,
      xLabel: 'Time',
      fromZero: true,
      isTime: true,
    }
  }, [range, now, query.data, deployment])
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
        <Frame title="Latency" note={picker}>
          <LineChart
            {...common}
            title={`Latency of version ${version}`}
            series={latencySeries(buckets, version, range, now)}
            formatY={msOf}
            emptyText="p50, p95 and p99 appear here with the first request."
          />
        </Frame>
        <Frame title={`Requests a ${traffic.unit}`}>
          <LineChart
            {...common}
            title={`Requests a ${traffic.unit} by version`}
            series={hasTraffic ? traffic.series : []}
            yAtLeast={1}
            emptyText="Traffic appears here, a line a version, with the first request."
          />
        </Frame>
        <Frame title="Share of errors" isWide>
          <LineChart
            {...common}
            height={120}
            title="Share of requests that failed"
            series={errorSeries(buckets, range, now)}
            formatY={percent}
            yAtLeast={0.01}
            emptyText="The share of failed requests appears here with the first request."
          />
        </Frame>
      </Box>
    </Section>
  )
}
