'use client'
import { keepPreviousData } from '@tanstack/react-query'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { ActivityPlot } from '#src/ui/audit/ActivityPlot.tsx'
import { AuditCard } from '#src/ui/audit/AuditCard.tsx'
import { auditColumns } from '#src/ui/audit/auditColumns.tsx'
import { AuditFilters } from '#src/ui/audit/AuditFilters.tsx'
import { ExportMenu } from '#src/ui/audit/ExportMenu.tsx'
import { useAuditFilter } from '#src/ui/audit/useAuditFilter.ts'
import { VerifyChain } from '#src/ui/audit/VerifyChain.tsx'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { DataTable } from '#src/ui/kit/DataTable.tsx'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { formatNumber } from '#src/ui/kit/format.ts'
import { Section } from '#src/ui/kit/Section.tsx'
import { trpc } from '#src/ui/trpc.tsx'

/** Changes in other projects are not announced to this page. */
const pollMs = 10_000
/** Counting a long time is dear, and a plot of days does not change in seconds. */
const plotPollMs = 60_000
const countCap = 10_000

const countText = (shown: number, total: number) =>
  `${formatNumber(shown)} of ${total > countCap ? `more than ${formatNumber(countCap)}` : formatNumber(Math.max(total, shown))}`

/** Who changed what, when, and through which door; for admins. */
export function Audit() {
  const filter = useAuditFilter()
  const { isAdmin } = usePermissions()
  const activity = trpc.audit.activity.useQuery(filter.input, {
    placeholderData: keepPreviousData,
    refetchInterval: plotPollMs,
    refetchOnMount: 'always',
  })
  const query = trpc.audit.list.useInfiniteQuery(filter.input, {
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: pollMs,
    refetchOnMount: 'always',
  })
  const rows = query.data?.pages.flatMap((page) => page.items)
  return (
    <Box sx={{ display: 'grid', gap: 6, minWidth: 0 }}>
      <Section
        title="Audit"
        note={
          isAdmin
            ? 'Every change in this installation: who made it, through what, and what was before and after. Entries cannot be changed or removed.'
            : 'Every change in this project: who made it, through what, and what was before and after. Entries cannot be changed or removed.'
        }
        actions={
          <Box sx={{ display: 'flex', gap: 2 }}>
            {isAdmin && <VerifyChain />}
            <ExportMenu params={filter.params} />
          </Box>
        }
        isFramed
      >
        {activity.data ? <ActivityPlot activity={activity.data} onPick={filter.set} /> : <Box sx={{ height: 140 }} />}
      </Section>
      {query.isError && !rows ? (
        <ErrorNotice title="The record could not be read" error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <DataTable
          id="audit"
          label="Audit entries"
          columns={auditColumns}
          rows={rows}
          rowKey={(event) => event.id}
          isStale={query.isPlaceholderData}
          peek={(event) => <AuditCard event={event} />}
          toolbar={<AuditFilters filter={filter} />}
          empty={
            filter.isFiltered ? (
              <EmptyState
                sentence="No entry matches the filters."
                action={
                  <Button variant="outlined" onClick={filter.clear}>
                    Clear all filters
                  </Button>
                }
              />
            ) : (
              <EmptyState sentence="Nothing has been changed yet. The first model, data set or person that is added appears here." />
            )
          }
          footer={
            <Box sx={{ display: 'flex', alignItems: 'center', gap: 3, mt: 3, typography: 'body2', color: 'text.secondary' }}>
              {rows && <span>{countText(rows.length, query.data?.pages[0]?.total ?? 0)}</span>}
              {query.hasNextPage && (
                <Button variant="outlined" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  Load more
                </Button>
              )}
            </Box>
          }
        />
      )}
    </Box>
  )
}
