'use client'
import Box from '@mui/material/Box'
import Table from '@mui/material/Table'
import TableBody from '@mui/material/TableBody'
import { useMemo, useRef } from 'react'
import { ColumnPicker, useHiddenColumns } from '#src/ui/kit/ColumnPicker.tsx'
import { DataTableHead } from '#src/ui/kit/DataTableHead.tsx'
import { SkeletonRows } from '#src/ui/kit/SkeletonRows.tsx'
import { sortRows } from '#src/ui/kit/sorting.ts'
import { cardSx, tableSx } from '#src/ui/kit/tableStyles.ts'
import { TableRowView } from '#src/ui/kit/TableRowView.tsx'
import { useChosenRows } from '#src/ui/kit/useChosenRows.ts'
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

const Toolbar = ({ children, picker }: { children: React.ReactNode; picker: React.ReactNode }) => (
  <Box sx={{ display: 'flex', gap: 2, alignItems: 'flex-start', mb: 3 }}>
    <Box sx={{ flex: 1, minWidth: 0, display: 'flex', gap: 2, alignItems: 'flex-start', flexWrap: 'wrap' }}>{children}</Box>
    {picker}
  </Box>
)

const BulkBar = ({ children }: { children: React.ReactNode }) => (
  <Box
    role="region"
    aria-label="Chosen rows"
    sx={{
      display: 'flex',
      alignItems: 'center',
      gap: 2,
      mb: 2,
      px: 3,
      py: 1.5,
      borderRadius: '8px',
      bgcolor: 'action.selected',
      typography: 'body2',
    }}
  >
    {children}
  </Box>
)

/** Where there is no bar above the table, the column picker sits in its head. */
const PickerInHead = ({ children }: { children: React.ReactNode }) => (
  <Box sx={{ position: 'absolute', right: 2, top: 2, zIndex: 4, '& button': { border: 0, p: 1 } }}>{children}</Box>
)

/** The one table: sticky head and first column, sort in the address, j/k/Enter, cards on a phone. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { id, label, columns, rows, rowKey, isStale, peek, rowActions, bulkBar, toolbar, hasColumnPicker = true } = props
  const [sort, setSort] = useUrlState(props.hasOwnSort ? `${id}.sort` : 'sort', props.initialSort ?? '')
  const [hidden, toggle] = useHiddenColumns(id, columns)
  const bodyRef = useRef<HTMLTableSectionElement>(null)
  useRowKeys(bodyRef)
  const sorted = useMemo(() => (rows ? sortRows(rows, columns, sort) : undefined), [rows, columns, sort])
  const chosen = useChosenRows(useMemo(() => (sorted ?? []).map(rowKey), [sorted, rowKey]))

  const shown = columns.filter((column) => !hidden.has(column.key))
  const isEmpty = sorted?.length === 0
  const picker = hasColumnPicker && !isEmpty && columns.length > 3 && <ColumnPicker columns={columns} hidden={hidden} onToggle={toggle} />
  const bar = toolbar && <Toolbar picker={picker}>{toolbar}</Toolbar>
  if (isEmpty && props.empty)
    return (
      <>
        {bar}
        {props.empty}
      </>
    )

  const isPickerInHead = !!picker && !toolbar
  const hasActions = !!rowActions || !!peek
  return (
    <Box sx={{ minWidth: 0 }}>
      {bar}
      {bulkBar && chosen.keys.length > 0 && <BulkBar>{bulkBar(chosen.keys, chosen.clear)}</BulkBar>}
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
            <DataTableHead columns={shown} sort={sort} onSort={setSort} hasActions={hasActions} chosen={bulkBar ? chosen : undefined} />
            <TableBody ref={bodyRef} role="rowgroup">
              {sorted?.map((row) => {
                const key = rowKey(row)
                return (
                  <TableRowView
                    key={key}
                    row={row}
                    columns={shown}
                    href={props.rowHref?.(row)}
                    peek={peek}
                    rowActions={rowActions}
                    isChosen={chosen.has(key)}
                    onToggle={bulkBar ? () => chosen.toggle(key) : undefined}
                  />
                )
              }) ?? <SkeletonRows columns={shown} count={props.skeletonCount ?? 6} extra={(bulkBar ? 1 : 0) + (hasActions ? 1 : 0)} />}
            </TableBody>
          </Table>
        </Box>
      </Box>
      {props.footer}
    </Box>
  )
}
