import type { Metadata } from 'next'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { DatasetList } from '#src/ui/datasets/DatasetList.tsx'
import { datasetListInput } from '#src/ui/datasets/datasetListInput.ts'

export const metadata: Metadata = { title: 'Data sets' }

export default async function Page({ searchParams }: { searchParams: Promise<{ q?: string }> }) {
  const { q } = await searchParams
  await api.datasets.list.prefetchInfinite(datasetListInput({ q }))
  return (
    <HydrateClient>
      <DatasetList />
    </HydrateClient>
  )
}
