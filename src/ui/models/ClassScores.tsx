'use client'
import { type Column, DataTable } from '#src/ui/kit/DataTable.tsx'
import { formatMetric, formatNumber } from '#src/ui/kit/format.ts'
import type { ClassScore } from '#src/ui/models/evaluationParts.ts'

const columns: Column<ClassScore>[] = [
  { key: 'label', header: 'Class', cell: (row) => row.label, sortValue: (row) => row.label },
  { key: 'precision', header: 'Precision', align: 'right', cell: (row) => formatMetric(row.precision), sortValue: (row) => row.precision },
  { key: 'recall', header: 'Recall', align: 'right', cell: (row) => formatMetric(row.recall), sortValue: (row) => row.recall },
  { key: 'f1', header: 'F1', align: 'right', cell: (row) => formatMetric(row.f1), sortValue: (row) => row.f1 },
  { key: 'support', header: 'Rows', align: 'right', cell: (row) => formatNumber(row.support), sortValue: (row) => row.support },
]

export const ClassScores = ({ classes }: { classes: ClassScore[] }) => (
  <DataTable
    id="classes"
    label="Scores by class"
    columns={columns}
    rows={classes}
    rowKey={(row) => row.label}
    hasColumnPicker={false}
    hasOwnSort
    maxHeight="420px"
  />
)
