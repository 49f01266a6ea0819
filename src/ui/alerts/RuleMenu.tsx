'use client'
import Button from '@mui/material/Button'
import { useState } from 'react'
import type { AlertRule } from '#src/contracts/alert.ts'
import { ConfirmDialog } from '#src/ui/kit/ConfirmDialog.tsx'
import { plural } from '#src/ui/kit/format.ts'
import { MoreMenu } from '#src/ui/kit/MoreMenu.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const mutes = [
  { label: 'Mute for an hour', minutes: 60 },
  { label: 'Mute for 8 hours', minutes: 480 },
  { label: 'Mute for a week', minutes: 10_080 },
]

function DeleteDialog({ rule, onClose }: { rule: AlertRule; onClose: () => void }) {
  const utils = trpc.useUtils()
  const toast = useToast()
  const remove = trpc.alerts.deleteRule.useMutation({
    onSuccess: () => {
      void utils.alerts.invalidate()
      toast({ message: `The rule ${rule.name} is deleted.` })
      onClose()
    },
  })
  return (
    <ConfirmDialog
      isOpen
      title={`Delete the rule ${rule.name}?`}
      confirmLabel="Delete rule"
      isBusy={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() => remove.mutate({ id: rule.id })}
      consequences={[
        rule.openAlerts > 0
          ? `${plural(rule.openAlerts, 'open alert')} of it ${rule.openAlerts === 1 ? 'ends' : 'end'} with it.`
          : 'Nothing of it is firing now.',
        'The history of its alerts is deleted too. Switch it off instead to keep that.',
      ]}
    />
  )
}

/** What can be done with a rule. */
export function RuleMenu({ rule, onEdit }: { rule: AlertRule; onEdit: () => void }) {
  const utils = trpc.useUtils()
  const toast = useToast()
  const [isDeleting, setDeleting] = useState(false)
  const handlers = {
    onSuccess: () => void utils.alerts.invalidate(),
    onError: (error: { message: string }) => toast({ message: error.message, tone: 'failed' }),
  }
  const mute = trpc.alerts.muteRule.useMutation(handlers)
  const update = trpc.alerts.updateRule.useMutation(handlers)
  return (
    <>
      <Button onClick={onEdit} aria-label={`Change ${rule.name}`}>
        Change
      </Button>
      <MoreMenu
        label={`More for ${rule.name}`}
        entries={[
          ...(rule.mutedUntil
            ? [{ label: 'End the mute', onPick: () => mute.mutate({ id: rule.id, minutes: null }) }]
            : mutes.map(({ label, minutes }) => ({ label, onPick: () => mute.mutate({ id: rule.id, minutes }) }))),
          {
            label: rule.isEnabled ? 'Switch off' : 'Switch on',
            onPick: () => update.mutate({ id: rule.id, isEnabled: !rule.isEnabled }),
          },
          { label: 'Delete…', onPick: () => setDeleting(true), isDangerous: true },
        ]}
      />
      {isDeleting && <DeleteDialog rule={rule} onClose={() => setDeleting(false)} />}
    </>
  )
}
