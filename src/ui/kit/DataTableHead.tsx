'use client'
import Box from '@mui/material/Box'
import TableCell from '@mui/material/TableCell'
import TableHead from '@mui/material/TableHead'
import TableRow from '@mui/material/TableRow'
import TableSortLabel from '@mui/material/TableSortLabel'
import type { Column } from '#src/ui/kit/DataTable.tsx'
import { isSortable, nextSort, parseSort, type Sort } from '#src/ui/kit/sorting.ts'
import { visuallyHidden } from '#src/ui/kit/visuallyHidden.ts'

type HeadProps<Row> = {
  columns: Column<Row>[]
  sort: string
  onSort: (sort: string | null) => void
  hasActions: boolean
}

const ariaSort = { asc: 'ascending', desc: 'descending' } as const

function HeadCell<Row>({ column, order, onSort }: { column: Column<Row>; order: Sort | null; onSort: HeadProps<Row>['onSort'] }) {
  const direction = order?.key === column.key ? order.direction : undefined
  const canSort = isSortable(column)
  return (
    <TableCell role="columnheader" align={column.align} style={{ width: column.width }} aria-sort={direction && ariaSort[direction]}>
      {canSort ? (
        <TableSortLabel active={!!direction} direction={direction ?? 'desc'} onClick={() => onSort(nextSort(column.key, order))}>
          {column.header}
        </TableSortLabel>
      ) : (
        column.header
      )}
    </TableCell>
  )
}

export function DataTableHead<Row>({ columns, sort, onSort, hasActions }: HeadProps<Row>) {
  const order = parseSort(sort)
  return (
    <TableHead role="rowgroup">
      <TableRow role="row">
        {columns.map((column) => (
          <HeadCell key={column.key} column={column} order={order} onSort={onSort} />
        ))}
        {hasActions && (
          <TableCell role="columnheader" align="right">
            <Box component="span" sx={visuallyHidden}>
              Actions
            </Box>
          </TableCell>
        )}
      </TableRow>
    </TableHead>
  )
}
