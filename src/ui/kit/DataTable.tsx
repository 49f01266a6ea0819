'use client'
import Box from '@mui/material/Box'
import Checkbox from '@mui/material/Checkbox'
import Table from '@mui/material/Table'
import TableBody from '@mui/material/TableBody'
import TableCell from '@mui/material/TableCell'
import TableHead from '@mui/material/TableHead'
import TableRow from '@mui/material/TableRow'
import TableSortLabel from '@mui/material/TableSortLabel'
import { useMemo, useRef, useState } from 'react'
import { ColumnPicker, useHiddenColumns } from '#src/ui/kit/ColumnPicker.tsx'
import { SkeletonRows } from '#src/ui/kit/SkeletonRows.tsx'
import { nextSort, parseSort, sortRows } from '#src/ui/kit/sorting.ts'
import { cardSx, tableSx } from '#src/ui/kit/tableStyles.ts'
import { TableRowView } from '#src/ui/kit/TableRowView.tsx'
import { useRowKeys } from '#src/ui/kit/useRowKeys.ts'
import { useUrlState } from '#src/ui/kit/useUrlState.ts'
import { visuallyHidden } from '#src/ui/kit/visuallyHidden.ts'

export type Column<Row> = {
  key: string
  header: string
  cell: (row: Row) => React.ReactNode
  align?: 'left' | 'right'
  width?: number | string
  /** Makes the column sortable in the browser. */
  sortValue?: (row: Row) => string | number | null
  /** Makes it sortable by whoever reads the address's `sort`: the server. */
  isServerSorted?: boolean
  isHiddenByDefault?: boolean
}

export type DataTableProps<Row> = {
  /** Names the table, its columns' memory and its sort in the address (`sort`, or `ID.sort` when `hasOwnSort`). */
  id: string
  label: string
  columns: Column<Row>[]
  /** undefined while the first answer is awaited: skeletons of the final layout. */
  rows: Row[] | undefined
  rowKey: (row: Row) => string
  /** The first cell becomes a link there; Enter opens the focused row. */
  rowHref?: (row: Row) => string
  /** Shown in place of the table when there are no rows. */
  empty?: React.ReactNode
  /** Dims old rows while newer ones for another filter are awaited. */
  isStale?: boolean
  /** `key asc` or `key desc`. */
  initialSort?: string
  /** Several tables on one page: keeps the sorts apart. */
  hasOwnSort?: boolean
  /** Content of the side panel; Space or the row's button opens it. */
  peek?: (row: Row) => React.ReactNode
  /** Buttons at the row's end. */
  rowActions?: (row: Row) => React.ReactNode
  /** Shows checkboxes and, when rows are chosen, this bar. */
  bulkBar?: (keys: string[], clear: () => void) => React.ReactNode
  /** Left of the column picker: filters, search. */
  toolbar?: React.ReactNode
  footer?: React.ReactNode
  hasColumnPicker?: boolean
  skeletonCount?: number
  maxHeight?: string
}

/** The one table: sticky head and first column, sort in the address, j/k/Enter, cards on a phone. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { id, label, columns, rows, rowKey, empty, isStale, initialSort = '', hasOwnSort, peek, rowActions, bulkBar, toolbar, footer, hasColumnPicker = true, skeletonCount = 6 } = props
  const [sort, setSort] = useUrlState(hasOwnSort ? `${id}.sort` : 'sort', initialSort)
  const [hidden, toggle] = useHiddenColumns(id, columns)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const bodyRef = useRef<HTMLTableSectionElement>(null)
  useRowKeys(bodyRef)

  const shown = columns.filter((column) => !hidden.has(column.key))
  const sorted = useMemo(() => (rows ? sortRows(rows, columns, sort) : undefined), [rows, columns, sort])
  const order = parseSort(sort)
  const keys = (sorted ?? []).map(rowKey).filter((key) => chosen.has(key))
  const isEmpty = sorted?.length === 0

  const picker = hasColumnPicker && !isEmpty && columns.length > 3 && <ColumnPicker columns={columns} hidden={hidden} onToggle={toggle} />
  const bar = toolbar && (
    <Box sx={{ display: 'flex', gap: 2, alignItems: 'center', mb: 3, flexWrap: 'wrap' }}>
      <Box sx={{ flex: 1, minWidth: { xs: '100%', sm: 240 }, display: 'flex', gap: 2, alignItems: 'center', flexWrap: 'wrap' }}>{toolbar}</Box>
      {picker}
    </Box>
  )
  if (isEmpty && empty) return <>{bar}{empty}</>

  const toggleRow = (key: string) =>
    setChosen((old) => {
      const next = new Set(old)
      if (!next.delete(key)) next.add(key)
      return next
    })
  const areAllChosen = !!sorted?.length && keys.length === sorted.length

  const isPickerInHead = !!picker && !toolbar
  return (
    <Box sx={{ minWidth: 0 }}>
      {bar}
      {bulkBar && keys.length > 0 && (
        <Box role="region" aria-label="Chosen rows" sx={{ display: 'flex', alignItems: 'center', gap: 2, mb: 2, px: 3, py: 1.5, borderRadius: '8px', bgcolor: 'action.selected', typography: 'body2' }}>
          {bulkBar(keys, () => setChosen(new Set()))}
        </Box>
      )}
      <Box sx={{ position: 'relative', minWidth: 0, '& thead th:last-of-type': isPickerInHead ? { pr: 10 } : undefined }}>
        {isPickerInHead && <Box sx={{ position: 'absolute', right: 2, top: 2, zIndex: 4, '& button': { border: 0, p: 1 } }}>{picker}</Box>}
        <Box role="region" aria-label={`${label}, table`} tabIndex={0} aria-busy={!sorted || isStale} sx={[tableSx, { maxHeight: props.maxHeight ?? 'max(480px, calc(100dvh - 200px))' }, !!isStale && { opacity: 0.55 }]}>
          <Table aria-label={label} role="table" sx={cardSx}>
            <TableHead role="rowgroup">
              <TableRow role="row">
                {bulkBar && (
                  <TableCell role="columnheader" padding="checkbox">
                    <Checkbox checked={areAllChosen} indeterminate={keys.length > 0 && !areAllChosen} onChange={() => setChosen(new Set(areAllChosen ? [] : (sorted ?? []).map(rowKey)))} slotProps={{ input: { 'aria-label': 'Choose all rows' } }} />
                  </TableCell>
                )}
                {shown.map((column) => {
                  const isSortable = !!column.sortValue || column.isServerSorted
                  const direction = order?.key === column.key ? order.direction : undefined
                  return (
                    <TableCell key={column.key} role="columnheader" align={column.align} style={{ width: column.width }} aria-sort={direction ? (direction === 'asc' ? 'ascending' : 'descending') : undefined}>
                      {isSortable ? (
                        <TableSortLabel active={!!direction} direction={direction ?? 'desc'} onClick={() => setSort(nextSort(column.key, order))}>{column.header}</TableSortLabel>
                      ) : column.header}
                    </TableCell>
                  )
                })}
                {(rowActions || peek) && <TableCell role="columnheader" align="right"><Box component="span" sx={visuallyHidden}>Actions</Box></TableCell>}
              </TableRow>
            </TableHead>
            <TableBody ref={bodyRef} role="rowgroup">
              {sorted ? (
                sorted.map((row) => (
                  <TableRowView key={rowKey(row)} row={row} columns={shown} href={props.rowHref?.(row)} peek={peek} rowActions={rowActions} isChosen={chosen.has(rowKey(row))} onToggle={bulkBar ? () => toggleRow(rowKey(row)) : undefined} />
                ))
              ) : (
                <SkeletonRows columns={shown} count={skeletonCount} extra={(bulkBar ? 1 : 0) + (rowActions || peek ? 1 : 0)} />
              )}
            </TableBody>
          </Table>
        </Box>
      </Box>
      {footer}
    </Box>
  )
}
