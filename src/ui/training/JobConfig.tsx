'use client'
import Box from '@mui/material/Box'
import type { Job } from '#src/contracts/training.ts'
import { datasetHref } from '#src/ui/datasets/datasetFacts.ts'
import { AppLink } from '#src/ui/kit/AppLink.tsx'
import { formatPercent } from '#src/ui/kit/format.ts'
import { IdText } from '#src/ui/kit/IdText.tsx'
import { KeyValues } from '#src/ui/kit/KeyValues.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { fieldsOf } from '#src/ui/training/formSchema.ts'
import { recipeTitle } from '#src/ui/training/jobFacts.ts'
import { trpc } from '#src/ui/trpc.tsx'

const deviceNames = { auto: 'Whatever is free', cpu: 'CPU', cuda: 'GPU' }
const joined = (names: string[] | undefined) => (names?.length ? names.join(', ') : null)

function HyperParameters({ job }: { job: Job }) {
  const { data: recipes } = trpc.training.recipes.useQuery()
  const fields = fieldsOf(recipes?.find((one) => one.name === job.recipe)?.hyperParameters ?? {})
  const chosen = Object.entries(job.hyperParameters)
  if (chosen.length === 0) return <Box sx={{ typography: 'body2', color: 'text.secondary' }}>The recipe’s defaults.</Box>
  return (
    <KeyValues
      labelWidth={96}
      items={chosen.map(([name, value]) => ({ label: fields.find((field) => field.name === name)?.title ?? name, value: String(value) }))}
    />
  )
}

/** What the job was asked to do. */
export function JobConfig({ job }: { job: Job }) {
  const { columns } = job
  return (
    <Box sx={{ display: 'grid', gap: 8, minWidth: 0 }}>
      <Section title="Settings" isFramed>
        <KeyValues
          labelWidth={96}
          items={[
            { label: 'Recipe', value: recipeTitle(job.recipe) },
            {
              label: 'Data set',
              value: (
                <AppLink href={datasetHref(job.datasetName, job.datasetVersion)}>
                  {job.datasetName} version {job.datasetVersion}
                </AppLink>
              ),
            },
            { label: 'Target', value: columns.target },
            { label: 'Text', value: columns.text },
            { label: 'Label', value: columns.label },
            { label: 'Features', value: joined(columns.features) },
            { label: 'Left out', value: joined(columns.exclude) },
            { label: 'Model', value: job.modelName },
            { label: 'Base', value: job.base && `${job.base.model} version ${job.base.version}` },
            { label: 'Test rows', value: formatPercent(job.split.test, 0) },
            { label: 'Grouped by', value: job.split.groupBy },
            { label: 'Seed', value: String(job.seed) },
            {
              label: 'Device',
              value: `${deviceNames[job.resources.device]}${job.resources.gpus > 0 ? `, ${job.resources.gpus} GPUs` : ''}`,
            },
          ]}
        />
      </Section>
      <Section title="Hyper-parameters" isFramed>
        <HyperParameters job={job} />
      </Section>
      <Section title="Facts" isFramed>
        <KeyValues
          labelWidth={96}
          items={[
            { label: 'Id', value: <IdText id={job.id} /> },
            { label: 'Attempt', value: job.attempt > 0 ? String(job.attempt) : null },
            { label: 'Runtime', value: job.runtimeName },
            { label: 'Created', value: <RelativeTime at={job.createdAt} /> },
            { label: 'Started', value: job.startedAt && <RelativeTime at={job.startedAt} /> },
            { label: 'Finished', value: job.finishedAt && <RelativeTime at={job.finishedAt} /> },
            { label: 'By', value: job.createdBy },
          ]}
        />
      </Section>
    </Box>
  )
}
