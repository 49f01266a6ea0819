'use client'
import Skeleton from '@mui/material/Skeleton'
import dynamic from 'next/dynamic'
import type { ModelVersion } from '#src/contracts/model.ts'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { readEvaluation } from '#src/ui/models/evaluationParts.ts'
import { trpc } from '#src/ui/trpc.tsx'

const EvaluationPlots = dynamic(() => import('#src/ui/models/EvaluationPlots.tsx'), {
  loading: () => <Skeleton variant="rounded" height={320} />,
})

/** How the version did on rows that it had not seen. */
export function Evaluation({ version }: { version: ModelVersion }) {
  const { data, error, isPending, refetch } = trpc.models.evaluation.useQuery(
    { model: version.modelId, version: version.version },
    { staleTime: Number.POSITIVE_INFINITY },
  )
  if (error) return <ErrorNotice title="The evaluation could not be read" error={error} onRetry={() => void refetch()} />
  if (isPending) return <Skeleton variant="rounded" height={320} />
  if (data === null)
    return (
      <EmptyState sentence="This version brought no evaluation. A training job measures its version on rows set apart and leaves the curves here." />
    )
  return <EvaluationPlots parts={readEvaluation(data)} />
}
