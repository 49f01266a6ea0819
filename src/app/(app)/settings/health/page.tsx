import type { Metadata } from 'next'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { HealthView } from '#src/ui/settings/HealthView.tsx'

export const metadata: Metadata = { title: 'Health' }

export default async function Page() {
  await api.system.health.prefetch()
  return (
    <HydrateClient>
      <HealthView />
    </HydrateClient>
  )
}
