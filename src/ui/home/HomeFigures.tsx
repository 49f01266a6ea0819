import type { Home } from '#src/contracts/home.ts'
import { AppLink } from '#src/ui/kit/AppLink.tsx'
import { Figure, Figures } from '#src/ui/kit/Figure.tsx'
import { formatNumber } from '#src/ui/kit/format.ts'

const link = (href: string, value: number) => (
  <AppLink href={href} sx={{ color: 'inherit' }}>
    {formatNumber(value)}
  </AppLink>
)

/** The numbers that one opens this page for. */
export function HomeFigures({ home }: { home: Home }) {
  const running = home.runningJobs.filter((job) => job.status === 'running').length
  const queued = home.runningJobs.length - running
  return (
    <Figures>
      <Figure
        label="Jobs running"
        value={link('/training', running)}
        note={queued > 0 ? `${queued} queued` : `${formatNumber(home.counts.jobs)} in all`}
      />
      <Figure
        label="Deployments"
        value={link('/deployments', home.counts.deployments)}
        note={home.counts.deployments === 0 ? 'none yet' : 'serving or starting'}
      />
      <Figure label="Requests, last hour" value={formatNumber(home.requestsLastHour)} />
      <Figure label="Models" value={link('/models', home.counts.models)} />
      <Figure label="Data sets" value={link('/datasets', home.counts.datasets)} />
    </Figures>
  )
}
