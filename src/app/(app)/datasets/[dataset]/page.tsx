import type { Metadata } from 'next'
import { decoded } from '#src/app/decoded.ts'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { DatasetPage } from '#src/ui/datasets/DatasetPage.tsx'
import { versionIn } from '#src/ui/datasets/datasetFacts.ts'

type Props = { params: Promise<{ dataset: string }>; searchParams: Promise<{ version?: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: decoded((await params).dataset) }
}

export default async function Page({ params, searchParams }: Props) {
  const dataset = decoded((await params).dataset)
  const version = versionIn((await searchParams).version)
  await api.datasets.get.prefetch({ dataset, version })
  return (
    <HydrateClient>
      <DatasetPage dataset={dataset} version={version} />
    </HydrateClient>
  )
}
