'use client'
import Box from '@mui/material/Box'
import { cloneElement, type ReactElement, useEffect, useState } from 'react'
import { createPortal } from 'react-dom'

const waitMs = 350
const gapPx = 6

type Place = { left: number; top: number; transform: string }
export type HintProps = {
  /** What stands in the bubble; empty shows none. The child brings its own name for screen readers. */
  text: string
  side?: 'above' | 'right'
  children: ReactElement<React.HTMLAttributes<HTMLElement>>
}

function placeOf(target: Element, side: 'above' | 'right'): Place {
  const box = target.getBoundingClientRect()
  if (side === 'right') return { left: box.right + gapPx, top: box.top + box.height / 2, transform: 'translateY(-50%)' }
  const middle = Math.min(window.innerWidth - 90, Math.max(90, box.left + box.width / 2))
  const isLow = box.top > 40
  return {
    left: middle,
    top: isLow ? box.top - gapPx : box.bottom + gapPx,
    transform: `translateX(-50%)${isLow ? ' translateY(-100%)' : ''}`,
  }
}

/** A word on what is pointed at or focused by keyboard; gone at Escape, at a press and when the page scrolls. */
export function Hint({ text, side = 'above', children }: HintProps) {
  const [target, setTarget] = useState<Element | null>(null)
  const [place, setPlace] = useState<Place | null>(null)

  useEffect(() => {
    if (!target || !text) return setPlace(null)
    const timer = setTimeout(() => setPlace(placeOf(target, side)), waitMs)
    const hide = () => setTarget(null)
    const onKey = (event: KeyboardEvent) => event.key === 'Escape' && hide()
    window.addEventListener('scroll', hide, true)
    window.addEventListener('keydown', onKey)
    return () => {
      clearTimeout(timer)
      window.removeEventListener('scroll', hide, true)
      window.removeEventListener('keydown', onKey)
    }
  }, [target, text, side])

  const own = children.props
  const child = cloneElement(children, {
    onPointerEnter: (event) => {
      own.onPointerEnter?.(event)
      if (event.pointerType === 'mouse') setTarget(event.currentTarget)
    },
    onPointerLeave: (event) => {
      own.onPointerLeave?.(event)
      setTarget(null)
    },
    onPointerDown: (event) => {
      own.onPointerDown?.(event)
      setTarget(null)
    },
    onFocus: (event) => {
      own.onFocus?.(event)
      if (event.currentTarget.matches(':focus-visible')) setTarget(event.currentTarget)
    },
    onBlur: (event) => {
      own.onBlur?.(event)
      setTarget(null)
    },
  })
  return (
    <>
      {child}
      {place &&
        createPortal(
          <Box
            aria-hidden
            style={place}
            sx={{
              position: 'fixed',
              zIndex: 'tooltip',
              pointerEvents: 'none',
              px: 2,
              py: 1,
              borderRadius: '6px',
              typography: 'caption',
              bgcolor: 'text.primary',
              color: 'background.paper',
              maxWidth: 280,
            }}
          >
            {text}
          </Box>,
          document.body,
        )}
    </>
  )
}
