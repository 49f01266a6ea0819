import type { Metadata } from 'next'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { jobFormStart } from '#src/ui/training/jobFormStart.ts'
import { NewJobForm } from '#src/ui/training/NewJobForm.tsx'

export const metadata: Metadata = { title: 'Train a model' }

export default async function Page({ searchParams }: { searchParams: Promise<Record<string, string | undefined>> }) {
  const start = jobFormStart(await searchParams)
  await Promise.all([
    api.training.recipes.prefetch(),
    api.datasets.list.prefetch({ limit: 200 }),
    start.from
      ? api.training.get.prefetch({ id: start.from })
      : start.dataset && api.datasets.get.prefetch({ dataset: start.dataset, version: start.version }),
  ])
  return (
    <HydrateClient>
      <NewJobForm start={start} />
    </HydrateClient>
  )
}
