'use client'
import Box from '@mui/material/Box'
import FormControlLabel from '@mui/material/FormControlLabel'
import Switch from '@mui/material/Switch'
import { useMemo } from 'react'
import { EmptyChart } from '#src/ui/charts/EmptyChart.tsx'
import { LineChart } from '#src/ui/charts/LineChart.tsx'
import { smooth, thin } from '#src/ui/charts/scale.ts'
import type { Point, Series } from '#src/ui/charts/types.ts'
import { metricTitle } from '#src/ui/kit/format.ts'
import { Section } from '#src/ui/kit/Section.tsx'
import { useStored } from '#src/ui/kit/useStored.ts'
import { groupMetrics, partColor } from '#src/ui/training/metricGroups.ts'
import { panel } from '#src/ui/kit/panel.ts'

/** Points that a line of this width can show. */
const drawn = 300
const smoothWeight = 0.8
type Line = { name: string; part: string }

function seriesOf({ name, part }: Line, points: readonly Point[], isSmooth: boolean): Series[] {
  const base = { label: part || metricTitle(name), color: partColor(part) }
  if (!isSmooth) return [{ ...base, key: name, points: thin(points, drawn) }]
  return [
    { ...base, key: `${name} raw`, points: thin(points, drawn), isGhost: true },
    { ...base, key: name, points: thin(smooth(points, smoothWeight), drawn) },
  ]
}

type Props = {
  points: ReadonlyMap<string, readonly Point[]>
  /** True while more may come. */
  isOpen: boolean
}

/** A chart for each figure that the trainer tells, its parts as lines, with one crosshair over all of them. */
export function JobCharts({ points, isOpen }: Props) {
  const [smoothing, setSmoothing] = useStored('nw.charts.smooth', 'off')
  const [scale, setScale] = useStored('nw.charts.scale', 'linear')
  const groups = useMemo(() => groupMetrics([...points.keys()]), [points])
  const charts = useMemo(
    () =>
      groups.map(({ group, lines }) => ({
        group,
        onlyPart: lines.length === 1 ? lines[0]?.part : '',
        series: lines.flatMap((line) => seriesOf(line, points.get(line.name) ?? [], smoothing === 'on')),
      })),
    [groups, points, smoothing],
  )
  const actions = (
    <Box sx={{ display: 'flex', gap: 2, flexWrap: 'wrap' }}>
      <FormControlLabel
        control={<Switch checked={smoothing === 'on'} onChange={(_, isOn) => setSmoothing(isOn ? 'on' : 'off')} />}
        label="Smooth"
      />
      <FormControlLabel
        control={<Switch checked={scale === 'log'} onChange={(_, isOn) => setScale(isOn ? 'log' : 'linear')} />}
        label="Log scale"
      />
    </Box>
  )
  if (charts.length === 0 && !isOpen) return null
  return (
    <Section
      title="Curves"
      note={smoothing === 'on' ? 'Smoothed by a moving average; the pale line is what was measured.' : undefined}
      actions={charts.length > 0 && actions}
    >
      {charts.length === 0 ? (
        <EmptyChart height={220} text="Loss and scores appear here, step by step, as soon as the trainer tells them." />
      ) : (
        <Box sx={{ display: 'grid', gap: 4, gridTemplateColumns: { md: charts.length > 1 ? 'repeat(2, minmax(0, 1fr))' : undefined } }}>
          {charts.map(({ group, series, onlyPart }) => (
            <Box key={group} sx={{ ...panel, p: 4, minWidth: 0 }}>
              <Box component="h3" sx={{ typography: 'h3', m: 0, mb: 2 }}>
                {metricTitle(group)}
                {onlyPart && (
                  <Box component="span" sx={{ fontWeight: 400, color: 'text.secondary' }}>
                    , {onlyPart}
                  </Box>
                )}
              </Box>
              <LineChart
                title={`${metricTitle(group)} by step`}
                series={series}
                syncId="job"
                isLog={scale === 'log'}
                emptyText="Points appear here as they come."
              />
            </Box>
          ))}
        </Box>
      )}
    </Section>
  )
}
