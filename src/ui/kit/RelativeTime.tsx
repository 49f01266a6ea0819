'use client'
import { formatExactTime, formatRelativeTime } from '#src/ui/kit/format.ts'
import { useNow } from '#src/ui/kit/useNow.ts'

/** `3 min. ago`, with the exact moment on hover. The server's clock and zone may differ from the reader's: the browser's word holds. */
export function RelativeTime({ at, none = 'never', near }: { at: string | null | undefined; none?: string; near?: string }) {
  const now = useNow()
  if (!at) return <span>{none}</span>
  return (
    <time dateTime={at} title={formatExactTime(at)} style={{ whiteSpace: 'nowrap' }} suppressHydrationWarning>
      {formatRelativeTime(at, Math.max(now, Date.now()), near)}
    </time>
  )
}
