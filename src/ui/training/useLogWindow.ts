'use client'
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { layOut, visible } from '#src/ui/training/logLayout.ts'
import type { LogLine } from '#src/ui/training/logLines.ts'

export const rowHeight = 20
/** JetBrains Mono is 0.6 em wide; taken until the browser has measured its own. */
const guessedCharWidth = 7.2
const probeLength = 100
/** So near to the end counts as at the end: browsers round. */
const slack = 6

type Options = {
  lines: readonly LogLine[]
  isWrapped: boolean
  /** Pixels of a row that are not text: times, marks, padding. */
  gutter: number
}

/** Which lines of a log are on screen, and whether the view follows the end. Scrolling up stops it; reaching the end starts it again. */
export function useLogWindow({ lines, isWrapped, gutter }: Options) {
  const viewport = useRef<HTMLDivElement>(null)
  const probe = useRef<HTMLSpanElement>(null)
  const [size, setSize] = useState({ width: 0, height: 0, charWidth: guessedCharWidth })
  const [top, setTop] = useState(0)
  const [isFollowing, setFollowing] = useState(true)

  useEffect(() => {
    const element = viewport.current
    if (!element) return
    const measure = () => {
      const charWidth = (probe.current?.getBoundingClientRect().width ?? 0) / probeLength
      setSize({ width: element.clientWidth, height: element.clientHeight, charWidth: charWidth > 0 ? charWidth : guessedCharWidth })
    }
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    void document.fonts.ready.then(measure)
    return () => observer.disconnect()
  }, [])

  const columns = isWrapped && size.width > 0 ? Math.max(10, Math.floor((size.width - gutter) / size.charWidth)) : null
  const layout = useMemo(
    () =>
      layOut(
        lines.map((line) => line.text.length),
        columns,
        rowHeight,
      ),
    [lines, columns],
  )
  const height = layout.tops[layout.count] ?? 0

  // biome-ignore lint/correctness/useExhaustiveDependencies: the end moves with the height
  useLayoutEffect(() => {
    const element = viewport.current
    if (element && isFollowing) element.scrollTop = element.scrollHeight
  }, [isFollowing, height, size.height])

  const onScroll = useCallback(() => {
    const element = viewport.current
    if (!element) return
    setTop(element.scrollTop)
    setFollowing(element.scrollTop + element.clientHeight >= element.scrollHeight - slack)
  }, [])

  const goTo = useCallback(
    (line: number) => {
      const element = viewport.current
      if (!element) return
      setFollowing(false)
      element.scrollTop = Math.max(0, (layout.tops[line] ?? 0) - element.clientHeight / 3)
    },
    [layout],
  )
  const [first, last] = visible(layout, top, size.height || 400)
  return { viewport, probe, probeText: 'x'.repeat(probeLength), onScroll, goTo, isFollowing, setFollowing, layout, height, first, last }
}
