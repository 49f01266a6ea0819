import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { decoded } from '#src/app/decoded.ts'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { VersionPage } from '#src/ui/models/VersionPage.tsx'

type Props = { params: Promise<{ model: string; version: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { model, version } = await params
  return { title: `${decoded(model)} version ${version}` }
}

export default async function Page({ params }: Props) {
  const { model: name, version: text } = await params
  if (!/^[1-9]\d{0,9}$/.test(text)) notFound()
  const ref = { model: decoded(name), version: Number(text) }
  await Promise.all([api.models.version.prefetch(ref), api.models.versions.prefetch({ model: ref.model })])
  return (
    <HydrateClient>
      <VersionPage {...ref} />
    </HydrateClient>
  )
}
