'use client'
import Box from '@mui/material/Box'
import Skeleton from '@mui/material/Skeleton'
import { isUuid } from '#src/contracts/common.ts'
import type { Alert } from '#src/contracts/alert.ts'
import { AlertActions } from '#src/ui/alerts/AlertActions.tsx'
import { AlertCard } from '#src/ui/alerts/AlertCard.tsx'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { isNotFound } from '#src/ui/kit/errors.ts'
import { trpc } from '#src/ui/trpc.tsx'

const missing = (
  <EmptyState isCompact sentence="There is no alert at this address. Its rule may have been deleted, or it is in another project." />
)

type Props = {
  id: string
  /** As the list shows it, until it is read. */
  listed?: Alert
  onAcknowledge: (alert: Alert) => void
}

/** An alert as it is now, whether the list shows it or not. */
export function AlertPeek({ id, listed, onAcknowledge }: Props) {
  const { data, error, refetch } = trpc.alerts.get.useQuery({ id }, { enabled: isUuid(id) })
  const alert = data ?? listed
  if (!isUuid(id) || (!alert && isNotFound(error))) return missing
  return (
    <>
      <ErrorNotice title="The alert could not be read" error={error} isOlder={alert !== undefined} onRetry={() => void refetch()} />
      {alert && <AlertCard alert={alert} />}
      {alert && (
        <Box sx={{ display: 'flex', gap: 2, ml: -2 }}>
          <AlertActions alert={alert} onAcknowledge={onAcknowledge} />
        </Box>
      )}
      {!alert && !error && <Skeleton variant="rounded" height={240} />}
    </>
  )
}
