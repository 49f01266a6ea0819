'use client'
import type { Job } from '#src/contracts/training.ts'
import type { Point } from '#src/ui/charts/types.ts'
import { lastPoint } from '#src/ui/charts/scale.ts'
import { Figure, Figures } from '#src/ui/kit/Figure.tsx'
import { formatDuration, formatMetric, isLowerBetter, metricTitle } from '#src/ui/kit/format.ts'
import { useNow } from '#src/ui/kit/useNow.ts'
import type { JobProgress } from '#src/ui/training/eventLog.ts'
import { tookSeconds } from '#src/ui/training/jobFacts.ts'
import { groupMetrics } from '#src/ui/training/metricGroups.ts'

const shownMetrics = 4

function bestOf(name: string, points: readonly Point[]): Point | null {
  const known = points.filter((point) => point.y !== null)
  const better = (left: number, right: number) => (isLowerBetter(name) ? left < right : left > right)
  return known.reduce<Point | null>((best, point) => (best === null || better(point.y as number, best.y as number) ? point : best), null)
}

function Curves({ points }: { points: ReadonlyMap<string, readonly Point[]> }) {
  const [group] = groupMetrics([...points.keys()])
  return (group?.lines ?? []).map(({ name, part }) => {
    const last = lastPoint(points.get(name) ?? [])
    const best = bestOf(name, points.get(name) ?? [])
    const title = `${metricTitle(group?.group ?? name)}${part ? `, ${part}` : ''}`
    return (
      <Figure
        key={name}
        label={title}
        value={formatMetric(last?.y)}
        note={best && last && best.x !== last.x ? `best ${formatMetric(best.y)} at step ${best.x}` : 'best so far'}
      />
    )
  })
}

/** While it runs: the curves now and the time left. */
export function RunningFigures({
  job,
  points,
  progress,
}: {
  job: Job
  points: ReadonlyMap<string, readonly Point[]>
  progress: JobProgress | null
}) {
  return (
    <Figures>
      <Figure label="Time left" value={formatDuration(progress ? progress.etaSeconds : job.etaSeconds)} />
      <Curves points={points} />
    </Figures>
  )
}

/** When it has ended: what was measured on rows that it never saw, the recipe's own metric first. */
export function JobFiguresOfResult({ job, primary }: { job: Job; primary: string | null }) {
  const now = useNow()
  const names = Object.keys(job.metrics).sort((left, right) => Number(right === primary) - Number(left === primary))
  return (
    <Figures>
      {names.slice(0, shownMetrics).map((name) => (
        <Figure
          key={name}
          label={metricTitle(name)}
          value={formatMetric(job.metrics[name])}
          note={name === primary ? 'on the test rows' : isLowerBetter(name) ? 'lower is better' : undefined}
        />
      ))}
      <Figure label="Took" value={formatDuration(tookSeconds(job, now))} note={job.attempt > 1 ? `${job.attempt} attempts` : undefined} />
    </Figures>
  )
}
