'use client'
import Box from '@mui/material/Box'
import useMediaQuery from '@mui/material/useMediaQuery'
import { useId, useMemo } from 'react'
import { Area, AreaChart, CartesianGrid, ResponsiveContainer, Tooltip, usePlotArea, useXAxisScale, XAxis, YAxis } from 'recharts'
import { ChartTable } from './ChartTable.tsx'
import { ChartTooltip } from './ChartTooltip.tsx'
import { chartTokens, seriesColor } from './colors.ts'
import { plotStyle } from './plotStyle.ts'
import { groupMarks, shareRows, spokenRows } from './shares.ts'
import { timeTicks } from './ticks.ts'
import type { ShareChartProps, ShareSeries } from './types.ts'

const tick = { fontSize: 11, fill: chartTokens.axis }
const percent = (share: number) => `${share} %`
const markGap = 22
const markHeight = 18

/** Numbers over the plot, one a change; those that would cover each other share one. */
function Marks({ marks }: Pick<ShareChartProps, 'marks'>) {
  const plot = usePlotArea()
  const toX = useXAxisScale()
  if (!plot || !toX) return null
  const placed = marks.flatMap(({ x, number }) => {
    const at = toX(x)
    return at === undefined || at < plot.x - 1 || at > plot.x + plot.width + 1 ? [] : [{ at, number }]
  })
  return (
    <g>
      {placed.map(({ at, number }) => (
        <line key={number} x1={at} x2={at} y1={plot.y - 4} y2={plot.y + plot.height} stroke={chartTokens.axis} strokeDasharray="2 3" />
      ))}
      {groupMarks(placed, markGap).map(({ at, label }) => {
        const width = Math.max(markHeight, label.length * 6.4 + 10)
        return (
          <g key={label} transform={`translate(${at}, ${plot.y - 4 - markHeight / 2})`}>
            <rect
              x={-width / 2}
              y={-markHeight / 2}
              width={width}
              height={markHeight}
              rx={markHeight / 2}
              fill={chartTokens.surface}
              stroke={chartTokens.axis}
            />
            <text textAnchor="middle" dy="0.35em" fontSize={11} fontWeight={600} fill={chartTokens.text}>
              {label}
            </text>
          </g>
        )
      })}
    </g>
  )
}

function Hatches({ id, series }: { id: string; series: readonly ShareSeries[] }) {
  return (
    <defs>
      {series.map((one) => (
        <pattern key={one.key} id={`${id}${one.key}`} width={6} height={6} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width={6} height={6} fill={seriesColor(one.color)} fillOpacity={0.16} />
          {one.isHatched ? <rect width={2} height={6} fill={seriesColor(one.color)} fillOpacity={0.5} /> : null}
          {one.isHatched ? null : <rect width={6} height={6} fill={seriesColor(one.color)} fillOpacity={0.2} />}
        </pattern>
      ))}
    </defs>
  )
}

const swatch = ({ color, isHatched }: ShareSeries) => {
  const pale = `color-mix(in srgb, ${seriesColor(color)} 35%, transparent)`
  return isHatched ? `repeating-linear-gradient(45deg, ${seriesColor(color)} 0 2px, ${pale} 2px 4px)` : pale
}

/** A band may lie in the past alone, where no end of it could carry a name. */
function BandKey({ series }: Pick<ShareChartProps, 'series'>) {
  return (
    <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 4, rowGap: 0.5, fontSize: 12, mb: 1 }}>
      {series.map((one) => (
        <Box key={one.key} sx={{ display: 'inline-flex', alignItems: 'center', gap: 1.5 }}>
          <Box
            sx={{ width: 12, height: 12, borderRadius: '3px', border: 1, borderColor: seriesColor(one.color), background: swatch(one) }}
          />
          {one.label}
        </Box>
      ))}
    </Box>
  )
}

/** The drawing behind ShareChart; loaded apart, so that pages do not carry the chart library. */
export function SharePlot({ title, series, changes, xDomain, formatX, marks, height = 180 }: ShareChartProps) {
  const isNarrow = useMediaQuery('(max-width:600px)')
  const patternId = useId().replaceAll(':', '')
  const rows = useMemo(() => shareRows(changes, series, xDomain), [changes, series, xDomain])
  const spoken = series.map((one) => ({ ...one, points: [] }))
  return (
    <Box sx={plotStyle}>
      <BandKey series={series} />
      <ResponsiveContainer width="100%" height={height} initialDimension={{ width: 320, height }}>
        <AreaChart data={rows} margin={{ top: 26, right: 12, bottom: 0, left: 0 }} title={title}>
          <Hatches id={patternId} series={series} />
          <CartesianGrid stroke={chartTokens.axis} strokeOpacity={0.2} vertical={false} />
          <XAxis
            dataKey="x"
            type="number"
            domain={[...xDomain]}
            ticks={timeTicks(xDomain[0], xDomain[1], isNarrow ? 4 : 6)}
            allowDataOverflow
            tickFormatter={formatX}
            tick={tick}
            tickLine={false}
            axisLine={{ stroke: chartTokens.grid }}
            minTickGap={28}
            height={22}
          />
          <YAxis
            domain={[0, 100]}
            ticks={[0, 50, 100]}
            tickFormatter={(share: number) => `${share}\u00a0%`}
            tick={tick}
            tickLine={false}
            axisLine={false}
            width={46}
          />
          <Tooltip
            content={<ChartTooltip heading={formatX} formatY={percent} series={spoken} />}
            cursor={{ stroke: chartTokens.axis, strokeWidth: 1, strokeOpacity: 0.6 }}
            isAnimationActive={false}
          />
          {series.map((one) => (
            <Area
              key={one.key}
              name={one.label}
              dataKey={(row: (typeof rows)[number]) => row.values[one.key] ?? null}
              stackId="share"
              type="linear"
              stroke={seriesColor(one.color)}
              strokeWidth={1.5}
              fill={`url(#${patternId}${one.key})`}
              fillOpacity={1}
              dot={false}
              activeDot={false}
              isAnimationActive={false}
              legendType="none"
            />
          ))}
          <Marks marks={marks} />
        </AreaChart>
      </ResponsiveContainer>
      <ChartTable title={title} xLabel="Time" series={spoken} rows={spokenRows(rows)} formatX={formatX} formatY={percent} />
    </Box>
  )
}
