import type { Metadata } from 'next'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { Rules } from '#src/ui/alerts/Rules.tsx'

export const metadata: Metadata = { title: 'Alert rules' }

export default async function Page() {
  await api.alerts.rules.prefetch()
  return (
    <HydrateClient>
      <Rules />
    </HydrateClient>
  )
}
