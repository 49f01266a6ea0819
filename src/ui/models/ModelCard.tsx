'use client'
import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import type { Model } from '#src/contracts/model.ts'
import { formatMetric, mainMetric, metricTitle } from '#src/ui/kit/format.ts'
import { IdText } from '#src/ui/kit/IdText.tsx'
import { KeyValues } from '#src/ui/kit/KeyValues.tsx'
import { Prose } from '#src/ui/kit/Prose.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { AliasNames, TagChips } from '#src/ui/models/ModelChips.tsx'
import { taskTitle } from '#src/ui/models/modelColumns.tsx'

/** A model at a glance: its figure, its state, its facts and its description. */
export function ModelCard({ model }: { model: Model }) {
  const metric = mainMetric(model.metrics)
  return (
    <Box component="article" aria-label={`Model ${model.name}`} sx={{ display: 'grid', gap: 4, minWidth: 0 }}>
      <Box sx={{ display: 'flex', alignItems: 'center', gap: 3, flexWrap: 'wrap' }}>
        <Typography variant="h2" component="p" sx={{ overflowWrap: 'anywhere' }}>
          {model.name}
        </Typography>
        <StatusChip status={model.status} />
      </Box>
      {metric && (
        <Box>
          <Box sx={{ typography: 'label', color: 'text.secondary' }}>
            {metricTitle(metric.name)}, version {model.latestVersion}
          </Box>
          <Box sx={{ typography: 'h4' }}>{formatMetric(metric.value)}</Box>
        </Box>
      )}
      <ModelFacts model={model} />
      {model.description && <Prose text={model.description} maxLines={8} />}
    </Box>
  )
}

/** The facts alone. */
export function ModelFacts({ model }: { model: Model }) {
  return (
    <KeyValues
      labelWidth={110}
      items={[
        { label: 'Latest version', value: model.latestVersion },
        { label: 'Task', value: taskTitle(model.task) },
        { label: 'Specialization', value: model.specialization },
        { label: 'Base model', value: model.baseModel },
        { label: 'Capabilities', value: model.capabilities.join(', ') },
        { label: 'Cost of a token', value: model.costPerToken },
        { label: 'Cost of a request', value: model.costPerRequest },
        { label: 'Tokens at most', value: model.maxTokens },
        { label: 'Aliases', value: Object.keys(model.aliases).length > 0 && <AliasNames aliases={model.aliases} /> },
        { label: 'Tags', value: Object.keys(model.tags).length > 0 && <TagChips tags={model.tags} /> },
        ...Object.entries(model.metadata)
          .slice(0, 20)
          .map(([label, value]) => ({ label, value: typeof value === 'string' ? value : JSON.stringify(value) })),
        { label: 'Updated', value: <RelativeTime at={model.updatedAt} /> },
        { label: 'Created', value: <RelativeTime at={model.createdAt} /> },
        { label: 'By', value: model.createdBy },
        { label: 'Id', value: <IdText id={model.id} /> },
      ].map((item) => ({ ...item, value: item.value === false ? null : item.value }))}
    />
  )
}
