'use client'
import PeekIcon from '@mui/icons-material/VisibilityOutlined'
import Box from '@mui/material/Box'
import IconButton from '@mui/material/IconButton'
import TableCell from '@mui/material/TableCell'
import TableRow from '@mui/material/TableRow'
import { useRouter } from 'next/navigation'
import { Hint } from '#src/ui/kit/Hint.tsx'
import { AppLink } from '#src/ui/kit/AppLink.tsx'
import type { Column } from '#src/ui/kit/DataTable.tsx'

type Props<Row> = {
  row: Row
  columns: Column<Row>[]
  href?: string
  onPeek?: () => void
  rowActions?: (row: Row) => React.ReactNode
}

const isControl = (target: EventTarget) =>
  target instanceof Element && target.closest('a, button, input, label, [role="button"], [role="menuitem"]') !== null

/** A row whose first cell is its link; a click anywhere else on it opens it too. */
export function TableRowView<Row>({ row, columns, href, onPeek, rowActions }: Props<Row>) {
  const router = useRouter()
  const open = (event: React.MouseEvent) => {
    if (!href || isControl(event.target) || window.getSelection()?.toString()) return
    if (event.metaKey || event.ctrlKey) window.open(href, '_blank', 'noopener')
    else router.push(href)
  }
  const onKey = (event: React.KeyboardEvent) => {
    if (event.key === ' ' && onPeek && event.target instanceof HTMLAnchorElement) {
      event.preventDefault()
      onPeek()
    }
  }
  return (
    <TableRow
      role="row"
      onClick={open}
      onKeyDown={onKey}
      {...(!href && !onPeek ? { tabIndex: -1, 'data-row-link': '' } : {})}
      sx={{ cursor: href ? 'pointer' : undefined }}
    >
      {columns.map((column, index) => (
        <TableCell key={column.key} role="cell" align={column.align} data-label={column.header} data-first={index === 0 ? '' : undefined}>
          {index === 0 && href ? (
            <AppLink href={href} data-row-link sx={{ color: 'text.primary', fontWeight: 550 }}>
              {column.cell(row)}
            </AppLink>
          ) : (
            column.cell(row)
          )}
        </TableCell>
      ))}
      {(rowActions || onPeek) && (
        <TableCell
          role="cell"
          align="right"
          data-actions=""
          data-peek={rowActions ? undefined : ''}
          sx={{ whiteSpace: 'nowrap', py: '2px !important' }}
        >
          <Box sx={{ display: 'inline-flex', gap: 1, alignItems: 'center' }}>
            {rowActions?.(row)}
            {onPeek && (
              <Hint text="Peek (Space)">
                <IconButton aria-label="Peek" data-row-link={href ? undefined : ''} onClick={onPeek}>
                  <PeekIcon sx={{ fontSize: 17 }} />
                </IconButton>
              </Hint>
            )}
          </Box>
        </TableCell>
      )}
    </TableRow>
  )
}
