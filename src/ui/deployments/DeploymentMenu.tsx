'use client'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { DeploymentDetail, DeploymentSummary } from '#src/contracts/deployment.ts'
import { ConfirmDialog } from '#src/ui/kit/ConfirmDialog.tsx'
import { plural } from '#src/ui/kit/format.ts'
import { MoreMenu } from '#src/ui/kit/MoreMenu.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { TargetsDialog } from '#src/ui/deployments/TargetsDialog.tsx'
import { trpc } from '#src/ui/trpc.tsx'

type LastHour = DeploymentSummary['lastHour'] | undefined

/** From so many requests an hour on, stopping asks for the name. */
const largeRequests = 1000

function StopDialog({ deployment, lastHour, onClose }: { deployment: DeploymentDetail; lastHour: LastHour; onClose: () => void }) {
  const router = useRouter()
  const toast = useToast()
  const utils = trpc.useUtils()
  const stop = trpc.deployments.stop.useMutation({
    onSuccess: () => {
      toast({ message: `${deployment.name} is stopped.` })
      router.push('/deployments')
      void Promise.all([utils.deployments.invalidate(), utils.models.version.invalidate(), utils.home.invalidate()])
    },
  })
  const requests = lastHour?.requests ?? 0
  return (
    <ConfirmDialog
      isOpen
      title={`Stop ${deployment.name}?`}
      confirmLabel="Stop the deployment"
      typeName={requests >= largeRequests ? deployment.name : undefined}
      isBusy={stop.isPending}
      error={stop.error}
      onClose={onClose}
      onConfirm={() => stop.mutate({ deployment: deployment.id })}
      consequences={[
        requests > 0
          ? `Its callers made ${plural(requests, 'request')} in the last hour; from now on they get an error.`
          : 'Nobody has called it in the last hour; whoever does gets an error.',
        'It stays listed as stopped with its figures, and its name is free for another.',
        'Its versions stay: deploy one again under the same name at any time.',
      ]}
    />
  )
}

/** What is done seldom. */
export function DeploymentMenu({ deployment, lastHour }: { deployment: DeploymentDetail; lastHour: LastHour }) {
  const [opened, setOpened] = useState<'targets' | 'stop' | null>(null)
  return (
    <>
      <MoreMenu
        entries={[
          { label: 'Change the traffic', onPick: () => setOpened('targets') },
          { label: 'Stop the deployment', onPick: () => setOpened('stop'), isDangerous: true },
        ]}
      />
      {opened === 'targets' && <TargetsDialog deployment={deployment} onClose={() => setOpened(null)} />}
      {opened === 'stop' && <StopDialog deployment={deployment} lastHour={lastHour} onClose={() => setOpened(null)} />}
    </>
  )
}
