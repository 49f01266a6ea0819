'use client'
import { formatExactTime, formatRelativeTime } from '#src/ui/kit/format.ts'
import { useZone } from '#src/ui/kit/Served.tsx'
import { useNow } from '#src/ui/kit/useNow.ts'

/** `3 min. ago`, with the exact moment on hover. */
export function RelativeTime({ at, none = 'never', near }: { at: string | null | undefined; none?: string; near?: string }) {
  const zone = useZone()
  const now = useNow()
  if (!at) return <span>{none}</span>
  return (
    <time dateTime={at} title={formatExactTime(at, zone)} style={{ whiteSpace: 'nowrap' }}>
      {formatRelativeTime(at, now, near)}
    </time>
  )
}
