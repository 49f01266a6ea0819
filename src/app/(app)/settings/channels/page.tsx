import type { Metadata } from 'next'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { Channels } from '#src/ui/channels/Channels.tsx'

export const metadata: Metadata = { title: 'Channels' }

export default async function Page() {
  await api.channels.list.prefetch()
  return (
    <HydrateClient>
      <Channels />
    </HydrateClient>
  )
}
