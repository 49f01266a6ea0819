// biome-ignore-all lint/suspicious/noArrayIndexKey: skeletons have no other identity
import Skeleton from '@mui/material/Skeleton'
import TableCell from '@mui/material/TableCell'
import TableRow from '@mui/material/TableRow'

const widths = ['62%', '78%', '50%', '70%', '56%']

/** Rows in the final layout while the first answer is awaited. */
export function SkeletonRows({
  columns,
  count,
  extra,
}: {
  columns: { key: string; header: string; align?: 'left' | 'right' }[]
  count: number
  extra: number
}) {
  return Array.from({ length: count }, (_, row) => (
    <TableRow key={row} role="row" aria-hidden>
      {columns.map((column, index) => (
        <TableCell key={column.key} role="cell" align={column.align} data-label={column.header} data-first={index === 0 ? '' : undefined}>
          <Skeleton width={widths[(row + index) % widths.length]} height={20} sx={{ display: 'inline-block' }} />
        </TableCell>
      ))}
      {Array.from({ length: extra }, (_, index) => (
        <TableCell key={`extra${index}`} role="cell" />
      ))}
    </TableRow>
  ))
}
