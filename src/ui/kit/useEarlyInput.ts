'use client'
import { type RefObject, useLayoutEffect, useRef } from 'react'

/**
 * Tells once what a control holds when the page comes to life: what was typed, picked or filled in by the browser while its
 * scripts were still on the way, of which React's events say nothing (facebook/react#12955). Told before anything is painted, so
 * that what is sent by a press that woke the page holds it already.
 */
export function useEarlyInput<Control extends HTMLElement>(control: RefObject<Control | null>, tell: (control: Control) => void) {
  const told = useRef(tell)
  useLayoutEffect(() => {
    if (control.current) told.current(control.current)
  }, [control])
}
