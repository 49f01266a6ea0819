import Box from '@mui/material/Box'
import type { Home } from '#src/contracts/home.ts'
import { AppLink } from '#src/ui/kit/AppLink.tsx'
import { ListCard } from '#src/ui/kit/ListCard.tsx'
import { ProgressLine } from '#src/ui/kit/ProgressLine.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'

/** Jobs that run or wait, with how far they are. */
export function RunningJobs({ jobs }: { jobs: Home['runningJobs'] }) {
  return (
    <Section title="Running now">
      <ListCard label="Running now">
        {jobs.length === 0 && (
          <Box component="li" sx={{ color: 'text.secondary' }}>
            No job runs. What you start appears here with its progress.
          </Box>
        )}
        {jobs.map((job) => (
          <Box component="li" key={job.id} sx={{ display: 'grid', gap: 1.5 }}>
            <Box sx={{ display: 'flex', gap: 3, alignItems: 'center' }}>
              <AppLink
                href={`/training/${job.id}`}
                sx={{ color: 'text.primary', fontWeight: 550, flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}
              >
                {job.name}
              </AppLink>
              <StatusChip status={job.status} />
            </Box>
            {job.status === 'running' && (
              <ProgressLine value={job.progress} label={`Progress of ${job.name}`} secondsLeft={job.etaSeconds} />
            )}
          </Box>
        ))}
      </ListCard>
    </Section>
  )
}
