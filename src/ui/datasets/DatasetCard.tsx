import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import type { Dataset } from '#src/contracts/dataset.ts'
import { ColumnShape } from '#src/ui/datasets/ColumnShape.tsx'
import { datasetStatus, missingShare } from '#src/ui/datasets/datasetFacts.ts'
import { formatBytes, formatNumber, formatPercent } from '#src/ui/kit/format.ts'
import { KeyValues } from '#src/ui/kit/KeyValues.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'

const shown = 12

/** A look at a data set beside the list. */
export function DatasetCard({ dataset }: { dataset: Dataset }) {
  return (
    <>
      <Typography variant="h2">{dataset.name}</Typography>
      <KeyValues
        items={[
          { label: 'State', value: <StatusChip status={datasetStatus(dataset.status)} /> },
          { label: 'Why', value: dataset.reason },
          { label: 'Rows', value: dataset.rows === null ? null : formatNumber(dataset.rows) },
          { label: 'Size', value: formatBytes(dataset.sizeBytes) },
          { label: 'Missing', value: missingShare(dataset) === null ? null : formatPercent(missingShare(dataset)) },
          { label: 'Updated', value: <RelativeTime at={dataset.updatedAt} /> },
        ]}
      />
      {dataset.columns.slice(0, shown).map((column) => (
        <Box key={column.name} sx={{ display: 'grid', gap: 1 }}>
          <Typography variant="label">
            {column.name}{' '}
            <Box component="span" sx={{ color: 'text.secondary', fontWeight: 400 }}>
              {column.type}
            </Box>
          </Typography>
          <ColumnShape column={column} />
        </Box>
      ))}
      {dataset.columns.length > shown && (
        <Typography variant="body2" color="textSecondary">
          and {dataset.columns.length - shown} more columns
        </Typography>
      )}
    </>
  )
}
