import Box from '@mui/material/Box'
import type { Model } from '#src/contracts/model.ts'
import type { Column } from '#src/ui/kit/DataTable.tsx'
import { formatMetric, mainMetric, metricTitle } from '#src/ui/kit/format.ts'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { AliasNames, TagChips } from '#src/ui/models/ModelChips.tsx'

function MainMetric({ model }: { model: Model }) {
  const metric = mainMetric(model.metrics)
  if (!metric) return '–'
  return (
    <span>
      <Box component="span" sx={{ color: 'text.secondary' }}>
        {metricTitle(metric.name)}
      </Box>{' '}
      {formatMetric(metric.value)}
    </span>
  )
}

const taskNames: Record<string, string> = {
  'tabular-classification': 'Classification',
  'tabular-regression': 'Regression',
  'text-classification': 'Text',
}
export const taskTitle = (task: string | null): string | null => (task === null ? null : (taskNames[task] ?? task))

export const modelColumns: Column<Model>[] = [
  { key: 'name', header: 'Name', cell: (model) => model.name, isServerSorted: true },
  { key: 'status', header: 'State', cell: (model) => <StatusChip status={model.status} /> },
  { key: 'version', header: 'Latest', cell: (model) => `v${model.latestVersion}`, align: 'right' },
  { key: 'metric', header: 'Main metric', cell: (model) => <MainMetric model={model} />, align: 'right' },
  { key: 'aliases', header: 'Aliases', cell: (model) => <AliasNames aliases={model.aliases} /> },
  { key: 'task', header: 'Task', cell: (model) => taskTitle(model.task) ?? '–' },
  { key: 'tags', header: 'Tags', cell: (model) => <TagChips tags={model.tags} limit={2} isOneLine /> },
  { key: 'updated_at', header: 'Updated', cell: (model) => <RelativeTime at={model.updatedAt} />, isServerSorted: true },
  {
    key: 'created_at',
    header: 'Created',
    cell: (model) => <RelativeTime at={model.createdAt} />,
    isServerSorted: true,
    isHiddenByDefault: true,
  },
  { key: 'by', header: 'By', cell: (model) => model.createdBy ?? '–', isHiddenByDefault: true },
]
