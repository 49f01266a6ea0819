'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Skeleton from '@mui/material/Skeleton'
import type { Channel, Delivery } from '#src/contracts/channel.ts'
import { aboutOf } from '#src/ui/channels/channelWords.ts'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { formatMs, plural } from '#src/ui/kit/format.ts'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const shown = 30

const Text = ({ label, children }: { label: string; children: string }) => (
  <Box sx={{ display: 'grid', gap: 1, minWidth: 0 }}>
    <Box aria-hidden sx={{ typography: 'caption', color: 'text.secondary' }}>
      {label}
    </Box>
    <Box
      component="pre"
      aria-label={label}
      tabIndex={0}
      sx={{
        m: 0,
        p: 2,
        typography: 'mono',
        fontSize: '0.75rem',
        bgcolor: 'raised',
        borderRadius: '6px',
        overflow: 'auto',
        maxHeight: 200,
        whiteSpace: 'pre-wrap',
        overflowWrap: 'anywhere',
      }}
    >
      {children}
    </Box>
  </Box>
)

/** What became of a message: the outcome as a sentence, then how long it took and what comes next. */
function Outcome({ delivery }: { delivery: Delivery }) {
  const { status, error, answerStatus, attempts, durationMs, isReplay, nextAt } = delivery
  const isWaiting = status === 'waiting'
  const sentence = error ?? (answerStatus ? `Answered ${answerStatus}.` : isWaiting ? 'Not sent yet.' : 'Taken.')
  const facts = [
    durationMs !== null && `${attempts > 1 ? `Try ${attempts}` : 'It'} took ${formatMs(durationMs)}.`,
    isReplay && 'Sent again by hand.',
  ].filter(Boolean)
  return (
    <Box sx={{ typography: 'body2', color: 'text.secondary', overflowWrap: 'anywhere' }}>
      {[sentence, ...facts].join(' ')}
      {isWaiting && attempts > 0 && (
        <>
          {' '}
          Next try <RelativeTime at={nextAt} near="in a few sec." />
        </>
      )}
    </Box>
  )
}

function DeliveryItem({ channel, delivery }: { channel: Channel; delivery: Delivery }) {
  const { canDeploy } = usePermissions()
  const utils = trpc.useUtils()
  const toast = useToast()
  const isWaiting = delivery.status === 'waiting'
  const isUnderWay = isWaiting && delivery.attempts > 0 && delivery.durationMs === null
  const about = aboutOf(delivery.payload)
  const verb = isWaiting ? 'Send now' : 'Send again'
  const replay = trpc.channels.replay.useMutation({
    onSuccess: () => {
      void utils.channels.invalidate()
      toast({ message: isWaiting ? 'It is sent now.' : 'It is sent again.' })
    },
    onError: (error) => toast({ message: error.message, tone: 'failed' }),
  })
  return (
    <Box component="li" sx={{ borderTop: 1, borderColor: 'divider', py: 3, display: 'grid', gap: 1.5, minWidth: 0 }}>
      <Box sx={{ display: 'flex', gap: 3, alignItems: 'center', flexWrap: 'wrap' }}>
        <StatusChip status={delivery.status} />
        <Box component="span" sx={{ typography: 'mono', fontSize: '0.75rem' }}>
          {delivery.event}
        </Box>
        <Box component="span" sx={{ ml: 'auto', typography: 'caption', color: 'text.secondary' }}>
          <RelativeTime at={delivery.createdAt} />
        </Box>
      </Box>
      {about && <Box sx={{ typography: 'body2', fontWeight: 550, overflowWrap: 'anywhere' }}>{about}</Box>}
      <Outcome delivery={delivery} />
      <Box component="details" sx={{ typography: 'body2', '& > div': { display: 'grid', gap: 2, mt: 2 } }}>
        <summary>What was sent and answered</summary>
        <div>
          <Text label="Sent">{JSON.stringify(delivery.payload, null, 2)}</Text>
          {delivery.answer && <Text label="Answer">{delivery.answer}</Text>}
        </div>
      </Box>
      {canDeploy && channel.isEnabled && !isUnderWay && (
        <Box sx={{ ml: -2 }}>
          <Button
            loading={replay.isPending}
            onClick={() => replay.mutate({ id: channel.id, delivery: delivery.id })}
            aria-label={`${verb}: ${delivery.event}`}
          >
            {verb}
          </Button>
        </Box>
      )}
    </Box>
  )
}

/** What went through a channel, the latest first. */
export function Deliveries({ channel }: { channel: Channel }) {
  const query = trpc.channels.deliveries.useQuery({ id: channel.id, limit: shown })
  const items = query.data?.items
  return (
    <Box sx={{ display: 'grid', gap: 3 }}>
      <Box component="h2" sx={{ typography: 'h2', m: 0, overflowWrap: 'anywhere' }}>
        {channel.name}
      </Box>
      {channel.disabledReason && <Box sx={{ color: 'state.failedText' }}>{channel.disabledReason}</Box>}
      <ErrorNotice title="The deliveries could not be read" error={query.error} onRetry={() => void query.refetch()} />
      {!query.data && !query.error && <Skeleton variant="rounded" height={160} />}
      {items?.length === 0 && <EmptyState isCompact sentence="Nothing was sent yet. Send a test to see that it arrives." />}
      <Box component="ul" aria-label={`Deliveries of ${channel.name}`} sx={{ listStyle: 'none', m: 0, p: 0 }}>
        {items?.map((delivery) => (
          <DeliveryItem key={delivery.id} channel={channel} delivery={delivery} />
        ))}
      </Box>
      {query.data && query.data.total > shown && (
        <Box
          sx={{ typography: 'body2', color: 'text.secondary' }}
        >{`The latest ${shown} of ${plural(query.data.total, 'delivery', 'deliveries')}.`}</Box>
      )}
    </Box>
  )
}
