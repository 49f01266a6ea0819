import type { Metadata } from 'next'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { JobPage } from '#src/ui/training/JobPage.tsx'
import { seriesInput } from '#src/ui/training/seriesInput.ts'

export const metadata: Metadata = { title: 'Training job' }

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  await Promise.all([api.training.get.prefetch({ id }), api.training.series.prefetch(seriesInput(id)), api.training.recipes.prefetch()])
  return (
    <HydrateClient>
      <JobPage id={id} />
    </HydrateClient>
  )
}
