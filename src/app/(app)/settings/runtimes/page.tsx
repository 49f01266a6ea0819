import type { Metadata } from 'next'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { Runtimes } from '#src/ui/settings/Runtimes.tsx'

export const metadata: Metadata = { title: 'Runtimes' }

export default async function Page() {
  await api.runtimes.list.prefetch()
  return (
    <HydrateClient>
      <Runtimes />
    </HydrateClient>
  )
}
