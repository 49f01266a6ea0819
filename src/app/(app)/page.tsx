import type { Metadata } from 'next'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { HomePage } from '#src/ui/home/HomePage.tsx'

export const metadata: Metadata = { title: 'Home' }

export default async function Page() {
  await Promise.all([api.home.get.prefetch(), api.system.info.prefetch(), api.deployments.list.prefetch({ limit: 20 })])
  return (
    <HydrateClient>
      <HomePage />
    </HydrateClient>
  )
}
