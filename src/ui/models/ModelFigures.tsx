import type { z } from 'zod'
import type { Model, versionSummary } from '#src/contracts/model.ts'
import { Sparkline } from '#src/ui/charts/Sparkline.tsx'
import { Figure, Figures } from '#src/ui/kit/Figure.tsx'
import { formatBytes, formatMetric, metricTitle, plural } from '#src/ui/kit/format.ts'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { mainMetricOf } from '#src/ui/models/compareMetrics.ts'

export type VersionSummary = z.infer<typeof versionSummary>

/** The version that people look at first: the champion, else the latest one that has figures, else the latest. */
function versionInFocus(model: Model, versions: VersionSummary[]): number {
  return model.aliases.champion ?? versions.find((version) => Object.keys(version.metrics).length > 0)?.version ?? model.latestVersion
}

/** The champion's main metric against the version before, and what there is. */
export function ModelFigures({ model, versions }: { model: Model; versions: VersionSummary[] | undefined }) {
  const all = versions ?? []
  const focus = versionInFocus(model, all)
  const metric = mainMetricOf(all, focus)
  const name = model.aliases.champion === focus ? `champion, version ${focus}` : `version ${focus}`
  const trend = metric ? all.map((version) => version.metrics[metric.name] ?? null).reverse() : []
  const latest = all[0]
  return (
    <Figures>
      <Figure
        label={metric ? `${metricTitle(metric.name)}, ${name}` : 'Main metric'}
        value={metric ? formatMetric(metric.value) : '–'}
        tone={metric?.change?.tone}
        note={
          metric
            ? metric.change
              ? `${metric.change.text} to version ${metric.change.before}`
              : 'the first that was measured'
            : 'Trained versions bring their metrics with them.'
        }
      />
      {metric && trend.length > 1 && (
        <Figure
          label={`${metricTitle(metric.name)} by version`}
          value={
            <Sparkline
              values={trend}
              label={`${metricTitle(metric.name)} of ${plural(trend.length, 'version')}, oldest first`}
              width={130}
              height={34}
            />
          }
        />
      )}
      <Figure label="Latest version" value={model.latestVersion} note={<RelativeTime at={latest?.createdAt ?? model.updatedAt} />} />
      <Figure label="Size of the latest" value={latest ? formatBytes(latest.sizeBytes) : '–'} note={latest?.format ?? undefined} />
    </Figures>
  )
}
