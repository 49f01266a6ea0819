'use client'
import { type Column, DataTable } from '#src/ui/kit/DataTable.tsx'

type Row = { place: number; values: Record<string, string> }
const shownColumns = 12

/** The rows as they came, one column a key. */
export function WorstRows({ rows }: { rows: Record<string, string>[] }) {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))].slice(0, shownColumns)
  const columns: Column<Row>[] = [
    { key: 'place', header: '#', cell: (row) => `Row ${row.place}` },
    ...keys.map((key): Column<Row> => ({ key: `k-${key}`, header: key, cell: (row) => (row.values[key] ?? '–').slice(0, 200) })),
  ]
  return (
    <DataTable
      id="worst"
      label="Worst answers"
      columns={columns}
      rows={rows.map((values, index) => ({ place: index + 1, values }))}
      rowKey={(row) => String(row.place)}
      hasColumnPicker={false}
      hasOwnSort
      maxHeight="420px"
    />
  )
}
