import type { Metadata } from 'next'
import { api, HydrateClient } from '#src/server/trpc/server.ts'
import { DeploymentList } from '#src/ui/deployments/DeploymentList.tsx'
import { deploymentListInput } from '#src/ui/deployments/deploymentListInput.ts'

export const metadata: Metadata = { title: 'Deployments' }

export default async function Page({ searchParams }: { searchParams: Promise<{ q?: string; status?: string }> }) {
  const { q, status } = await searchParams
  await api.deployments.list.prefetchInfinite(deploymentListInput({ q, status }))
  return (
    <HydrateClient>
      <DeploymentList />
    </HydrateClient>
  )
}
