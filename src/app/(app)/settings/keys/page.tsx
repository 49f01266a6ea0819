import type { Metadata } from 'next'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { ApiKeys } from '#src/ui/settings/ApiKeys.tsx'

export const metadata: Metadata = { title: 'API keys' }

export default async function Page() {
  await api.apiKeys.list.prefetch()
  return (
    <HydrateClient>
      <ApiKeys />
    </HydrateClient>
  )
}
