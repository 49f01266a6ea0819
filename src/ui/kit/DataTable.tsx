'use client'
import Box from '@mui/material/Box'
import Table from '@mui/material/Table'
import TableBody from '@mui/material/TableBody'
import { useMemo, useRef } from 'react'
import { ColumnPicker, useHiddenColumns } from '#src/ui/kit/ColumnPicker.tsx'
import { DataTableHead } from '#src/ui/kit/DataTableHead.tsx'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { PeekPanel } from '#src/ui/kit/PeekPanel.tsx'
import { SkeletonRows } from '#src/ui/kit/SkeletonRows.tsx'
import { sortRows } from '#src/ui/kit/sorting.ts'
import { SortSelect } from '#src/ui/kit/SortSelect.tsx'
import { cardSx, tableSx } from '#src/ui/kit/tableStyles.ts'
import { TableRowView } from '#src/ui/kit/TableRowView.tsx'
import { useFocusBack } from '#src/ui/kit/useFocusBack.ts'
import { usePeek } from '#src/ui/kit/usePeek.ts'
import { useRowKeys } from '#src/ui/kit/useRowKeys.ts'
import { useUrlState } from '#src/ui/kit/useUrlState.ts'

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
  /** What its key is called in the address, where it is not `peek`. */
  peekParam?: string
  /** Content of the side panel for a key in the address that is not among the rows: filters may hide it. */
  peekUnlisted?: (key: string) => React.ReactNode
  /** Buttons at the row's end. */
  rowActions?: (row: Row) => React.ReactNode
  /** Left of the column picker: filters, search. */
  toolbar?: React.ReactNode
  footer?: React.ReactNode
  hasColumnPicker?: boolean
  skeletonCount?: number
  maxHeight?: string
}

const Toolbar = ({ children, picker }: { children: React.ReactNode; picker: React.ReactNode }) => (
  <Box sx={{ display: 'flex', gap: 2, alignItems: 'flex-start', mb: 3 }}>
    <Box sx={{ flex: 1, minWidth: 0, display: 'flex', gap: 2, alignItems: 'flex-start', flexWrap: 'wrap' }}>{children}</Box>
    {picker}
  </Box>
)

/** Where there is no bar above the table, the column picker sits in its head. */
const PickerInHead = ({ children }: { children: React.ReactNode }) => (
  <Box sx={{ position: 'absolute', right: 2, top: 2, zIndex: 4, '& button': { border: 0, p: 1 } }}>{children}</Box>
)

const notListed = <EmptyState isCompact sentence="The list does not show what this address names. Filters may hide it, or it is gone." />

/** The one table: sticky head and first column, sort and peek in the address, j/k/Enter, cards on a phone. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { id, label, columns, rows, rowKey, isStale, peek, rowActions, toolbar, hasColumnPicker = true, initialSort = '' } = props
  const [sort, setSort] = useUrlState(props.hasOwnSort ? `${id}.sort` : 'sort', initialSort)
  const [hidden, toggle] = useHiddenColumns(id, columns)
  const peeked = usePeek(props.peekParam ?? 'peek', rows, rowKey)
  const rootRef = useRef<HTMLDivElement>(null)
  const bodyRef = useRef<HTMLTableSectionElement>(null)
  useRowKeys(bodyRef)
  useFocusBack(rootRef, rows !== undefined && !isStale)
  const sorted = useMemo(() => (rows ? sortRows(rows, columns, sort) : undefined), [rows, columns, sort])

  const shown = columns.filter((column) => !hidden.has(column.key))
  const isEmpty = sorted?.length === 0
  const picker = hasColumnPicker && !isEmpty && columns.length > 3 && <ColumnPicker columns={columns} hidden={hidden} onToggle={toggle} />
  const isPickerInHead = !!picker && !toolbar
  const hasActions = !!rowActions || !!peek
  const table = (
    <>
      {sorted?.length !== 1 && <SortSelect columns={shown} sort={sort} hasOrderOfItsOwn={initialSort !== ''} onSort={setSort} />}
      <Box sx={{ position: 'relative', minWidth: 0, '& thead th:last-of-type': isPickerInHead ? { pr: 10 } : undefined }}>
        {isPickerInHead && <PickerInHead>{picker}</PickerInHead>}
        <Box
          role="region"
          aria-label={`${label}, table`}
          tabIndex={0}
          aria-busy={!sorted || isStale}
          sx={[tableSx, { maxHeight: props.maxHeight ?? 'max(480px, calc(100dvh - 200px))' }, !!isStale && { opacity: 0.55 }]}
        >
          <Table aria-label={label} role="table" sx={cardSx}>
            <DataTableHead columns={shown} sort={sort} onSort={setSort} hasActions={hasActions} />
            <TableBody ref={bodyRef} role="rowgroup">
              {sorted?.map((row) => {
                const key = rowKey(row)
                return (
                  <TableRowView
                    key={key}
                    row={row}
                    columns={shown}
                    href={props.rowHref?.(row)}
                    onPeek={peek && (() => peeked.open(key))}
                    rowActions={rowActions}
                  />
                )
              }) ?? <SkeletonRows columns={shown} count={props.skeletonCount ?? 6} extra={hasActions ? 1 : 0} />}
            </TableBody>
          </Table>
        </Box>
      </Box>
      {props.footer}
    </>
  )
  return (
    <Box ref={rootRef} tabIndex={-1} sx={{ minWidth: 0, outline: 'none' }}>
      {toolbar && <Toolbar picker={picker}>{toolbar}</Toolbar>}
      {isEmpty && props.empty ? props.empty : table}
      {peek && peeked.key !== null && (peeked.row !== undefined || rows !== undefined) && (
        <PeekPanel onClose={peeked.close} href={peeked.row && props.rowHref?.(peeked.row)}>
          {peeked.row !== undefined ? peek(peeked.row) : (props.peekUnlisted?.(peeked.key) ?? notListed)}
        </PeekPanel>
      )}
    </Box>
  )
}
