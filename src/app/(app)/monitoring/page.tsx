import type { Metadata } from 'next'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { FleetOverview } from '#src/ui/deployments/FleetOverview.tsx'
import { fleetInput } from '#src/ui/deployments/fleetInput.ts'

export const metadata: Metadata = { title: 'Monitoring' }

export default async function Page() {
  await api.deployments.list.prefetch(fleetInput)
  return (
    <HydrateClient>
      <FleetOverview />
    </HydrateClient>
  )
}
