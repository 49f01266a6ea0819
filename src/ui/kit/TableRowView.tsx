'use client'
import PeekIcon from '@mui/icons-material/VisibilityOutlined'
import Box from '@mui/material/Box'
import Checkbox from '@mui/material/Checkbox'
import IconButton from '@mui/material/IconButton'
import TableCell from '@mui/material/TableCell'
import TableRow from '@mui/material/TableRow'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { Hint } from '#src/ui/kit/Hint.tsx'
import { AppLink } from '#src/ui/kit/AppLink.tsx'
import type { Column } from '#src/ui/kit/DataTable.tsx'
import { PeekPanel } from '#src/ui/kit/PeekPanel.tsx'

type Props<Row> = {
  row: Row
  columns: Column<Row>[]
  href?: string
  peek?: (row: Row) => React.ReactNode
  rowActions?: (row: Row) => React.ReactNode
  isChosen: boolean
  onToggle?: () => void
}

const isControl = (target: EventTarget) =>
  target instanceof Element && target.closest('a, button, input, label, [role="button"], [role="menuitem"]') !== null

/** A row whose first cell is its link; a click anywhere else on it opens it too. */
export function TableRowView<Row>({ row, columns, href, peek, rowActions, isChosen, onToggle }: Props<Row>) {
  const router = useRouter()
  const [isPeeking, setPeeking] = useState(false)
  const open = (event: React.MouseEvent) => {
    if (!href || isControl(event.target) || window.getSelection()?.toString()) return
    if (event.metaKey || event.ctrlKey) window.open(href, '_blank', 'noopener')
    else router.push(href)
  }
  const onKey = (event: React.KeyboardEvent) => {
    if (event.key === ' ' && peek && event.target instanceof HTMLAnchorElement) {
      event.preventDefault()
      setPeeking(true)
    }
    if (event.key === 'x' && onToggle) onToggle()
  }
  return (
    <TableRow
      role="row"
      aria-selected={onToggle ? isChosen : undefined}
      onClick={open}
      onKeyDown={onKey}
      {...(!href && !peek ? { tabIndex: -1, 'data-row-link': '' } : {})}
      sx={{ cursor: href ? 'pointer' : undefined }}
    >
      {onToggle && (
        <TableCell role="cell" padding="checkbox">
          <Checkbox checked={isChosen} onChange={onToggle} slotProps={{ input: { 'aria-label': 'Choose row' } }} />
        </TableCell>
      )}
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
      {(rowActions || peek) && (
        <TableCell
          role="cell"
          align="right"
          data-actions=""
          data-peek={rowActions ? undefined : ''}
          sx={{ whiteSpace: 'nowrap', py: '2px !important' }}
        >
          <Box sx={{ display: 'inline-flex', gap: 1, alignItems: 'center' }}>
            {rowActions?.(row)}
            {peek && (
              <Hint text="Peek (Space)">
                <IconButton aria-label="Peek" data-row-link={href ? undefined : ''} onClick={() => setPeeking(true)}>
                  <PeekIcon sx={{ fontSize: 17 }} />
                </IconButton>
              </Hint>
            )}
          </Box>
          {peek && isPeeking && (
            <PeekPanel onClose={() => setPeeking(false)} href={href}>
              {peek(row)}
            </PeekPanel>
          )}
        </TableCell>
      )}
    </TableRow>
  )
}
