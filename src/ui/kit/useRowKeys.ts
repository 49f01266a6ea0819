'use client'
import type { RefObject } from 'react'
import { useKeys } from '#src/ui/kit/useKeys.ts'

/** `j` and `k` move over the rows' links; Enter on a link opens it, as everywhere. */
export function useRowKeys(body: RefObject<HTMLElement | null>) {
  const move = (step: number) => {
    const links = [...(body.current?.querySelectorAll<HTMLElement>('[data-row-link]') ?? [])]
    const at = links.indexOf(document.activeElement as HTMLElement)
    const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + step))
    links[next]?.focus()
    links[next]?.closest('tr')?.scrollIntoView({ block: 'nearest' })
  }
  useKeys({ j: () => move(1), k: () => move(-1) })
}
