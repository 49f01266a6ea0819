'use client'
import Box from '@mui/material/Box'
import { useId } from 'react'
import { nativeFieldSx } from '#src/ui/kit/nativeFieldSx.ts'
import { isSortable } from '#src/ui/kit/sorting.ts'

type Sorted = { key: string; header: string; sortValue?: unknown; isServerSorted?: boolean }
type Props = { columns: Sorted[]; sort: string; hasOrderOfItsOwn: boolean; onSort: (sort: string | null) => void }

const orders = [
  { direction: 'asc', word: 'rising' },
  { direction: 'desc', word: 'falling' },
]

/** Sorts where rows are cards and have no head to press. */
export function SortSelect({ columns, sort, hasOrderOfItsOwn, onSort }: Props) {
  const id = useId()
  const sortable = columns.filter(isSortable)
  if (sortable.length === 0) return null
  return (
    <Box sx={{ display: { xs: 'flex', sm: 'none' }, alignItems: 'center', gap: 2, mb: 2, typography: 'body2' }}>
      <Box component="label" htmlFor={id} sx={{ color: 'text.secondary', whiteSpace: 'nowrap' }}>
        Sort by
      </Box>
      <Box
        component="select"
        id={id}
        value={sort}
        onChange={(event: React.ChangeEvent<HTMLSelectElement>) => onSort(event.target.value || null)}
        sx={[nativeFieldSx, { flex: 1 }]}
      >
        {!hasOrderOfItsOwn && <option value="">As it comes</option>}
        {sortable.flatMap(({ key, header }) =>
          orders.map(({ direction, word }) => (
            <option key={`${key} ${direction}`} value={`${key} ${direction}`}>
              {`${header}, ${word}`}
            </option>
          )),
        )}
      </Box>
    </Box>
  )
}
