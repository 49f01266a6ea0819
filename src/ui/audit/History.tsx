'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Skeleton from '@mui/material/Skeleton'
import type { historyTypes } from '#src/contracts/audit.ts'
import { actorText } from '#src/ui/audit/auditFacts.ts'
import { Changes } from '#src/ui/audit/Changes.tsx'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { ListCard } from '#src/ui/kit/ListCard.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const pageSize = 20

/** What happened to one thing: who did it, when, and what was before and after. */
export function History({ type, id }: { type: (typeof historyTypes)[number]; id: string }) {
  const query = trpc.audit.history.useInfiniteQuery(
    { targetType: type, targetId: id, limit: pageSize },
    { getNextPageParam: (page) => page.nextCursor ?? undefined, refetchOnMount: 'always' },
  )
  const events = query.data?.pages.flatMap((page) => page.items)
  if (!events && query.error)
    return <ErrorNotice title="The history could not be read" error={query.error} onRetry={() => void query.refetch()} />
  if (!events) return <Skeleton variant="rounded" height={160} />
  if (events.length === 0) return <EmptyState isCompact sentence="Nothing has been written down of it yet. Its next change appears here." />
  return (
    <Box sx={{ display: 'grid', gap: 3, justifyItems: 'start' }}>
      <Box sx={{ width: '100%', minWidth: 0 }}>
        <ListCard label="History">
          {events.map((event) => (
            <Box component="li" key={event.id} sx={{ display: 'grid', gap: 1.5 }}>
              <Box sx={{ display: 'flex', columnGap: 3, flexWrap: 'wrap', alignItems: 'baseline', typography: 'body2' }}>
                <Box component="span" sx={{ typography: 'mono', fontSize: 12.5, fontWeight: 600 }}>
                  {event.action}
                </Box>
                <Box
                  component="span"
                  sx={{ order: { xs: 1, sm: 0 }, flex: { xs: '1 0 100%', sm: 1 }, minWidth: 0, overflowWrap: 'anywhere' }}
                >
                  {actorText(event)}
                </Box>
                <Box component="span" sx={{ color: 'text.secondary', ml: 'auto' }}>
                  <RelativeTime at={event.at} />
                </Box>
              </Box>
              <Changes event={event} />
            </Box>
          ))}
        </ListCard>
      </Box>
      {query.hasNextPage && (
        <Button variant="outlined" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Load more
        </Button>
      )}
    </Box>
  )
}
