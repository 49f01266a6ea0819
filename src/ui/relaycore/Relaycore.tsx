'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useState } from 'react'
import type { OutboxEntry, OutboxKind, OutboxStatus, RelaycoreLink } from '#src/contracts/relaycore.ts'
import { CodeSnippet } from '#src/ui/kit/CodeSnippet.tsx'
import { type Column, DataTable } from '#src/ui/kit/DataTable.tsx'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { readError } from '#src/ui/kit/errors.ts'
import { SelectField } from '#src/ui/kit/Field.tsx'
import { formatNumber } from '#src/ui/kit/format.ts'
import { KeyValues } from '#src/ui/kit/KeyValues.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { useUrlState } from '#src/ui/kit/useUrlState.ts'
import { Analytics } from '#src/ui/relaycore/Analytics.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const everyMs = 3_000
const linkChips: Record<RelaycoreLink['state'], { status: string; label: string }> = {
  off: { status: 'stopped', label: 'Not set up' },
  unknown: { status: 'pending', label: 'Not asked yet' },
  up: { status: 'ready', label: 'Answers' },
  down: { status: 'failed', label: 'Does not answer' },
}
const kinds: Record<OutboxKind, string> = {
  provider: 'Register this installation',
  register: 'Register the model',
  remove: 'Remove the model',
  performance: 'Its figures',
  status: 'Its state',
}
const statuses: { value: OutboxStatus | 'all'; label: string }[] = [
  { value: 'all', label: 'All messages' },
  { value: 'waiting', label: 'Waiting' },
  { value: 'refused', label: 'Refused' },
  { value: 'delivered', label: 'Delivered' },
  { value: 'dropped', label: 'Given up' },
]
const chipOf = (status: OutboxStatus) => ({ waiting: 'waiting', delivered: 'delivered', refused: 'failed', dropped: 'cancelled' })[status]

const detailOf = ({ kind, payload }: OutboxEntry) => (kind === 'status' ? `${payload.status}: ${payload.reason}` : null)

const columnsOf = (isUp: boolean): Column<OutboxEntry>[] => [
  {
    key: 'status',
    header: 'State',
    cell: ({ status, isHeld }) =>
      isHeld ? (
        <StatusChip status="running" label="On its way" isLive />
      ) : (
        <StatusChip status={chipOf(status)} label={statuses.find(({ value }) => value === status)?.label} />
      ),
  },
  { key: 'model', header: 'Model', cell: ({ model }) => model ?? '–' },
  {
    key: 'what',
    header: 'Says',
    cell: (entry) => (
      <Box sx={{ minWidth: 160 }}>
        {kinds[entry.kind]}
        {detailOf(entry) && <Box sx={{ typography: 'caption', color: 'text.secondary', overflowWrap: 'anywhere' }}>{detailOf(entry)}</Box>}
      </Box>
    ),
  },
  { key: 'attempts', header: 'Tries', align: 'right', cell: ({ attempts }) => attempts },
  {
    key: 'error',
    header: 'Last answer',
    cell: ({ lastError }) => (lastError ? <Box sx={{ maxWidth: 320, overflowWrap: 'anywhere' }}>{lastError.slice(0, 200)}</Box> : '–'),
  },
  {
    key: 'next',
    header: 'Next try',
    cell: ({ status, isHeld, nextAt }) => {
      if (status !== 'waiting' || isHeld) return '–'
      return isUp ? <RelativeTime at={nextAt} /> : 'when it answers'
    },
  },
  { key: 'created', header: 'Written', cell: ({ createdAt }) => <RelativeTime at={createdAt} /> },
  { key: 'delivered', header: 'Delivered', cell: ({ deliveredAt }) => (deliveredAt ? <RelativeTime at={deliveredAt} /> : '–') },
]

const columns = { up: columnsOf(true), down: columnsOf(false) }

function LinkState({ link }: { link: RelaycoreLink }) {
  return (
    <Section title="The link" isFramed>
      <KeyValues
        items={[
          { label: 'RelayCore', value: link.url },
          { label: 'State', value: <StatusChip {...linkChips[link.state]} isLive /> },
          { label: 'Since', value: link.since && <RelativeTime at={link.since} /> },
          { label: 'Last error', value: link.lastError },
          { label: 'Registered', value: link.registeredAt && <RelativeTime at={link.registeredAt} /> },
          {
            label: 'Messages',
            value: `${formatNumber(link.waiting)} waiting, ${formatNumber(link.delivered)} delivered, ${formatNumber(link.refused)} refused`,
          },
          { label: 'Oldest waits', value: link.oldestWaitingAt && <RelativeTime at={link.oldestWaitingAt} /> },
        ]}
      />
    </Section>
  )
}

function Outbox({ isUp }: { isUp: boolean }) {
  const toast = useToast()
  const utils = trpc.useUtils()
  const [status, setStatus] = useUrlState('status', 'all')
  const [cursors, setCursors] = useState<string[]>([])
  const chosen = statuses.find(({ value }) => value === status && value !== 'all')?.value as OutboxStatus | undefined
  const input = { limit: 50, ...(chosen ? { status: chosen } : {}), ...(cursors.length > 0 ? { cursor: cursors.at(-1) } : {}) }
  const { data, error, refetch } = trpc.relaycore.outbox.useQuery(input, { refetchInterval: everyMs })
  const options = {
    onSuccess: () => void utils.relaycore.invalidate(),
    onError: (thrown: unknown) => toast({ message: readError(thrown).message, tone: 'failed' }),
  }
  const resend = trpc.relaycore.resend.useMutation({
    ...options,
    onSuccess: (entry) => {
      options.onSuccess()
      toast({ message: `Message ${entry.seq} goes out now`, tone: 'ready' })
    },
  })
  const drop = trpc.relaycore.drop.useMutation(options)
  return (
    <Section title="Messages" note="What RelayCore is told, in order for each model. Nothing is lost while it is away.">
      <ErrorNotice title="The messages could not be read" error={error} isOlder={data !== undefined} onRetry={() => void refetch()} />
      {(data || !error) && (
        <DataTable
          id="relaycore"
          label="Messages to RelayCore"
          columns={isUp ? columns.up : columns.down}
          rows={data?.items}
          rowKey={(entry) => String(entry.seq)}
          toolbar={
            <Box sx={{ width: 200 }}>
              <SelectField
                label="Show"
                name="status"
                value={chosen ?? 'all'}
                onChange={(value) => {
                  setCursors([])
                  setStatus(value)
                }}
                options={statuses}
              />
            </Box>
          }
          rowActions={(entry) =>
            entry.status !== 'delivered' && (
              <>
                <Button onClick={() => resend.mutate({ seq: entry.seq })} aria-label={`Send again: message ${entry.seq}`}>
                  Send again
                </Button>
                {entry.status !== 'dropped' && (
                  <Button color="error" onClick={() => drop.mutate({ seq: entry.seq })} aria-label={`Give up: message ${entry.seq}`}>
                    Give up
                  </Button>
                )}
              </>
            )
          }
          empty={
            <EmptyState
              isCompact
              sentence="Nothing here. A message is written when a deployment becomes ready, changes its state or ends."
            />
          }
          footer={
            (data?.nextCursor || cursors.length > 0) && (
              <Box sx={{ display: 'flex', gap: 2, p: 2 }}>
                <Button disabled={cursors.length === 0} onClick={() => setCursors(cursors.slice(0, -1))}>
                  Newer
                </Button>
                <Button disabled={!data?.nextCursor} onClick={() => setCursors([...cursors, data?.nextCursor as string])}>
                  Older
                </Button>
              </Box>
            )
          }
        />
      )}
    </Section>
  )
}

/** The link to the router: whether it answers, what waits for it, what it sent to whom. */
export function Relaycore() {
  const { data: link, error, refetch } = trpc.relaycore.link.useQuery(undefined, { refetchInterval: everyMs })
  if (!link) return <ErrorNotice title="The state of the link could not be read" error={error} onRetry={() => void refetch()} />
  if (link.state === 'off')
    return (
      <EmptyState
        sentence="RelayCore is not set up. With its address and a key, every model that is deployed here is offered to it by itself."
        snippet={
          <CodeSnippet
            label="Settings"
            snippets={[{ label: '.env', code: 'RELAYCORE_URL=https://relaycore.example.org\nRELAYCORE_API_KEY=…' }]}
          />
        }
      />
    )
  return (
    <Box sx={{ display: 'grid', gap: 8 }}>
      <LinkState link={link} />
      <Outbox isUp={link.state === 'up'} />
      <Analytics isUp={link.state === 'up'} />
    </Box>
  )
}
