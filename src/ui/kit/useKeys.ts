'use client'
import { useEffect, useRef } from 'react'

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
const isInDialog = () => document.querySelector('[role="dialog"], [role="menu"]') !== null

/**
 * Handlers by key for the page: `j`, `/`, `?`, and `g m` for one after the other within a second.
 * Nothing fires while somebody types, in a dialog, or with Ctrl, Meta or Alt held.
 */
export function useKeys(handlers: Record<string, (event: KeyboardEvent) => void>) {
  const latest = useRef(handlers)
  latest.current = handlers
  useEffect(() => {
    let first: { key: string; at: number } | null = null
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target) || isInDialog()) return
      const isPair = first !== null && Date.now() - first.at < 1000
      const handler = (isPair && latest.current[`${first?.key} ${event.key}`]) || latest.current[event.key]
      first = { key: event.key, at: Date.now() }
      if (!handler) return
      first = null
      event.preventDefault()
      handler(event)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}
