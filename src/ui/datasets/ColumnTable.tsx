'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useState } from 'react'
import type { Column, Dataset } from '#src/contracts/dataset.ts'
import { formatFigure } from '#src/ui/charts/scale.ts'
import { ColumnShape } from '#src/ui/datasets/ColumnShape.tsx'
import { distinctText, missingOf } from '#src/ui/datasets/datasetFacts.ts'
import { type Column as TableColumn, DataTable } from '#src/ui/kit/DataTable.tsx'
import { formatPercent } from '#src/ui/kit/format.ts'

/** As many columns as a browser lays out at once without a pause. */
const shownAtFirst = 100

function Missing({ share }: { share: number | null }) {
  const isMuch = share !== null && share >= 0.2
  return (
    <Box component="span" sx={{ color: isMuch ? 'state.degradedText' : undefined, fontWeight: isMuch ? 600 : undefined }}>
      {formatPercent(share)}
    </Box>
  )
}

const columnsOf = (rows: number | null): TableColumn<Column>[] => [
  {
    key: 'name',
    header: 'Column',
    width: 170,
    cell: (column) => (
      <Box component="span" sx={{ fontWeight: 550, overflowWrap: 'anywhere' }}>
        {column.name}
      </Box>
    ),
    sortValue: (column) => column.name,
  },
  { key: 'type', header: 'Type', cell: (column) => column.type, sortValue: (column) => column.type },
  {
    key: 'shape',
    header: 'Values',
    width: '38%',
    cell: (column) => (
      <Box sx={{ width: { xs: 190, sm: 'auto' }, maxWidth: 380, textAlign: 'left' }}>
        <ColumnShape column={column} />
      </Box>
    ),
  },
  {
    key: 'missing',
    header: 'Missing',
    align: 'right',
    cell: (column) => <Missing share={missingOf(column, rows)} />,
    sortValue: (column) => column.missing,
  },
  { key: 'distinct', header: 'Distinct', align: 'right', cell: distinctText, sortValue: (column) => column.distinct },
  {
    key: 'mean',
    header: 'Mean',
    align: 'right',
    cell: (column) => (column.mean === null ? '–' : formatFigure(column.mean)),
    sortValue: (column) => column.mean,
  },
]

/** Every column with its type, its gaps and how its values lie. */
export function ColumnTable({ dataset }: { dataset: Dataset }) {
  const [isWhole, setWhole] = useState(false)
  const rows = isWhole ? dataset.columns : dataset.columns.slice(0, shownAtFirst)
  return (
    <DataTable
      id="columns"
      label="Columns"
      columns={columnsOf(dataset.rows)}
      rows={rows}
      rowKey={(column) => column.name}
      hasOwnSort
      hasColumnPicker={false}
      maxHeight="none"
      footer={
        rows.length < dataset.columns.length && (
          <Button variant="outlined" sx={{ mt: 3 }} onClick={() => setWhole(true)}>
            Show all {dataset.columns.length} columns
          </Button>
        )
      }
    />
  )
}
