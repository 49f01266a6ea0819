'use client'
import Box from '@mui/material/Box'
import type { Alert } from '#src/contracts/alert.ts'
import { figureText, severityStatus, severityWords, thresholdText } from '#src/ui/alerts/figureText.ts'
import { PreviewChart } from '#src/ui/alerts/PreviewChart.tsx'
import { SubjectLink } from '#src/ui/alerts/SubjectLink.tsx'
import { KeyValues } from '#src/ui/kit/KeyValues.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const by = (who: string | null, at: string | null, none: string) =>
  at ? (
    <>
      <RelativeTime at={at} /> {who ? `by ${who}` : 'by itself'}
    </>
  ) : (
    none
  )

/** One alert: what it was about, the figure over the last day, and who did what. */
export function AlertCard({ alert }: { alert: Alert }) {
  const { data: rules } = trpc.alerts.rules.useQuery()
  const rule = rules?.find(({ id }) => id === alert.rule.id)
  return (
    <Box sx={{ display: 'grid', gap: 4 }}>
      <Box sx={{ display: 'grid', gap: 1 }}>
        <Box component="h2" sx={{ typography: 'h2', m: 0, overflowWrap: 'anywhere' }}>
          {alert.rule.name}
        </Box>
        <Box sx={{ display: 'flex', gap: 4 }}>
          <StatusChip status={severityStatus[alert.severity]} label={severityWords[alert.severity]} />
          <StatusChip status={alert.status} isLive />
        </Box>
        <Box sx={{ overflowWrap: 'anywhere' }}>{alert.message}</Box>
      </Box>
      {rule && alert.deployment && (
        <PreviewChart
          rule={{
            figure: alert.figure,
            deployment: alert.deployment.id,
            warning: rule.warning,
            critical: rule.critical,
            windowMinutes: rule.windowMinutes,
            minRequests: rule.minRequests,
            forMinutes: rule.forMinutes,
            hours: 24,
          }}
        />
      )}
      <KeyValues
        items={[
          { label: 'About', value: <SubjectLink alert={alert} /> },
          { label: 'When it fired', value: figureText(alert.figure, alert.value) },
          { label: 'At its worst', value: figureText(alert.figure, alert.worst) },
          { label: 'Last seen', value: figureText(alert.figure, alert.lastValue) },
          { label: 'Threshold', value: thresholdText(alert.figure, alert.threshold) },
          { label: 'Fired', value: <RelativeTime at={alert.firedAt} /> },
          { label: 'Channels told', value: alert.notifiedAt ? <RelativeTime at={alert.notifiedAt} /> : 'no: within the cooldown' },
          { label: 'Acknowledged', value: by(alert.acknowledgedBy, alert.acknowledgedAt, 'not yet') },
          { label: 'Resolved', value: by(alert.resolvedBy, alert.resolvedAt, 'not yet') },
          { label: 'Note', value: alert.note },
        ]}
      />
    </Box>
  )
}
