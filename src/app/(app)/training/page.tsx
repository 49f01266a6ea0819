import type { Metadata } from 'next'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { JobList } from '#src/ui/training/JobList.tsx'
import { jobListInput } from '#src/ui/training/jobListInput.ts'

export const metadata: Metadata = { title: 'Training' }

export default async function Page({ searchParams }: { searchParams: Promise<{ q?: string; status?: string }> }) {
  const { q, status } = await searchParams
  await api.training.list.prefetchInfinite(jobListInput({ q, status }))
  return (
    <HydrateClient>
      <JobList />
    </HydrateClient>
  )
}
