'use client'
import { usePathname, useSearchParams } from 'next/navigation'
import { useRef, useState } from 'react'
import { writeUrl } from '#src/ui/kit/useUrlState.ts'

/**
 * Which row is looked into: its key stands in the address under `param`, so that the look can be sent, survives a reload and is
 * closed by Back. The row is kept as it was last seen, for when it leaves the list meanwhile.
 */
export function usePeek<Row>(param: string, rows: Row[] | undefined, rowKey: (row: Row) => string) {
  const pathname = usePathname()
  const key = useSearchParams().get(param)
  const listed = key === null ? undefined : rows?.find((row) => rowKey(row) === key)
  const [seen, setSeen] = useState<{ key: string; row: Row } | null>(null)
  if (key !== null && listed !== undefined && seen?.row !== listed) setSeen({ key, row: listed })
  // Only a step that was made here is taken back: before one that came with the address lies another page.
  const isStepMade = useRef(false)
  const open = (next: string) => {
    isStepMade.current = true
    writeUrl(pathname, { [param]: next }, 'push')
  }
  const close = () => {
    if (isStepMade.current) window.history.back()
    else writeUrl(pathname, { [param]: null })
    isStepMade.current = false
  }
  return { key, row: listed ?? (seen !== null && seen.key === key ? seen.row : undefined), open, close }
}
