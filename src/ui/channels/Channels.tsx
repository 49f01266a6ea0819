'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import dynamic from 'next/dynamic'
import { useState } from 'react'
import type { Channel } from '#src/contracts/channel.ts'
import { History } from '#src/ui/audit/History.tsx'
import { ChannelMenu } from '#src/ui/channels/ChannelMenu.tsx'
import { eventWords, kindWords, outcomeWords } from '#src/ui/channels/channelWords.ts'
import { Deliveries } from '#src/ui/channels/Deliveries.tsx'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { type Column, DataTable } from '#src/ui/kit/DataTable.tsx'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { ShownOnce } from '#src/ui/kit/ShownOnce.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const ChannelDialog = dynamic(() => import('#src/ui/channels/ChannelDialog.tsx').then((module) => module.ChannelDialog), { ssr: false })

const stateOf = (channel: Channel) => (!channel.isEnabled ? 'disabled' : channel.failingSince ? 'failing' : 'active')

const columns: Column<Channel>[] = [
  { key: 'name', header: 'Channel', cell: (channel) => channel.name, sortValue: (channel) => channel.name },
  { key: 'state', header: 'State', cell: (channel) => <StatusChip status={stateOf(channel)} />, sortValue: stateOf },
  { key: 'kind', header: 'Kind', cell: (channel) => kindWords[channel.kind], sortValue: (channel) => kindWords[channel.kind] },
  {
    key: 'target',
    header: 'Leads to',
    cell: (channel) => (
      <Box component="span" sx={{ whiteSpace: 'normal', overflowWrap: 'anywhere' }}>
        {channel.target}
      </Box>
    ),
  },
  {
    key: 'events',
    header: 'Tells when',
    cell: (channel) => (
      <Box component="span" sx={{ whiteSpace: 'normal' }}>
        {channel.events.map((event) => eventWords[event].toLowerCase()).join(', ')}
      </Box>
    ),
  },
  {
    key: 'last',
    header: 'Last message',
    cell: ({ lastDelivery }) => (
      <span>
        <RelativeTime at={lastDelivery?.at} />
        {lastDelivery && `, ${outcomeWords[lastDelivery.status]}`}
      </span>
    ),
    sortValue: (channel) => channel.lastDelivery?.at ?? null,
  },
  { key: 'waiting', header: 'Waiting', align: 'right', cell: (channel) => channel.waiting, sortValue: (channel) => channel.waiting },
]

/** Where alerts and other news of the project go. */
export function Channels() {
  const { data, error, refetch } = trpc.channels.list.useQuery()
  const { canDeploy, isProjectAdmin } = usePermissions()
  const [editing, setEditing] = useState<Channel | 'new' | null>(null)
  const [secret, setSecret] = useState<string | null>(null)
  const create = isProjectAdmin && (
    <Button variant="contained" onClick={() => setEditing('new')}>
      Create channel
    </Button>
  )
  return (
    <Section
      title="Channels"
      note="Alerts and other news of this project go to webhooks, Slack and e-mail. What does not arrive is tried again."
      actions={data?.length ? create : undefined}
    >
      <ErrorNotice title="The channels could not be read" error={error} isOlder={data !== undefined} onRetry={() => void refetch()} />
      {(data || !error) && (
        <DataTable
          id="channels"
          label="Channels"
          columns={columns}
          rows={data}
          rowKey={(channel) => channel.id}
          skeletonCount={2}
          initialSort="name asc"
          peek={(channel) => (
            <Box sx={{ display: 'grid', gap: 6 }}>
              {canDeploy && <Deliveries channel={channel} />}
              <Section title="History">
                <History type="channel" id={channel.id} />
              </Section>
            </Box>
          )}
          rowActions={(channel) => <ChannelMenu channel={channel} onEdit={() => setEditing(channel)} onSecret={setSecret} />}
          empty={
            <EmptyState
              sentence="Alerts are shown under Monitoring alone until there is a channel: a webhook, Slack or e-mail."
              action={create}
            />
          }
        />
      )}
      {editing && (
        <ChannelDialog
          channel={editing === 'new' ? null : editing}
          onClose={() => setEditing(null)}
          onMade={(made) => {
            setEditing(null)
            setSecret(made)
          }}
        />
      )}
      {secret && (
        <ShownOnce
          title="Copy the secret now"
          note="It signs what the webhook gets, and is shown this once. With it the receiver checks the header webhook-signature."
          secret={secret}
          what="secret"
          onClose={() => setSecret(null)}
        />
      )}
    </Section>
  )
}
