'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useState } from 'react'
import type { RuntimeView } from '#src/contracts/access.ts'
import { History } from '#src/ui/audit/History.tsx'
import { usePermissions } from '#src/ui/frame/usePermissions.ts'
import { ConfirmDialog } from '#src/ui/kit/ConfirmDialog.tsx'
import { type Column, DataTable } from '#src/ui/kit/DataTable.tsx'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { readError } from '#src/ui/kit/errors.ts'
import { formatBytes, formatPercent, plural } from '#src/ui/kit/format.ts'
import { Gauge } from '#src/ui/kit/Gauge.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { AddRuntimeDialog } from '#src/ui/settings/AddRuntimeDialog.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const heartbeatsEveryMs = 5_000

type Device = RuntimeView['devices'][number]

/** How full its memory is, where that is known, and how busy it is. */
function DeviceFacts({ device: { memoryBytes: memory, memoryUsedBytes: used, load } }: { device: Device }) {
  return (
    <Box
      component="span"
      sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 4, rowGap: 1, justifyContent: { xs: 'flex-end', sm: 'flex-start' } }}
    >
      {memory !== null &&
        (used === null ? (
          <span>{formatBytes(memory)}</span>
        ) : (
          <Gauge share={used / memory} text={`${formatBytes(used)} of ${formatBytes(memory)}`} />
        ))}
      {load !== null && <Gauge share={load} text={`${formatPercent(load, 0)} busy`} />}
    </Box>
  )
}

/** What was last said of one that is silent is not how it is now: only what it has stays. */
const known = ({ devices, status }: RuntimeView): Device[] =>
  status === 'live' ? devices : devices.map((device) => ({ ...device, load: null, memoryUsedBytes: null }))

function Devices({ devices }: { devices: Device[] }) {
  if (devices.length === 0) return '–'
  return (
    <Box component="span" sx={{ display: 'grid', gap: 2 }}>
      {devices.map((device) => (
        <Box component="span" key={`${device.kind}${device.index}`} title={device.uuid ?? undefined} sx={{ display: 'grid', gap: 0.5 }}>
          <span>
            {device.kind === 'cuda' ? `GPU ${device.index}` : 'CPU'} {device.name}
          </span>
          <DeviceFacts device={device} />
        </Box>
      ))}
    </Box>
  )
}

const columns: Column<RuntimeView>[] = [
  { key: 'name', header: 'Name', cell: (runtime) => runtime.name, sortValue: (runtime) => runtime.name },
  {
    key: 'kind',
    header: 'Kind',
    cell: (runtime) => (runtime.kind === 'training' ? 'Training' : 'Inference'),
    sortValue: (runtime) => runtime.kind,
  },
  {
    key: 'status',
    header: 'State',
    cell: (runtime) => <StatusChip status={runtime.isDraining && runtime.status === 'live' ? 'draining' : runtime.status} />,
    sortValue: (runtime) => runtime.status,
  },
  { key: 'devices', header: 'Devices', cell: (runtime) => <Devices devices={known(runtime)} /> },
  {
    key: 'running',
    header: 'In use',
    cell: ({ status, running, capacity }) =>
      status === 'live' ? <Gauge share={capacity === 0 ? 0 : running / capacity} text={`${running} of ${capacity}`} /> : '–',
    sortValue: (runtime) => runtime.running,
  },
  { key: 'version', header: 'Version', cell: (runtime) => runtime.version, sortValue: (runtime) => runtime.version },
  {
    key: 'heartbeat',
    header: 'Last heard of',
    cell: (runtime) => <RelativeTime at={runtime.lastHeartbeatAt} />,
    sortValue: (runtime) => runtime.lastHeartbeatAt,
  },
  { key: 'url', header: 'Address', cell: (runtime) => runtime.url ?? '–', isHiddenByDefault: true },
]

/** What becomes of the work that is on it. */
function removalOf({ kind, running }: RuntimeView): string {
  if (running === 0) return `No ${kind === 'training' ? 'job runs' : 'model is served'} on it now.`
  if (kind === 'training') return `${plural(running, 'job that runs on it goes', 'jobs that run on it go')} back to the queue.`
  return `${plural(running, 'replica on it gets', 'replicas on it get')} no more requests.`
}

function RemoveDialog({ runtime, onClose }: { runtime: RuntimeView; onClose: () => void }) {
  const utils = trpc.useUtils()
  const remove = trpc.runtimes.remove.useMutation({
    onSuccess: () => {
      void utils.runtimes.list.invalidate()
      onClose()
    },
  })
  return (
    <ConfirmDialog
      isOpen
      title={`Remove ${runtime.name}?`}
      confirmLabel="Remove runtime"
      isBusy={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() => remove.mutate({ id: runtime.id })}
      consequences={[
        'Its credential stops working at once; those of others go on.',
        removalOf(runtime),
        'Its process ends by itself. It joins again only when somebody starts it anew.',
      ]}
    />
  )
}

/** The machines that train and serve. */
export function Runtimes() {
  const { data, error, refetch } = trpc.runtimes.list.useQuery(undefined, { refetchInterval: heartbeatsEveryMs })
  const { isAdmin } = usePermissions()
  const toast = useToast()
  const [removing, setRemoving] = useState<RuntimeView | null>(null)
  const [isAdding, setIsAdding] = useState(false)
  const drain = trpc.runtimes.drain.useMutation({
    onSuccess: () => void refetch(),
    onError: (thrown) => toast({ message: readError(thrown).message, tone: 'failed' }),
  })
  const actions = (runtime: RuntimeView) => (
    <>
      {runtime.status === 'live' && (
        <Button
          onClick={() => drain.mutate({ id: runtime.id, isDraining: !runtime.isDraining })}
          aria-label={`${runtime.isDraining ? 'Take work again on' : 'Drain'} ${runtime.name}`}
        >
          {runtime.isDraining ? 'Take work again' : 'Drain'}
        </Button>
      )}
      <Button color="error" onClick={() => setRemoving(runtime)} aria-label={`Remove ${runtime.name}`}>
        Remove
      </Button>
    </>
  )
  return (
    <Section
      title="Runtimes"
      note="Processes that train and serve, on this machine or on others. A drained one finishes what it has and takes nothing new."
      actions={
        isAdmin && (
          <Button variant="contained" onClick={() => setIsAdding(true)}>
            Add a runtime
          </Button>
        )
      }
    >
      <ErrorNotice title="The runtimes could not be read" error={error} isOlder={data !== undefined} onRetry={() => void refetch()} />
      {(data || !error) && (
        <DataTable
          id="runtimes"
          label="Runtimes"
          columns={columns}
          rows={data}
          rowKey={(runtime) => runtime.id}
          skeletonCount={2}
          rowActions={isAdmin ? actions : undefined}
          peek={(runtime) => (
            <Section title={`History of ${runtime.name}`}>
              <History type="runtime" id={runtime.id} />
            </Section>
          )}
          empty={
            <EmptyState sentence="No runtime has joined. The start brings up one for training and one for inference; 'Add a runtime' shows the command for other machines." />
          }
        />
      )}
      {isAdding && <AddRuntimeDialog onClose={() => setIsAdding(false)} />}
      {removing && <RemoveDialog runtime={removing} onClose={() => setRemoving(null)} />}
    </Section>
  )
}
