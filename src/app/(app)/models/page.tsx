import type { Metadata } from 'next'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { ModelList } from '#src/ui/models/ModelList.tsx'
import { modelListInput } from '#src/ui/models/modelListInput.ts'

export const metadata: Metadata = { title: 'Models' }

export default async function Page({ searchParams }: { searchParams: Promise<Record<string, string | undefined>> }) {
  const { q, filter, sort } = await searchParams
  await api.models.list.prefetchInfinite(modelListInput({ q, filter, sort }))
  return (
    <HydrateClient>
      <ModelList />
    </HydrateClient>
  )
}
