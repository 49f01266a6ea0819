import type { ModelVersion } from '#src/contracts/model.ts'
import { Figure, Figures } from '#src/ui/kit/Figure.tsx'
import { formatBytes, formatMetric, mainMetric, metricTitle } from '#src/ui/kit/format.ts'
import { difference, versionBefore } from '#src/ui/models/compareMetrics.ts'
import type { VersionSummary } from '#src/ui/models/ModelFigures.tsx'

const shownAtMost = 6

/** A version's metrics, the main one first, each against the version before. */
export function VersionMetrics({ version, versions }: { version: ModelVersion; versions: VersionSummary[] }) {
  const main = mainMetric(version.metrics)?.name
  const names = Object.keys(version.metrics)
    .sort((left, right) => Number(right === main) - Number(left === main))
    .slice(0, shownAtMost)
  return (
    <Figures min={130}>
      {names.map((name) => {
        const before = versionBefore(versions, version.version, name)
        const change = before ? difference(name, version.metrics[name], before.metrics[name]) : null
        return (
          <Figure
            key={name}
            label={metricTitle(name)}
            value={formatMetric(version.metrics[name])}
            tone={change?.tone}
            note={change && before ? `${change.text} to version ${before.version}` : undefined}
          />
        )
      })}
      {!version.external && <Figure label="Size" value={formatBytes(version.sizeBytes)} note={version.format ?? undefined} />}
      <Figure label="Serves in" value={version.deployments.length} note={version.deployments.length === 1 ? 'deployment' : 'deployments'} />
    </Figures>
  )
}
