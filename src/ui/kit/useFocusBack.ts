'use client'
import { type RefObject, useEffect, useRef } from 'react'

type Place = { element: HTMLElement; row: HTMLElement | null; index: number }

/** What floats over the page takes the focus for a while, and gives it back. */
const floats = '.MuiModal-root, [role="status"]'
const rowsIn = (root: HTMLElement) => [...root.querySelectorAll<HTMLElement>('tbody tr')]
const firstOf = (within: HTMLElement, selectors: string[]) =>
  selectors.map((selector) => within.querySelector<HTMLElement>(selector)).find((found) => found !== null)
const linkIn = (row: HTMLElement) => (row.matches('[data-row-link]') ? row : firstOf(row, ['[data-row-link]', 'a[href]', 'button:enabled']))

/** Where the focus belongs: where it was, else in that row, the row in its place, the table, or what stands instead of one. */
function placeFor(root: HTMLElement, { element, row, index }: Place): HTMLElement {
  if (element.isConnected) return element
  const rows = rowsIn(root)
  const next = row === null ? undefined : row.isConnected ? row : rows[Math.min(index, rows.length - 1)]
  return (next && linkIn(next)) ?? firstOf(root, ['[role="region"][tabindex]', 'a[href]', 'button:enabled']) ?? root
}

/** Gives the focus back to `root` when what had it, there or floating over it, is gone: else it falls to the page's start. */
export function useFocusBack(root: RefObject<HTMLElement | null>, isReady: boolean) {
  const last = useRef<Place | null>(null)
  useEffect(() => {
    const note = (event: Event) => {
      const target = event.target as HTMLElement
      if (!root.current || !(target instanceof HTMLElement)) return
      if (root.current.contains(target)) {
        if (event.type !== 'focusin') return
        const row = target.closest<HTMLElement>('tbody tr')
        last.current = { element: target, row, index: row ? rowsIn(root.current).indexOf(row) : -1 }
      } else if (!target.closest(floats)) last.current = null
    }
    // Who leaves a control that stays, with Escape or a click beside it, wants the focus nowhere; one that is busy is left by itself.
    const leave = ({ target }: Event) =>
      queueMicrotask(() => {
        const element = last.current?.element
        if (element !== target || !element?.isConnected || element.matches(':disabled')) return
        if (document.activeElement === document.body) last.current = null
      })
    document.addEventListener('focusin', note)
    document.addEventListener('focusout', leave)
    document.addEventListener('pointerdown', note)
    return () => {
      document.removeEventListener('focusin', note)
      document.removeEventListener('focusout', leave)
      document.removeEventListener('pointerdown', note)
    }
  }, [root])
  // After each drawing: a list may lose a row by any of them.
  useEffect(() => {
    const place = last.current
    if (!isReady || !root.current || !place || document.activeElement !== document.body) return
    placeFor(root.current, place).focus({ preventScroll: true })
  })
}
