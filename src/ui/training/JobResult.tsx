'use client'
import Box from '@mui/material/Box'
import type { Job } from '#src/contracts/training.ts'
import { AppLink } from '#src/ui/kit/AppLink.tsx'
import { StatusShape } from '#src/ui/kit/StatusChip.tsx'
import { JobFiguresOfResult } from '#src/ui/training/JobFigures.tsx'
import { trpc } from '#src/ui/trpc.tsx'

/** What came of it: the version, its figures, and what to do next. */
export function JobResult({ job }: { job: Job }) {
  const { data: recipes } = trpc.training.recipes.useQuery()
  if (job.status !== 'succeeded' || job.version === null) return null
  const model = `/models/${encodeURIComponent(job.modelName)}`
  return (
    <Box sx={{ display: 'grid', gap: 3 }}>
      <Box role="status" sx={{ display: 'flex', alignItems: 'center', columnGap: 2, rowGap: 1, flexWrap: 'wrap' }}>
        <StatusShape status="succeeded" />
        <span>
          It made{' '}
          <AppLink href={`${model}/versions/${job.version}`} underline="always" sx={{ fontWeight: 600 }}>
            version {job.version} of {job.modelName}
          </AppLink>
          .
        </span>
        <Box component="span" sx={{ color: 'text.secondary' }}>
          Next: look at its{' '}
          <AppLink href={`${model}/versions/${job.version}?tab=evaluation`} underline="always">
            evaluation
          </AppLink>
          , or deploy it.
        </Box>
      </Box>
      <JobFiguresOfResult job={job} primary={recipes?.find((one) => one.name === job.recipe)?.primaryMetric ?? null} />
    </Box>
  )
}
