'use client'
import DownloadIcon from '@mui/icons-material/FileDownloadOutlined'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useEffect, useMemo, useState } from 'react'
import { StreamDot } from '#src/ui/kit/LiveDot.tsx'
import { plural } from '#src/ui/kit/format.ts'
import { Section } from '#src/ui/kit/Section.tsx'
import { useStored } from '#src/ui/kit/useStored.ts'
import { logsHref } from '#src/ui/training/jobFacts.ts'
import { atLevel, find, type Hit, type LogLevel, type LogLine } from '#src/ui/training/logLines.ts'
import type { LineHit } from '#src/ui/training/logSegments.ts'
import { LogToolbar } from '#src/ui/training/LogToolbar.tsx'
import { hitsOr, LogRow, rowPadding, timeWidth } from '#src/ui/training/LogRow.tsx'
import type { StreamState } from '#src/ui/training/useJobEvents.ts'
import { useLogWindow } from '#src/ui/training/useLogWindow.ts'
import { panel } from '#src/ui/kit/panel.ts'

const tallest = 420
const lowest = 120

function byLine(hits: readonly Hit[]): Map<number, LineHit[]> {
  const lines = new Map<number, LineHit[]>()
  hits.forEach(({ line, start, end }, index) => {
    lines.set(line, [...(lines.get(line) ?? []), { start, end, index }])
  })
  return lines
}

/** Search in the lines on show: the hits, the present one, and steps between them. */
function useFind(lines: readonly LogLine[], goTo: (line: number) => void) {
  const [words, setWords] = useState('')
  const [current, setCurrent] = useState(0)
  const hits = useMemo(() => find(lines, words), [lines, words])
  const hitsByLine = useMemo(() => byLine(hits), [hits])
  const place = Math.min(current, Math.max(0, hits.length - 1))
  const step = (by: 1 | -1) => {
    if (hits.length === 0) return
    const next = (place + by + hits.length) % hits.length
    setCurrent(next)
    goTo(hits[next]?.line ?? 0)
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: only other words move the view, not lines that come
  useEffect(() => {
    setCurrent(0)
    const first = hits[0]
    if (words !== '' && first) goTo(first.line)
  }, [words])
  return { words, setWords, hits, hitsByLine, place, step }
}

/** The job's log: everything it said over all attempts, drawn only where one looks. */
export function JobLog({ jobId, lines, stream }: { jobId: string; lines: readonly LogLine[]; stream: StreamState }) {
  const [level, setLevel] = useState<LogLevel>('debug')
  const [times, setTimes] = useStored('nw.log.times', 'on')
  const [wrap, setWrap] = useStored('nw.log.wrap', 'on')
  const [hasTimes, isWrapped] = [times === 'on', wrap === 'on']
  const shown = useMemo(() => atLevel(lines, level), [lines, level])
  const view = useLogWindow({ lines: shown, isWrapped, gutter: rowPadding + (hasTimes ? timeWidth : 0) })
  const { words, setWords, hits, hitsByLine, place, step } = useFind(shown, view.goTo)
  const firstError = shown.findIndex((line) => line.level === 'error')
  return (
    <Section
      title="Log"
      note={plural(lines.length, 'line')}
      actions={
        <>
          {stream !== 'ended' && <StreamDot state={stream} />}
          <Button variant="outlined" component="a" href={logsHref(jobId)} download startIcon={<DownloadIcon sx={{ fontSize: 16 }} />}>
            Download
          </Button>
        </>
      }
    >
      <LogToolbar
        words={words}
        onWords={setWords}
        hitCount={hits.length}
        currentHit={place}
        onStep={step}
        level={level}
        onLevel={setLevel}
        hasTimes={hasTimes}
        onTimes={(isOn) => setTimes(isOn ? 'on' : 'off')}
        isWrapped={isWrapped}
        onWrap={(isOn) => setWrap(isOn ? 'on' : 'off')}
        onFirstError={firstError === -1 ? null : () => view.goTo(firstError)}
      />
      <Box sx={{ position: 'relative' }}>
        <Box
          ref={view.viewport}
          onScroll={view.onScroll}
          tabIndex={0}
          role="region"
          aria-label="Log lines"
          style={{ height: stream === 'ended' ? Math.min(tallest, Math.max(lowest, view.height + 18)) : tallest }}
          sx={{
            position: 'relative',
            overflow: 'auto',
            ...panel,
            typography: 'mono',
            fontSize: 12,
            overflowAnchor: 'none',
          }}
        >
          <Box aria-hidden sx={{ position: 'absolute', width: 0, height: 0, overflow: 'hidden', visibility: 'hidden' }}>
            <Box component="span" ref={view.probe} sx={{ whiteSpace: 'pre' }}>
              {view.probeText}
            </Box>
          </Box>
          {shown.length === 0 && (
            <Box sx={{ p: 4, color: 'text.secondary', typography: 'body2' }}>
              {lines.length === 0 ? 'What the trainer says appears here, line by line.' : 'No line of this level.'}
            </Box>
          )}
          <Box
            // Under reduced motion every property takes a moment to change, and the end would be scrolled to before it is there.
            sx={{ position: 'relative', minWidth: '100%', width: isWrapped ? '100%' : 'max-content', transition: 'none !important' }}
            style={{ height: view.height }}
          >
            {shown.slice(view.first, view.last).map((line, offset) => {
              const index = view.first + offset
              const top = view.layout.tops[index] ?? 0
              return (
                <LogRow
                  key={line.key}
                  line={line}
                  top={top}
                  height={(view.layout.tops[index + 1] ?? top) - top}
                  isWrapped={isWrapped}
                  hasTime={hasTimes}
                  hits={hitsOr(hitsByLine.get(index))}
                  currentHit={place}
                />
              )
            })}
          </Box>
        </Box>
        {!view.isFollowing && stream !== 'ended' && (
          <Button variant="contained" onClick={() => view.setFollowing(true)} sx={{ position: 'absolute', right: 20, bottom: 14 }}>
            Follow the end
          </Button>
        )}
      </Box>
    </Section>
  )
}
