import type { Metadata } from 'next'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { Projects } from '#src/ui/settings/Projects.tsx'

export const metadata: Metadata = { title: 'Projects' }

export default async function Page() {
  await api.projects.list.prefetch()
  return (
    <HydrateClient>
      <Projects />
    </HydrateClient>
  )
}
