import { PageSkeleton } from '#src/ui/kit/PageSkeleton.tsx'

export default function Loading() {
  return <PageSkeleton />
}
