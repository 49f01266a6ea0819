'use client'
import Box from '@mui/material/Box'
import useMediaQuery from '@mui/material/useMediaQuery'
import { useMemo } from 'react'
import { CartesianGrid, Line, LineChart, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import { ChartTable } from './ChartTable.tsx'
import { ChartTooltip } from './ChartTooltip.tsx'
import { chartTokens, seriesColor } from './colors.ts'
import { EndLabels, labelRoom } from './EndLabels.tsx'
import { plotStyle } from './plotStyle.ts'
import { LineKey } from './LineKey.tsx'
import { axesOf } from './axes.ts'
import { formatFigure, type Row, rowsOf } from './scale.ts'
import type { LineChartProps, Series } from './types.ts'

/** The chart library breaks labels at spaces where it thinks them too long. */
const unbroken = (format: (value: number) => string) => (value: number) => format(value).replaceAll(' ', '\u00a0')

const tick = { fontSize: 11, fill: chartTokens.axis }

/** x of the points that stand alone between gaps: no line reaches them, so they need a dot. */
function lonely({ points, isGapped }: Series): ReadonlySet<number> {
  const known = points.filter((point) => point.y !== null)
  if (known.length === 1) return new Set(known.map((point) => point.x))
  if (!isGapped) return new Set()
  const has = (index: number) => (points[index]?.y ?? null) !== null
  return new Set(points.filter((_, index) => has(index) && !has(index - 1) && !has(index + 1)).map((point) => point.x))
}

type DotProps = { cx?: number; cy?: number; key?: React.Key | null; payload?: Row }
const lonelyDot =
  (xs: ReadonlySet<number>, color: string) =>
  ({ cx, cy, key, payload }: DotProps) =>
    payload && xs.has(payload.x) && cy !== undefined ? <circle key={key} cx={cx} cy={cy} r={2} fill={color} /> : <g key={key} />

function lineOf(one: Series, index: number) {
  const xs = one.isGhost ? new Set<number>() : lonely(one)
  return (
    <Line
      key={one.key}
      name={one.label}
      dataKey={(row: Row) => row.values[one.key] ?? null}
      stroke={seriesColor(one.color ?? index)}
      strokeWidth={one.isGhost ? 1 : 1.5}
      strokeOpacity={one.isGhost ? 0.3 : 1}
      strokeDasharray={one.isDashed ? '5 3' : undefined}
      type="linear"
      dot={xs.size > 0 ? lonelyDot(xs, seriesColor(one.color ?? index)) : false}
      activeDot={one.isGhost ? false : { r: 3, strokeWidth: 0 }}
      connectNulls={!one.isGapped}
      isAnimationActive={false}
      legendType="none"
    />
  )
}

/** The drawing behind LineChart; loaded apart, so that pages do not carry the chart library. */
export function LinePlot(props: LineChartProps) {
  const { series, title, isLog = false, height = 220, marks = [], xLabel = 'Step', formatX = formatFigure, formatY = formatFigure } = props
  const isNarrow = useMediaQuery('(max-width:600px)')
  const rows = useMemo(() => rowsOf(series, isLog), [series, isLog])
  const named = series.filter((one) => !one.isGhost)
  const hasLabels = !isNarrow && named.length > 1
  const axes = useMemo(() => axesOf(rows, props, isNarrow), [rows, props, isNarrow])
  const yWidth = Math.ceil(Math.max(...axes.yTicks.map((value) => formatY(value).length), 3) * 6.4) + 8
  return (
    <Box sx={plotStyle}>
      {isNarrow && named.length > 1 ? <LineKey entries={series} /> : null}
      <ResponsiveContainer width="100%" height={height} initialDimension={{ width: 320, height }}>
        <LineChart
          data={rows}
          syncId={props.syncId}
          syncMethod="value"
          margin={{ top: marks.length > 0 ? 18 : 8, right: hasLabels ? labelRoom(series) : 12, bottom: 0, left: 0 }}
          title={title}
        >
          <CartesianGrid stroke={chartTokens.axis} strokeOpacity={0.2} vertical={false} />
          <XAxis
            dataKey="x"
            type="number"
            domain={axes.xDomain}
            ticks={axes.xTicks}
            allowDataOverflow={props.xDomain !== undefined}
            tickFormatter={unbroken(formatX)}
            tick={tick}
            tickLine={false}
            axisLine={{ stroke: chartTokens.grid }}
            minTickGap={28}
            height={22}
          />
          <YAxis
            scale={isLog ? 'log' : 'auto'}
            domain={isLog ? ['auto', 'auto'] : axes.yDomain}
            ticks={isLog ? undefined : axes.yTicks}
            interval={isLog ? 'equidistantPreserveStart' : 0}
            tickFormatter={unbroken(formatY)}
            tick={tick}
            tickLine={false}
            axisLine={false}
            width={isLog ? 60 : yWidth}
          />
          <Tooltip
            content={<ChartTooltip heading={(x) => `${xLabel} ${formatX(x)}`.trim()} formatY={formatY} series={series} />}
            cursor={{ stroke: chartTokens.axis, strokeWidth: 1, strokeOpacity: 0.6 }}
            isAnimationActive={false}
          />
          {marks.map((mark) => (
            <ReferenceLine
              key={`${mark.x} ${mark.label}`}
              x={mark.x}
              stroke={chartTokens.axis}
              strokeDasharray="2 3"
              label={{ value: mark.label, position: 'top', fontSize: 11, fill: chartTokens.text }}
            />
          ))}
          {series.map(lineOf)}
          {hasLabels ? <EndLabels series={series} /> : null}
        </LineChart>
      </ResponsiveContainer>
      <ChartTable title={title} xLabel={xLabel} series={series} rows={rows} formatX={formatX} formatY={formatY} />
    </Box>
  )
}
