'use client'
import Button from '@mui/material/Button'
import { useState } from 'react'
import type { Channel } from '#src/contracts/channel.ts'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { ConfirmDialog } from '#src/ui/kit/ConfirmDialog.tsx'
import { MoreMenu } from '#src/ui/kit/MoreMenu.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { trpc } from '#src/ui/trpc.tsx'

type Props = { channel: Channel; onEdit: () => void; onSecret: (secret: string | null) => void }

function DeleteDialog({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const utils = trpc.useUtils()
  const toast = useToast()
  const remove = trpc.channels.delete.useMutation({
    onSuccess: () => {
      void Promise.all([utils.channels.invalidate(), utils.alerts.rules.invalidate()])
      toast({ message: `The channel ${channel.name} is deleted.` })
      onClose()
    },
  })
  return (
    <ConfirmDialog
      isOpen
      title={`Delete the channel ${channel.name}?`}
      confirmLabel="Delete channel"
      isBusy={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() => remove.mutate({ id: channel.id })}
      consequences={['What still waits in it is not sent.', 'Its log of deliveries is deleted too.']}
    />
  )
}

function SecretDialog({ channel, onClose, onSecret }: { channel: Channel; onClose: () => void; onSecret: Props['onSecret'] }) {
  const rotate = trpc.channels.rotateSecret.useMutation({
    onSuccess: ({ secret }) => {
      onClose()
      onSecret(secret)
    },
  })
  return (
    <ConfirmDialog
      isOpen
      title={`Make a new secret for ${channel.name}?`}
      confirmLabel="Make secret"
      isDangerous={false}
      isBusy={rotate.isPending}
      error={rotate.error}
      onClose={onClose}
      onConfirm={() => rotate.mutate({ id: channel.id })}
      consequences={[
        'For 24 hours the new secret and the one of now both sign, so that the receiver can change over.',
        'After that the one of now signs no more; one that was replaced before signs no more at once.',
      ]}
    />
  )
}

/** What can be done with a channel. */
export function ChannelMenu({ channel, onEdit, onSecret }: Props) {
  const { canDeploy, isProjectAdmin } = usePermissions()
  const utils = trpc.useUtils()
  const toast = useToast()
  const [asked, setAsked] = useState<'secret' | 'delete' | null>(null)
  const onSuccess = () => void utils.channels.invalidate()
  const onError = (error: { message: string }) => toast({ message: error.message, tone: 'failed' })
  const test = trpc.channels.test.useMutation({
    onError,
    onSuccess: (delivery) => {
      onSuccess()
      if (delivery.error) toast({ message: `The test of ${channel.name} did not arrive. ${delivery.error}`, tone: 'failed' })
      else toast({ message: `The test of ${channel.name} has arrived.` })
    },
  })
  const update = trpc.channels.update.useMutation({ onSuccess, onError })
  return (
    <>
      {canDeploy && (
        <Button loading={test.isPending} onClick={() => test.mutate({ id: channel.id })} aria-label={`Send test through ${channel.name}`}>
          Send test
        </Button>
      )}
      {isProjectAdmin && (
        <MoreMenu
          label={`More for ${channel.name}`}
          entries={[
            { label: 'Change…', onPick: onEdit },
            channel.kind === 'webhook' && { label: 'Make a new secret…', onPick: () => setAsked('secret') },
            {
              label: channel.isEnabled ? 'Switch off' : 'Switch on',
              onPick: () => update.mutate({ id: channel.id, isEnabled: !channel.isEnabled }),
            },
            { label: 'Delete…', onPick: () => setAsked('delete'), isDangerous: true },
          ]}
        />
      )}
      {asked === 'secret' && <SecretDialog channel={channel} onClose={() => setAsked(null)} onSecret={onSecret} />}
      {asked === 'delete' && <DeleteDialog channel={channel} onClose={() => setAsked(null)} />}
    </>
  )
}
