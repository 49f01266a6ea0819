import type { Metadata } from 'next'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { Users } from '#src/ui/settings/Users.tsx'

export const metadata: Metadata = { title: 'People' }

export default async function Page() {
  await api.users.list.prefetch()
  return (
    <HydrateClient>
      <Users />
    </HydrateClient>
  )
}
