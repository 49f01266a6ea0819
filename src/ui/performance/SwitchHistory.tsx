'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import type { ModelSwitch, SwitchStatus } from '#src/contracts/performance.ts'
import { readError } from '#src/ui/kit/errors.ts'
import { ListCard } from '#src/ui/kit/ListCard.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const chips: Record<SwitchStatus, { status: string; label: string }> = {
  moving: { status: 'running', label: 'Moving' },
  done: { status: 'ready', label: 'Done' },
  rolled_back: { status: 'degraded', label: 'Taken back' },
  cancelled: { status: 'cancelled', label: 'Cancelled' },
}

/** The steps of a switch as a bar that fills, each step at its share. */
function Steps({ of }: { of: ModelSwitch }) {
  if (of.steps.length === 1) return null
  return (
    <Box
      role="img"
      aria-label={`At ${of.steps[of.step]?.percent ?? 0} %, steps ${of.steps.map(({ percent }) => `${percent} %`).join(', ')}`}
      sx={{ display: 'flex', gap: 1, alignItems: 'center' }}
    >
      {of.steps.map(({ percent, at }) => (
        <Box
          key={percent}
          sx={{
            typography: 'caption',
            px: 2,
            borderRadius: '4px',
            bgcolor: at ? 'state.ready' : 'raised',
            color: at ? 'background.paper' : 'text.secondary',
          }}
        >
          {percent} %
        </Box>
      ))}
      {of.nextAt && (
        <Box sx={{ typography: 'caption', color: 'text.secondary' }}>
          next <RelativeTime at={of.nextAt} />
        </Box>
      )}
    </Box>
  )
}

/** The switches of a model, the latest first. */
export function SwitchHistory({ model, canDeploy }: { model: string; canDeploy: boolean }) {
  const toast = useToast()
  const utils = trpc.useUtils()
  const { data } = trpc.performance.switches.useQuery({ model })
  const cancel = trpc.performance.cancelSwitch.useMutation({
    onSuccess: () => void utils.performance.invalidate(),
    onError: (thrown) => toast({ message: readError(thrown).message, tone: 'failed' }),
  })
  if (!data?.length) return null
  return (
    <ListCard label="Switches">
      {data.slice(0, 10).map((one) => (
        <Box component="li" key={one.id} sx={{ typography: 'body2', display: 'grid', gap: 1 }}>
          <Box sx={{ display: 'flex', gap: 3, flexWrap: 'wrap', alignItems: 'center' }}>
            <StatusChip {...chips[one.status]} />
            <Box sx={{ fontWeight: 550 }}>{one.targetModelId === one.modelId ? 'Back to itself' : `To ${one.targetModel}`}</Box>
            <Steps of={one} />
            {canDeploy && one.status === 'moving' && (
              <Button color="error" loading={cancel.isPending} onClick={() => cancel.mutate({ id: one.id })}>
                Cancel switch
              </Button>
            )}
          </Box>
          <Box sx={{ overflowWrap: 'anywhere' }}>{one.message ?? one.reason}</Box>
          <Box sx={{ typography: 'caption', color: 'text.secondary' }}>
            {one.isAutomatic ? 'by itself' : (one.createdBy ?? 'somebody')}, <RelativeTime at={one.createdAt} />
          </Box>
        </Box>
      ))}
    </ListCard>
  )
}
