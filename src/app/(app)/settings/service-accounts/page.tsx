import type { Metadata } from 'next'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { ServiceAccounts } from '#src/ui/settings/ServiceAccounts.tsx'

export const metadata: Metadata = { title: 'Service accounts' }

export default async function Page() {
  await api.serviceAccounts.list.prefetch()
  return (
    <HydrateClient>
      <ServiceAccounts />
    </HydrateClient>
  )
}
