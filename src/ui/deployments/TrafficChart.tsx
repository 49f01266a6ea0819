'use client'
import { keepPreviousData } from '@tanstack/react-query'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useMemo, useState } from 'react'
import { ShareChart } from '#src/ui/charts/ShareChart.tsx'
import { ChartFrame } from '#src/ui/deployments/ChartFrame.tsx'
import { stepsOf } from '#src/ui/deployments/metrics.ts'
import { useTimeOf } from '#src/ui/deployments/useTimeOf.ts'
import { changeWords, numbered, shareChanges, shareSeries } from '#src/ui/deployments/traffic.ts'
import { useRange } from '#src/ui/deployments/useRange.ts'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { RelativeTime } from '#src/ui/kit/RelativeTime.tsx'
import { trpc } from '#src/ui/trpc.tsx'

const pollMs = 10_000
const shownAtFirst = 5

type Numbered = ReturnType<typeof numbered>[number]

function ChangeLine({ change, model }: { change: Numbered; model: string }) {
  return (
    <Box component="li" sx={{ display: 'flex', gap: 2, alignItems: 'baseline', typography: 'body2' }}>
      <Box
        aria-hidden
        sx={{
          minWidth: 20,
          px: 1,
          border: 1,
          borderColor: 'text.secondary',
          borderRadius: '10px',
          fontSize: 11,
          lineHeight: '18px',
          fontWeight: 600,
          textAlign: 'center',
          flex: 'none',
        }}
      >
        {change.number}
      </Box>
      <Box sx={{ flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}>
        {changeWords(change, model)}
        {change.reason && <Box sx={{ color: 'text.secondary' }}>{change.reason}</Box>}
        <Box sx={{ typography: 'caption', color: 'text.secondary' }}>
          {change.by ?? 'by itself'}, <RelativeTime at={change.at} />
        </Box>
      </Box>
    </Box>
  )
}

function ChangeList({ changes, model }: { changes: readonly Numbered[]; model: string }) {
  const [isWhole, setWhole] = useState(false)
  if (changes.length === 0) return null
  const latestFirst = changes.toReversed()
  return (
    <Box sx={{ mt: 3, pt: 3, borderTop: 1, borderColor: 'divider' }}>
      <Box component="ol" aria-label="Changes of the traffic" sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 2 }}>
        {(isWhole ? latestFirst : latestFirst.slice(0, shownAtFirst)).map((change) => (
          <ChangeLine key={change.id} change={change} model={model} />
        ))}
      </Box>
      {changes.length > shownAtFirst && (
        <Button onClick={() => setWhole(!isWhole)} sx={{ mt: 1 }}>
          {isWhole ? 'Show fewer' : `Show all ${changes.length} changes`}
        </Button>
      )}
    </Box>
  )
}

/** What share of the requests each version is given over time, with who moved it and why. */
export function TrafficChart({ deployment, model }: { deployment: string; model: string }) {
  const { range, now, input } = useRange(deployment)
  const formatX = useTimeOf(range)
  const query = trpc.deployments.traffic.useQuery(input, { placeholderData: keepPreviousData, refetchInterval: pollMs })
  const { xDomain, series, shares, changes } = useMemo(() => {
    const found = query.data ?? []
    const from = stepsOf(range, now)[0] as number
    // A change of just now lies ahead of the page's clock, which goes in steps.
    const to = Math.max(now, ...found.slice(-1).map(({ at }) => Date.parse(at)))
    return {
      xDomain: [from, to] as const,
      series: shareSeries(found, model),
      shares: shareChanges(found),
      changes: numbered(found, from),
    }
  }, [query.data, range, now, model])
  return (
    <ChartFrame title="Share of the traffic" isWide>
      <ErrorNotice title="The changes could not be read" error={query.error} onRetry={() => void query.refetch()} />
      <ShareChart
        title="Share of the traffic by version"
        series={series}
        changes={shares}
        marks={changes}
        xDomain={xDomain}
        formatX={formatX}
        emptyText={query.isPending ? 'Reading the changes …' : 'What each version is given appears here with the next deploy.'}
      />
      <ChangeList changes={changes} model={model} />
    </ChartFrame>
  )
}
