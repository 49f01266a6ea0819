'use client'
import { ShownOnce } from '#src/ui/kit/ShownOnce.tsx'

/** An API key, this once. */
export function ShownKey({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <ShownOnce
      title="Copy the key now"
      note="It is shown this once: only its digest is kept."
      secret={secret}
      what="key"
      onClose={onClose}
    />
  )
}
