'use client'
import Box from '@mui/material/Box'
import type { DatasetDetail } from '#src/contracts/dataset.ts'
import { formatBytes, formatDuration, formatNumber, plural } from '#src/ui/kit/format.ts'
import { KeyValues } from '#src/ui/kit/KeyValues.tsx'
import { StatusShape } from '#src/ui/kit/StatusChip.tsx'
import { featuresOf, type JobDraft } from '#src/ui/training/jobDraft.ts'
import { isTextRecipe } from '#src/ui/training/jobDefaults.ts'
import { tookSeconds } from '#src/ui/training/jobFacts.ts'
import { trpc } from '#src/ui/trpc.tsx'
import { panel } from '#src/ui/kit/panel.ts'

/** What the last job of this recipe took, said as that and no more: sizes and settings differ. */
function useLastJob(recipe: JobDraft['recipe']): string | null {
  const { data } = trpc.training.list.useQuery({ recipe, status: 'succeeded', limit: 1 })
  const last = data?.items[0]
  if (!last) return null
  return `The last job of this recipe took ${formatDuration(tookSeconds(last, 0))} on ${last.datasetName}.`
}

/** Whether some training runtime has what is asked for, in a sentence when none does. */
function useMissing(device: JobDraft['device']): string | null {
  const { data } = trpc.runtimes.list.useQuery()
  if (!data) return null
  const live = data.filter((runtime) => runtime.kind === 'training' && runtime.status === 'live')
  if (live.length === 0) return 'No training runtime is connected just now: the job waits until one is.'
  if (device !== 'cuda' || live.some((runtime) => runtime.devices.some((one) => one.kind === 'cuda'))) return null
  return 'No connected training runtime has a GPU: the job would fail within seconds.'
}

const deviceWords = { auto: 'a GPU where there is one, else the CPU', cpu: 'the CPU', cuda: 'a GPU' }

/** What it will take, before it is started. */
export function JobCost({ draft, dataset }: { draft: JobDraft; dataset: DatasetDetail }) {
  const last = useLastJob(draft.recipe)
  const missing = useMissing(draft.device)
  const share = Number(draft.testPercent.replace(',', '.')) / 100
  const rows = dataset.rows ?? 0
  const tested = Number.isFinite(share) ? Math.round(rows * share) : 0
  const features = isTextRecipe(draft.recipe) ? 1 : featuresOf(draft, dataset.columns).length
  return (
    <Box role="group" aria-label="What it will take" sx={{ ...panel, p: 4, display: 'grid', gap: 3 }}>
      <KeyValues
        labelWidth={72}
        items={[
          { label: 'Rows', value: `${formatNumber(rows - tested)} to learn from, ${formatNumber(tested)} to test on` },
          {
            label: 'Columns',
            value: `${isTextRecipe(draft.recipe) ? 'the text' : plural(features, 'feature')}, predicting ${draft.target || '–'}`,
          },
          { label: 'Size', value: formatBytes(dataset.sizeBytes) },
          { label: 'Runs on', value: deviceWords[draft.device] },
          { label: 'Time', value: last },
        ]}
      />
      {missing && (
        <Box role="status" sx={{ display: 'flex', gap: 2, alignItems: 'baseline', typography: 'body2' }}>
          <StatusShape status="degraded" size={11} />
          <span>{missing}</span>
        </Box>
      )}
    </Box>
  )
}
