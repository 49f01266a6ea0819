import type { Dataset } from '#src/contracts/dataset.ts'
import { datasetStatus, typesText } from '#src/ui/datasets/datasetFacts.ts'
import type { Column } from '#src/ui/kit/DataTable.tsx'
import { formatBytes, formatNumber } from '#src/ui/kit/format.ts'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'

export const datasetColumns: Column<Dataset>[] = [
  { key: 'name', header: 'Name', cell: (dataset) => dataset.name, sortValue: (dataset) => dataset.name },
  { key: 'status', header: 'State', cell: (dataset) => <StatusChip status={datasetStatus(dataset.status)} /> },
  { key: 'version', header: 'Latest', cell: (dataset) => `v${dataset.version}`, align: 'right' },
  { key: 'rows', header: 'Rows', cell: (dataset) => formatNumber(dataset.rows), align: 'right', sortValue: (dataset) => dataset.rows },
  {
    key: 'columns',
    header: 'Columns',
    cell: (dataset) => (dataset.columns.length ? dataset.columns.length : '–'),
    align: 'right',
    sortValue: (dataset) => dataset.columns.length,
  },
  { key: 'types', header: 'Types', cell: (dataset) => typesText(dataset.columns) || '–' },
  {
    key: 'size',
    header: 'Size',
    cell: (dataset) => formatBytes(dataset.sizeBytes),
    align: 'right',
    sortValue: (dataset) => dataset.sizeBytes,
  },
  {
    key: 'updated',
    header: 'Updated',
    cell: (dataset) => <RelativeTime at={dataset.updatedAt} />,
    sortValue: (dataset) => Date.parse(dataset.updatedAt),
  },
  { key: 'by', header: 'By', cell: (dataset) => dataset.createdBy ?? '–', isHiddenByDefault: true },
]
