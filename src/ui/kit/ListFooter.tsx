'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { formatNumber } from '#src/ui/kit/format.ts'

type Paged = {
  data: { pages: { items: unknown[]; total: number }[] } | undefined
  hasNextPage: boolean
  isFetchingNextPage: boolean
  fetchNextPage: () => Promise<unknown>
}

/** How much of a list is shown, and the way to the rest. `total` may be an estimate. */
export function ListFooter({ query }: { query: Paged }) {
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = query
  const shown = data?.pages.reduce((sum, { items }) => sum + items.length, 0)
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', gap: 3, mt: 3, typography: 'body2', color: 'text.secondary' }}>
      {shown !== undefined && (
        <span>
          {formatNumber(shown)} of {formatNumber(Math.max(data?.pages[0]?.total ?? 0, shown))}
        </span>
      )}
      {hasNextPage && (
        <Button variant="outlined" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Load more
        </Button>
      )}
    </Box>
  )
}
