import type { Metadata } from 'next'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { Limits } from '#src/ui/settings/Limits.tsx'

export const metadata: Metadata = { title: 'Limits' }

export default async function Page() {
  await api.system.limits.prefetch()
  return (
    <HydrateClient>
      <Limits />
    </HydrateClient>
  )
}
