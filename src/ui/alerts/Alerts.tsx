'use client'
import { keepPreviousData } from '@tanstack/react-query'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useState } from 'react'
import { type Alert, subjectOf } from '#src/contracts/alert.ts'
import { AcknowledgeDialog } from '#src/ui/alerts/AcknowledgeDialog.tsx'
import { AlertActions } from '#src/ui/alerts/AlertActions.tsx'
import { alertFilters, alertInput } from '#src/ui/alerts/alertInput.ts'
import { AlertPeek } from '#src/ui/alerts/AlertPeek.tsx'
import { figureText, severityStatus, severityWords } from '#src/ui/alerts/figureText.ts'
import { SubjectLink } from '#src/ui/alerts/SubjectLink.tsx'
import { ButtonLink } from '#src/ui/kit/ButtonLink.tsx'
import { type Column, DataTable } from '#src/ui/kit/DataTable.tsx'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { TabList } from '#src/ui/kit/TabList.tsx'
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

const emptyWords: Record<string, string> = {
  open: 'Nothing is firing. When a figure crosses the threshold of a rule, it appears here within seconds.',
  resolved: 'No alert has been resolved yet. Those that are over are kept here.',
  all: 'There has been no alert yet. Rules watch every deployment from its first request on.',
}

/** What fires, and what has fired. */
export function Alerts() {
  const [show, setShow] = useUrlState('show', 'open')
  // Here and not in its row, which may leave the list while somebody types.
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
            peek={(alert) => <AlertPeek id={alert.id} listed={alert} onAcknowledge={setAcknowledging} />}
            peekParam="alert"
            peekUnlisted={(id) => <AlertPeek id={id} onAcknowledge={setAcknowledging} />}
            rowActions={(alert) => <AlertActions alert={alert} onAcknowledge={setAcknowledging} />}
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
