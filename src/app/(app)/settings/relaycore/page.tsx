import type { Metadata } from 'next'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { Relaycore } from '#src/ui/relaycore/Relaycore.tsx'

export const metadata: Metadata = { title: 'RelayCore' }

export default async function Page() {
  await api.relaycore.link.prefetch()
  return (
    <HydrateClient>
      <Relaycore />
    </HydrateClient>
  )
}
