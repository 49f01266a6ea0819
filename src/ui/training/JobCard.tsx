import Typography from '@mui/material/Typography'
import type { JobSummary } from '#src/contracts/training.ts'
import { formatMetric, metricTitle } from '#src/ui/kit/format.ts'
import { KeyValues } from '#src/ui/kit/KeyValues.tsx'
import { ProgressLine } from '#src/ui/kit/ProgressLine.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { recipeTitle, statusLabel } from '#src/ui/training/jobFacts.ts'

/** A look at a job beside the list. */
export function JobCard({ job }: { job: JobSummary }) {
  return (
    <>
      <Typography variant="h2" sx={{ overflowWrap: 'anywhere' }}>
        {job.name}
      </Typography>
      {job.status === 'running' && <ProgressLine value={job.progress} label="Progress" secondsLeft={job.etaSeconds} />}
      <KeyValues
        items={[
          { label: 'State', value: <StatusChip status={job.status} label={statusLabel(job)} /> },
          { label: 'Why', value: job.error?.message ?? job.reason },
          { label: 'Recipe', value: recipeTitle(job.recipe) },
          { label: 'Data set', value: `${job.datasetName} version ${job.datasetVersion}` },
          { label: 'Model', value: `${job.modelName}${job.version === null ? '' : ` version ${job.version}`}` },
          { label: 'Created', value: <RelativeTime at={job.createdAt} /> },
          { label: 'By', value: job.createdBy },
        ]}
      />
      {Object.keys(job.metrics).length > 0 && (
        <KeyValues items={Object.entries(job.metrics).map(([name, value]) => ({ label: metricTitle(name), value: formatMetric(value) }))} />
      )}
    </>
  )
}
