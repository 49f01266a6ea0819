'use client'
import { useRouter } from 'next/navigation'
import { trpc } from '#src/ui/trpc.tsx'

/** Deploys, then leads to the endpoint's page. */
export function useDeploy() {
  const router = useRouter()
  const utils = trpc.useUtils()
  return trpc.deployments.deploy.useMutation({
    onSuccess: (deployment) => {
      void Promise.all([utils.deployments.invalidate(), utils.models.invalidate(), utils.home.invalidate()])
      router.push(`/deployments/${encodeURIComponent(deployment.name)}`)
    },
  })
}
