'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useState } from 'react'
import type { Signature } from '#src/contracts/signature.ts'
import { seriesColor } from '#src/ui/charts/colors.ts'
import { formatFigure } from '#src/ui/charts/scale.ts'
import { type ClassRow, readResult } from '#src/ui/deployments/playgroundResult.ts'
import { formatMs } from '#src/ui/kit/format.ts'
import { IdText } from '#src/ui/kit/IdText.tsx'
import { KeyValues } from '#src/ui/kit/KeyValues.tsx'
import type { Outputs } from '#src/ui/trpc.tsx'

type Answer = Outputs['deployments']['infer']
const shownClasses = 5
const shownRows = 50
const shownValues = 200
const percent = (share: number) => `${(share * 100).toFixed(1)} %`

/** Shares as bars, the likeliest first. */
function Shares({ row }: { row: ClassRow }) {
  const [isWhole, setWhole] = useState(false)
  const shown = isWhole ? row.shares : row.shares.slice(0, shownClasses)
  return (
    <>
      <Box component="ul" aria-label="Probabilities" sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 2 }}>
        {shown.map((one, index) => (
          <Box component="li" key={one.label} sx={{ display: 'grid', gap: 0.5 }}>
            <Box sx={{ display: 'flex', gap: 3, typography: 'body2', fontWeight: index === 0 ? 600 : 400 }}>
              <Box sx={{ flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}>{one.label}</Box>
              <Box sx={{ fontVariantNumeric: 'tabular-nums' }}>{percent(one.share)}</Box>
            </Box>
            <Box aria-hidden sx={{ height: 6, borderRadius: '3px', bgcolor: 'divider', overflow: 'hidden' }}>
              <Box
                sx={{ height: '100%', bgcolor: seriesColor(0), opacity: index === 0 ? 1 : 0.55 }}
                style={{ width: `${Math.min(100, one.share * 100)}%` }}
              />
            </Box>
          </Box>
        ))}
      </Box>
      {shown.length < row.shares.length && (
        <Button onClick={() => setWhole(true)} sx={{ justifySelf: 'start', ml: -2 }}>
          Show all {row.shares.length} classes
        </Button>
      )}
    </>
  )
}

const lineSx = { typography: 'body2', display: 'flex', gap: 3, py: 1, borderBottom: 1, borderColor: 'divider' } as const

function ManyRows({ rows }: { rows: { main: string; note?: string }[] }) {
  return (
    <Box component="ol" aria-label="Answers by row" tabIndex={0} sx={{ listStyle: 'none', m: 0, p: 0, maxHeight: 320, overflow: 'auto' }}>
      {rows.slice(0, shownRows).map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place in the request
        <Box component="li" key={index} sx={lineSx}>
          <Box sx={{ color: 'text.secondary', width: 56, flex: 'none' }}>Row {index + 1}</Box>
          <Box sx={{ flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}>{row.main}</Box>
          <Box sx={{ fontVariantNumeric: 'tabular-nums', color: 'text.secondary' }}>{row.note}</Box>
        </Box>
      ))}
      {rows.length > shownRows && (
        <Box component="li" sx={{ ...lineSx, color: 'text.secondary' }}>
          and {rows.length - shownRows} more rows
        </Box>
      )}
    </Box>
  )
}

function Body({ answer, signature }: { answer: Answer; signature: Signature | null }) {
  const result = readResult(answer.response, signature)
  if (result.kind === 'classes') {
    const [row] = result.rows
    if (result.rows.length !== 1 || !row)
      return <ManyRows rows={result.rows.map((one) => ({ main: one.label, note: one.shares[0] && percent(one.shares[0].share) }))} />
    return (
      <>
        <Box sx={{ typography: 'h4', overflowWrap: 'anywhere' }}>{row.label === '' ? '(empty)' : row.label}</Box>
        <Shares row={row} />
      </>
    )
  }
  if (result.kind === 'numbers') {
    const figures = result.rows.map((value) => (value === null ? 'none' : formatFigure(value)))
    return figures.length === 1 ? <Box sx={{ typography: 'h4' }}>{figures[0]}</Box> : <ManyRows rows={figures.map((main) => ({ main }))} />
  }
  return result.outputs.map((output) => (
    <Box key={output.name}>
      <Box sx={{ typography: 'label', color: 'text.secondary' }}>
        {output.name} · {output.datatype} [{output.shape.join(', ')}]
      </Box>
      <Box
        component="pre"
        tabIndex={0}
        role="region"
        aria-label={`Values of ${output.name}`}
        sx={{ m: 0, mt: 1, maxHeight: 180, overflow: 'auto', whiteSpace: 'pre-wrap', wordBreak: 'break-word' }}
      >
        {JSON.stringify(output.data.slice(0, shownValues))}
        {output.data.length > shownValues && ` and ${output.data.length - shownValues} more`}
      </Box>
    </Box>
  ))
}

const fromMicros = (micros: number | null) => (micros === null ? null : formatMs(micros / 1000))

/** What the model answered, how long it took and who answered. */
export function PlaygroundAnswer({ answer, signature }: { answer: Answer; signature: Signature | null }) {
  return (
    <Box sx={{ display: 'grid', gap: 4, minWidth: 0 }}>
      <Body answer={answer} signature={signature} />
      <KeyValues
        labelWidth={110}
        items={[
          { label: 'Took', value: formatMs(answer.durationMs) },
          { label: 'In the queue', value: fromMicros(answer.queueUs) },
          { label: 'Computing', value: fromMicros(answer.computeUs) },
          { label: 'Version', value: answer.response.model_version },
          {
            label: 'Request',
            value: answer.response.id && (
              <IdText
                id={answer.response.id}
                what="request id"
                short={answer.response.id.length > 20 ? `${answer.response.id.slice(0, 18)}…` : answer.response.id}
              />
            ),
          },
        ]}
      />
    </Box>
  )
}
