import type { Metadata } from 'next'
import { decoded } from '#src/app/decoded.ts'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { ModelPage } from '#src/ui/models/ModelPage.tsx'

type Props = { params: Promise<{ model: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: decoded((await params).model) }
}

export default async function Page({ params }: Props) {
  const model = decoded((await params).model)
  await Promise.all([
    api.models.get.prefetch({ model }),
    api.models.versions.prefetch({ model }),
    api.models.aliasHistory.prefetch({ model }),
    api.performance.get.prefetch({ model }),
    api.performance.switches.prefetch({ model }),
  ])
  return (
    <HydrateClient>
      <ModelPage model={model} />
    </HydrateClient>
  )
}
