import type { Metadata } from 'next'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { Alerts } from '#src/ui/alerts/Alerts.tsx'
import { alertInput } from '#src/ui/alerts/alertInput.ts'

export const metadata: Metadata = { title: 'Alerts' }

export default async function Page({ searchParams }: { searchParams: Promise<{ show?: string | string[] }> }) {
  const { show } = await searchParams
  await api.alerts.list.prefetchInfinite(alertInput(show))
  return (
    <HydrateClient>
      <Alerts />
    </HydrateClient>
  )
}
