'use client'
import { keepPreviousData } from '@tanstack/react-query'
import Box from '@mui/material/Box'
import { alertFigures, type PreviewRule, type RulePreview } from '#src/contracts/alert.ts'
import { figureText, severityStatus, severityWords } from '#src/ui/alerts/figureText.ts'
import { LineChart } from '#src/ui/charts/LineChart.tsx'
import type { Series } from '#src/ui/charts/types.ts'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { plural } from '#src/ui/kit/format.ts'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', hour: '2-digit' })
/** Places in the palette: orange for what warns, vermilion for what is critical. */
const colors = { warning: 1, critical: 5 }
const lineColors = [0, 2, 3, 4, 6]

const noPast = {
  runtime: 'Heartbeats of the past are not kept, so there is nothing to try the rule on. Just now:',
  disk: 'The free space of the past is not kept, so there is nothing to try the rule on. Just now:',
}

/** Where no past is kept: what is seen now, and what the rule makes of it. */
function Present({ rule, now, subject }: { rule: PreviewRule; now: RulePreview['now'] | undefined; subject: keyof typeof noPast }) {
  return (
    <Box sx={{ display: 'grid', gap: 3, minWidth: 0 }}>
      <Box sx={{ color: 'text.secondary' }}>{noPast[subject]}</Box>
      {now?.length === 0 && <Box>No runtime has joined yet. Each is watched from when it does.</Box>}
      <Box component="ul" aria-label="Just now" sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 2 }}>
        {now?.map(({ name, value }) => (
          <Box component="li" key={name} sx={{ display: 'flex', gap: 3, alignItems: 'baseline' }}>
            <Box sx={{ flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}>{name}</Box>
            <Box sx={{ fontVariantNumeric: 'tabular-nums', fontWeight: 600 }}>
              {value === null ? 'away for longer than the window' : figureText(rule.figure, value)}
            </Box>
            <StatusChip {...verdictOf(rule, value)} />
          </Box>
        ))}
      </Box>
    </Box>
  )
}

function verdictOf({ figure, warning, critical }: PreviewRule, value: number | null): { status: string; label: string } {
  const isBeyond = (limit: number | null) =>
    value !== null && limit !== null && (alertFigures[figure].isBadAbove ? value > limit : value < limit)
  if (isBeyond(critical)) return { status: severityStatus.critical, label: severityWords.critical }
  if (isBeyond(warning)) return { status: severityStatus.warning, label: severityWords.warning }
  return value === null ? { status: 'stopped', label: 'Not watched' } : { status: 'ready', label: 'Quiet' }
}

/** A rule's figure over the past, its thresholds across it, and where it would have fired. */
export function PreviewChart({ rule, height = 200 }: { rule: PreviewRule; height?: number }) {
  const query = trpc.alerts.preview.useQuery(rule, { placeholderData: keepPreviousData, staleTime: 30_000 })
  const { subject } = alertFigures[rule.figure]
  if (subject)
    return (
      <>
        <ErrorNotice title="What is seen now could not be read" error={query.error} />
        <Present rule={rule} now={query.isPlaceholderData ? undefined : query.data?.now} subject={subject} />
      </>
    )
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
