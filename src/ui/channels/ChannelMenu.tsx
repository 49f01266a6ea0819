'use client'
import MoreIcon from '@mui/icons-material/MoreVert'
import Button from '@mui/material/Button'
import IconButton from '@mui/material/IconButton'
import MenuItem from '@mui/material/MenuItem'
import { useState } from 'react'
import type { Channel } from '#src/contracts/channel.ts'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { ConfirmDialog } from '#src/ui/kit/ConfirmDialog.tsx'
import { Menu } from '#src/ui/kit/overlays.tsx'
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

/** What can be done with a channel. */
export function ChannelMenu({ channel, onEdit, onSecret }: Props) {
  const { canDeploy, isProjectAdmin } = usePermissions()
  const utils = trpc.useUtils()
  const toast = useToast()
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const [isDeleting, setDeleting] = useState(false)
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
  const rotate = trpc.channels.rotateSecret.useMutation({ onError, onSuccess: ({ secret }) => onSecret(secret) })
  const pick = (run: () => void) => () => {
    setAnchor(null)
    run()
  }
  return (
    <>
      {canDeploy && (
        <Button loading={test.isPending} onClick={() => test.mutate({ id: channel.id })} aria-label={`Send a test through ${channel.name}`}>
          Send test
        </Button>
      )}
      {isProjectAdmin && (
        <IconButton aria-label={`More for ${channel.name}`} aria-haspopup="menu" onClick={(event) => setAnchor(event.currentTarget)}>
          <MoreIcon sx={{ fontSize: 18 }} />
        </IconButton>
      )}
      <Menu open={anchor !== null} anchorEl={anchor} onClose={() => setAnchor(null)}>
        <MenuItem onClick={pick(onEdit)}>Change…</MenuItem>
        {channel.kind === 'webhook' && <MenuItem onClick={pick(() => rotate.mutate({ id: channel.id }))}>Make a new secret</MenuItem>}
        <MenuItem onClick={pick(() => update.mutate({ id: channel.id, isEnabled: !channel.isEnabled }))}>
          {channel.isEnabled ? 'Switch off' : 'Switch on'}
        </MenuItem>
        <MenuItem onClick={pick(() => setDeleting(true))}>Delete…</MenuItem>
      </Menu>
      {isDeleting && <DeleteDialog channel={channel} onClose={() => setDeleting(false)} />}
    </>
  )
}
