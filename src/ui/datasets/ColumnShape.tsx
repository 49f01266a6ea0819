import Box from '@mui/material/Box'
import type { Column } from '#src/contracts/dataset.ts'
import { BarHistogram } from '#src/ui/charts/BarHistogram.tsx'
import { formatFigure } from '#src/ui/charts/scale.ts'

const shownValues = 4
const longest = 32

const shorten = (label: string) => (label.length > longest ? `${label.slice(0, longest - 1)}…` : label === '' ? '(empty)' : label)

/** How a column's values lie: bins of a number, or the commonest values of all else. */
export function ColumnShape({ column }: { column: Column }) {
  if (column.histogram.length === 0) return <Box sx={{ color: 'text.secondary', fontSize: 12 }}>No values</Box>
  const title = `Values of ${column.name}`
  if (column.type === 'number' && column.min !== null && column.max !== null) {
    return <BarHistogram title={title} bars={column.histogram} height={36} ends={[formatFigure(column.min), formatFigure(column.max)]} />
  }
  const bars = column.histogram.slice(0, shownValues).map((bar) => ({ ...bar, label: shorten(bar.label) }))
  return <BarHistogram title={title} bars={bars} layout="rows" />
}
