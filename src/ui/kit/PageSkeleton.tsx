// biome-ignore-all lint/suspicious/noArrayIndexKey: skeletons have no other identity
import Box from '@mui/material/Box'
import Skeleton from '@mui/material/Skeleton'

/** The outline of a page while its first data are on the way. */
export function PageSkeleton({ label = 'Loading' }: { label?: string }) {
  return (
    <Box role="status" aria-label={label} sx={{ display: 'grid', gap: 3 }}>
      <Skeleton width={120} height={20} />
      <Skeleton width={260} height={28} />
      <Skeleton variant="rounded" height={92} sx={{ mt: 3 }} />
      {Array.from({ length: 6 }, (_, index) => (
        <Skeleton key={index} variant="rounded" height={34} />
      ))}
    </Box>
  )
}
