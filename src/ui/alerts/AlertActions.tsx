'use client'
import Button from '@mui/material/Button'
import { type Alert, subjectOf } from '#src/contracts/alert.ts'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { trpc } from '#src/ui/trpc.tsx'

function ResolveButton({ alert }: { alert: Alert }) {
  const toast = useToast()
  const utils = trpc.useUtils()
  const resolve = trpc.alerts.resolve.useMutation({
    onSuccess: () => {
      toast({ message: `${alert.rule.name} on ${subjectOf(alert)} is resolved.` })
      void utils.alerts.invalidate()
    },
    onError: (error) => toast({ message: error.message, tone: 'failed' }),
  })
  return (
    <Button
      loading={resolve.isPending}
      onClick={() => resolve.mutate({ id: alert.id })}
      aria-label={`Resolve ${alert.rule.name} on ${subjectOf(alert)}`}
    >
      Resolve
    </Button>
  )
}

/** What can be done with an alert that is not over. */
export function AlertActions({ alert, onAcknowledge }: { alert: Alert; onAcknowledge: (alert: Alert) => void }) {
  const { canDeploy } = usePermissions()
  if (!canDeploy || alert.status === 'resolved') return null
  return (
    <>
      {alert.status === 'firing' && (
        <Button onClick={() => onAcknowledge(alert)} aria-label={`Acknowledge ${alert.rule.name} on ${subjectOf(alert)}`}>
          Acknowledge
        </Button>
      )}
      <ResolveButton alert={alert} />
    </>
  )
}
