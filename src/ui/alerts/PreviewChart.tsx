'use client'
import { keepPreviousData } from '@tanstack/react-query'
import Box from '@mui/material/Box'
import { alertFigures, type PreviewRule } from '#src/contracts/alert.ts'
import { figureText } from '#src/ui/alerts/figureText.ts'
import { LineChart } from '#src/ui/charts/LineChart.tsx'
import type { Series } from '#src/ui/charts/types.ts'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { plural } from '#src/ui/kit/format.ts'
import { trpc } from '#src/ui/trpc.tsx'

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', hour: '2-digit' })
/** Places in the palette: orange for what warns, vermilion for what is critical. */
const colors = { warning: 1, critical: 5 }
const lineColors = [0, 2, 3, 4, 6]

/** A rule's figure over the past, its thresholds across it, and where it would have fired. */
export function PreviewChart({ rule, height = 200 }: { rule: PreviewRule; height?: number }) {
  const query = trpc.alerts.preview.useQuery(rule, { placeholderData: keepPreviousData, staleTime: 30_000 })
  const shown = query.data?.deployments ?? []
  const ends = [shown[0]?.points[0], shown[0]?.points.at(-1)].map((point) => (point ? Date.parse(point.at) : 0))
  const lines: Series[] = shown.map((one, index) => ({
    key: one.id,
    label: one.name,
    color: lineColors[index % lineColors.length],
    isGapped: true,
    points: one.points.map((point) => ({ x: Date.parse(point.at), y: point.value })),
  }))
  const thresholds: Series[] = (['warning', 'critical'] as const).flatMap((severity) => {
    const value = rule[severity]
    if (value === null || !Number.isFinite(value)) return []
    return [{ key: severity, label: severity, color: colors[severity], isDashed: true, points: ends.map((x) => ({ x, y: value })) }]
  })
  const hasValues = lines.some(({ points }) => points.some(({ y }) => y !== null))
  const firings = shown.flatMap(({ name, firings: of }) => of.map((firing) => ({ ...firing, name })))
  const past = rule.hours > 24 ? 'the last 7 days' : 'the last 24 hours'
  const critical = firings.filter(({ severity }) => severity === 'critical').length
  return (
    <Box sx={{ display: 'grid', gap: 2, minWidth: 0 }}>
      <ErrorNotice title="The past could not be read" error={query.error} />
      <LineChart
        title={`${alertFigures[rule.figure].label} over ${past}`}
        series={hasValues ? [...lines, ...thresholds] : []}
        xLabel="Time"
        formatX={(x) => (rule.hours > 24 ? day : clock).format(x)}
        formatY={(value) => figureText(rule.figure, value)}
        isTime
        height={height}
        marks={firings
          .slice(0, 12)
          .map(({ from, severity }) => ({ x: Date.parse(from), label: severity === 'critical' ? 'critical' : 'warning' }))}
        emptyText={
          query.isPending
            ? 'Reading the past.'
            : shown.length === 0
              ? 'Nothing serves yet that this rule would watch. Its figure appears here from the first deployment on.'
              : `Too few requests in ${past} for a verdict. The figure appears here when at least ${plural(rule.minRequests, 'request')} fall into a window.`
        }
      />
      {hasValues && (
        <Box role="status" sx={{ typography: 'body2', color: 'text.secondary' }}>
          {firings.length === 0
            ? `In ${past} it would not have fired.`
            : `In ${past} it would have fired ${plural(firings.length, 'time')}${critical > 0 ? `, ${critical} of them critical` : ''}.`}
        </Box>
      )}
    </Box>
  )
}
