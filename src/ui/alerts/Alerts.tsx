'use client'
import { keepPreviousData } from '@tanstack/react-query'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useState } from 'react'
import { type Alert, subjectOf } from '#src/contracts/alert.ts'
import { AcknowledgeDialog } from '#src/ui/alerts/AcknowledgeDialog.tsx'
import { AlertCard } from '#src/ui/alerts/AlertCard.tsx'
import { alertFilters, alertInput } from '#src/ui/alerts/alertInput.ts'
import { figureText, severityStatus, severityWords } from '#src/ui/alerts/figureText.ts'
import { SubjectLink } from '#src/ui/alerts/SubjectLink.tsx'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { ButtonLink } from '#src/ui/kit/ButtonLink.tsx'
import { type Column, DataTable } from '#src/ui/kit/DataTable.tsx'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { TabList } from '#src/ui/kit/TabList.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { useUrlState } from '#src/ui/kit/useUrlState.ts'
import { trpc } from '#src/ui/trpc.tsx'

/** What waits for somebody comes first, and of that what is critical. */
const urgency = ({ status, severity }: Alert) =>
  ['firing', 'acknowledged', 'resolved'].indexOf(status) * 2 + (severity === 'critical' ? 0 : 1)

const columns: Column<Alert>[] = [
  {
    key: 'rule',
    header: 'Alert',
    cell: (alert) => (
      <Box component="span" sx={{ whiteSpace: 'normal' }}>
        {alert.rule.name}
      </Box>
    ),
    sortValue: (alert) => alert.rule.name,
  },
  {
    key: 'severity',
    header: 'Severity',
    cell: (alert) => <StatusChip status={severityStatus[alert.severity]} label={severityWords[alert.severity]} />,
    sortValue: (alert) => (alert.severity === 'critical' ? 0 : 1),
  },
  { key: 'status', header: 'State', cell: (alert) => <StatusChip status={alert.status} />, sortValue: urgency },
  {
    key: 'deployment',
    header: 'About',
    cell: (alert) => <SubjectLink alert={alert} />,
    sortValue: subjectOf,
  },
  { key: 'now', header: 'Now', align: 'right', cell: (alert) => figureText(alert.figure, alert.lastValue) },
  { key: 'threshold', header: 'Threshold', align: 'right', cell: (alert) => figureText(alert.figure, alert.threshold) },
  { key: 'fired', header: 'Fired', cell: (alert) => <RelativeTime at={alert.firedAt} />, sortValue: (alert) => alert.firedAt },
  {
    key: 'acknowledged',
    header: 'Acknowledged by',
    cell: (alert) => alert.acknowledgedBy ?? '–',
    isHiddenByDefault: true,
  },
  { key: 'resolved', header: 'Resolved', cell: (alert) => <RelativeTime at={alert.resolvedAt} none="–" />, isHiddenByDefault: true },
]

function ResolveButton({ alert }: { alert: Alert }) {
  const toast = useToast()
  const utils = trpc.useUtils()
  const resolve = trpc.alerts.resolve.useMutation({
    onSuccess: () => {
      toast({ message: `${alert.rule.name} on ${subjectOf(alert)} is resolved.` })
      void utils.alerts.invalidate()
    },
    onError: (error) => toast({ message: error.message, tone: 'failed' }),
  })
  return (
    <Button
      loading={resolve.isPending}
      onClick={() => resolve.mutate({ id: alert.id })}
      aria-label={`Resolve ${alert.rule.name} on ${subjectOf(alert)}`}
    >
      Resolve
    </Button>
  )
}

const emptyWords: Record<string, string> = {
  open: 'Nothing is firing. When a figure crosses the threshold of a rule, it appears here within seconds.',
  resolved: 'No alert has been resolved yet. Those that are over are kept here.',
  all: 'There has been no alert yet. Rules watch every deployment from its first request on.',
}

/** What fires, and what has fired. */
export function Alerts() {
  const [show, setShow] = useUrlState('show', 'open')
  const { canDeploy } = usePermissions()
  const [acknowledging, setAcknowledging] = useState<Alert | null>(null)
  const query = trpc.alerts.list.useInfiniteQuery(alertInput(show), {
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
  })
  const rows = query.data?.pages.flatMap((page) => page.items).toSorted((left, right) => urgency(left) - urgency(right))
  return (
    <Box sx={{ display: 'grid', gap: 4, minWidth: 0 }}>
      <TabList id="alerts" label="Which alerts" tabs={[...alertFilters]} value={show} onChange={setShow} />
      <Box id="alerts-panel" role="tabpanel" aria-labelledby={`alerts-${show}`} sx={{ minWidth: 0 }}>
        {query.isError && !rows ? (
          <ErrorNotice title="The alerts could not be read" error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <DataTable
            id="alerts"
            label="Alerts"
            columns={columns}
            rows={rows}
            rowKey={(alert) => alert.id}
            isStale={query.isPlaceholderData}
            skeletonCount={3}
            peek={(alert) => <AlertCard alert={alert} />}
            rowActions={(alert) =>
              canDeploy && alert.status !== 'resolved' ? (
                <>
                  {alert.status === 'firing' && (
                    <Button onClick={() => setAcknowledging(alert)} aria-label={`Acknowledge ${alert.rule.name} on ${subjectOf(alert)}`}>
                      Acknowledge
                    </Button>
                  )}
                  <ResolveButton alert={alert} />
                </>
              ) : null
            }
            empty={
              <EmptyState
                sentence={emptyWords[show] ?? (emptyWords.all as string)}
                action={
                  <ButtonLink href="/monitoring/rules" variant="contained">
                    Open alert rules
                  </ButtonLink>
                }
              />
            }
            footer={
              query.hasNextPage && (
                <Button variant="outlined" sx={{ mt: 3 }} loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  Load more
                </Button>
              )
            }
          />
        )}
      </Box>
      {acknowledging && <AcknowledgeDialog alert={acknowledging} onClose={() => setAcknowledging(null)} />}
    </Box>
  )
}
