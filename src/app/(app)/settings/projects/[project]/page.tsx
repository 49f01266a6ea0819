import type { Metadata } from 'next'
import { decoded } from '#src/app/decoded.ts'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { ProjectPage } from '#src/ui/settings/ProjectPage.tsx'

type Props = { params: Promise<{ project: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: decoded((await params).project) }
}

export default async function Page({ params }: Props) {
  const project = decoded((await params).project)
  await api.projects.get.prefetch({ project })
  return (
    <HydrateClient>
      <ProjectPage project={project} />
    </HydrateClient>
  )
}
