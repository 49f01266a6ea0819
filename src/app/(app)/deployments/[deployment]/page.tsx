import type { Metadata } from 'next'
import { decoded } from '#src/app/decoded.ts'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { DeploymentPage } from '#src/ui/deployments/DeploymentPage.tsx'
import { lastHourInput } from '#src/ui/deployments/lastHourInput.ts'

type Props = { params: Promise<{ deployment: string }> }

export const metadata: Metadata = { title: 'Deployment' }

export default async function Page({ params }: Props) {
  const deployment = decoded((await params).deployment)
  await Promise.all([api.deployments.get.prefetch({ deployment }), api.deployments.list.prefetch(lastHourInput(deployment))])
  return (
    <HydrateClient>
      <DeploymentPage deployment={deployment} />
    </HydrateClient>
  )
}
