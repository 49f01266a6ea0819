'use client'
import Box from '@mui/material/Box'
import type { Model } from '#src/contracts/model.ts'
import { type Column, DataTable } from '#src/ui/kit/DataTable.tsx'
import { formatBytes, formatMetric, mainMetric, metricTitle } from '#src/ui/kit/format.ts'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { mainMetricOf } from '#src/ui/models/compareMetrics.ts'
import { AliasChip } from '#src/ui/models/ModelChips.tsx'
import type { VersionSummary } from '#src/ui/models/ModelFigures.tsx'

const tones = { good: 'state.readyText', bad: 'state.failedText', plain: 'text.secondary' }

function MetricCell({ version, all }: { version: VersionSummary; all: VersionSummary[] }) {
  const metric = mainMetricOf(all, version.version)
  if (!metric) return '–'
  return (
    <span>
      {formatMetric(metric.value)}
      {metric.change && (
        <Box component="span" sx={{ ml: 2, color: tones[metric.change.tone], display: 'inline-block', minWidth: 52 }}>
          {metric.change.text}
        </Box>
      )}
    </span>
  )
}

/** Versions, newest first; each metric beside its difference to the version before. */
export function VersionTable({ model, versions }: { model: Model; versions: VersionSummary[] | undefined }) {
  const all = versions ?? []
  const named = all.map((version) => mainMetric(version.metrics)?.name).find((name) => name !== undefined)
  const columns: Column<VersionSummary>[] = [
    { key: 'version', header: 'Version', cell: (version) => `Version ${version.version}`, sortValue: (version) => version.version },
    { key: 'status', header: 'State', cell: (version) => <StatusChip status={version.status} />, sortValue: (version) => version.status },
    {
      key: 'metric',
      header: named ? metricTitle(named) : 'Main metric',
      align: 'right',
      cell: (version) => <MetricCell version={version} all={all} />,
      sortValue: (version) => mainMetric(version.metrics)?.value ?? null,
    },
    {
      key: 'aliases',
      header: 'Aliases',
      cell: (version) =>
        version.aliases.length > 0 ? (
          <Box component="span" sx={{ display: 'inline-flex', gap: 1 }}>
            {version.aliases.map((alias) => (
              <AliasChip key={alias} alias={alias} />
            ))}
          </Box>
        ) : (
          '–'
        ),
    },
    { key: 'format', header: 'Format', cell: (version) => version.format ?? '–', isHiddenByDefault: true },
    {
      key: 'size',
      header: 'Size',
      align: 'right',
      cell: (version) => formatBytes(version.sizeBytes),
      sortValue: (version) => version.sizeBytes,
    },
    {
      key: 'created',
      header: 'Created',
      cell: (version) => <RelativeTime at={version.createdAt} />,
      sortValue: (version) => version.createdAt,
    },
    { key: 'by', header: 'By', cell: (version) => version.createdBy ?? '–', isHiddenByDefault: true },
  ]
  return (
    <DataTable
      id="versions"
      label="Versions"
      columns={columns}
      rows={versions}
      rowKey={(version) => version.id}
      rowHref={(version) => `/models/${encodeURIComponent(model.name)}/versions/${version.version}`}
      skeletonCount={3}
    />
  )
}
