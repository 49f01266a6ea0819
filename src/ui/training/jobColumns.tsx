import Box from '@mui/material/Box'
import type { JobSummary } from '#src/contracts/training.ts'
import type { Column } from '#src/ui/kit/DataTable.tsx'
import { formatDuration, formatMetric, mainMetric, metricTitle } from '#src/ui/kit/format.ts'
import { taskTitle } from '#src/ui/models/modelColumns.tsx'
import { ProgressLine } from '#src/ui/kit/ProgressLine.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { statusLabel, tookSeconds } from '#src/ui/training/jobFacts.ts'

function Result({ job }: { job: JobSummary }) {
  if (job.status === 'running')
    return (
      <Box sx={{ minWidth: 130, flex: 1, maxWidth: 220, ml: 'auto' }}>
        <ProgressLine value={job.progress} label={`Progress of ${job.name}`} secondsLeft={job.etaSeconds} />
      </Box>
    )
  const metric = mainMetric(job.metrics)
  if (metric)
    return (
      <span>
        <Box component="span" sx={{ color: 'text.secondary' }}>
          {metricTitle(metric.name)}
        </Box>{' '}
        {formatMetric(metric.value)}
      </span>
    )
  if (job.error)
    return (
      <Box component="span" title={job.error.message} sx={{ typography: 'mono', fontSize: 12, color: 'state.failedText' }}>
        {job.error.code}
      </Box>
    )
  return '–'
}

const Short = ({ text }: { text: string }) => (
  <Box
    component="span"
    title={text}
    sx={{
      display: 'inline-block',
      maxWidth: 180,
      overflow: 'hidden',
      textOverflow: 'ellipsis',
      whiteSpace: 'nowrap',
      verticalAlign: 'bottom',
    }}
  >
    {text}
  </Box>
)

export const jobColumns = (nowMs: number): Column<JobSummary>[] => [
  { key: 'name', header: 'Name', cell: (job) => job.name, sortValue: (job) => job.name },
  { key: 'status', header: 'State', cell: (job) => <StatusChip status={job.status} label={statusLabel(job)} /> },
  { key: 'result', header: 'Progress or result', cell: (job) => <Result job={job} />, align: 'right', width: 200 },
  { key: 'recipe', header: 'Recipe', cell: (job) => taskTitle(job.recipe), sortValue: (job) => job.recipe },
  {
    key: 'dataset',
    header: 'Data set',
    cell: (job) => <Short text={`${job.datasetName} v${job.datasetVersion}`} />,
    sortValue: (job) => job.datasetName,
  },
  { key: 'version', header: 'Made', cell: (job) => (job.version === null ? '–' : <Short text={`${job.modelName} v${job.version}`} />) },
  {
    key: 'took',
    header: 'Took',
    cell: (job) => formatDuration(tookSeconds(job, nowMs)),
    align: 'right',
    sortValue: (job) => tookSeconds(job, nowMs),
  },
  { key: 'attempt', header: 'Attempt', cell: (job) => job.attempt || '–', align: 'right', isHiddenByDefault: true },
  { key: 'created', header: 'Created', cell: (job) => <RelativeTime at={job.createdAt} />, sortValue: (job) => Date.parse(job.createdAt) },
  { key: 'by', header: 'By', cell: (job) => job.createdBy ?? '–', isHiddenByDefault: true },
]
