'use client'
import Box from '@mui/material/Box'
import { CartesianGrid, ReferenceLine, ResponsiveContainer, Scatter, ScatterChart, Tooltip, XAxis, YAxis } from 'recharts'
import { chartTokens, seriesColor } from './colors.ts'
import { plotStyle } from './plotStyle.ts'
import { LineKey } from './LineKey.tsx'
import { formatFigure, sample } from './scale.ts'
import type { XYChartProps, XYSeries } from './types.ts'
import { visuallyHidden } from './visuallyHidden.ts'
import { XYTooltip } from './XYTooltip.tsx'

const tick = { fontSize: 11, fill: chartTokens.axis }
const noShape = () => <g />
const dot = ({ cx, cy, fill, fillOpacity }: { cx?: number; cy?: number; fill?: string; fillOpacity?: string | number }) => (
  <circle cx={cx} cy={cy} r={2.5} fill={fill} fillOpacity={fillOpacity} />
)

function bounds(series: readonly XYSeries[]): [number, number] {
  const values = series.flatMap((one) => one.points.flatMap((point) => [point.x, point.y])).filter(Number.isFinite)
  return values.length === 0
    ? [0, 1]
    : [values.reduce((low, value) => Math.min(low, value)), values.reduce((high, value) => Math.max(high, value))]
}

function reference(kind: XYChartProps['reference'], series: readonly XYSeries[], xDomain: readonly [number, number] | undefined) {
  const style = { stroke: chartTokens.axis, strokeDasharray: '3 3', strokeOpacity: 0.8 }
  if (kind === 'zero') return <ReferenceLine y={0} {...style} />
  if (kind !== 'diagonal') return null
  const [low, high] = xDomain ?? bounds(series)
  return (
    <ReferenceLine
      segment={[
        { x: low, y: low },
        { x: high, y: high },
      ]}
      ifOverflow="hidden"
      {...style}
    />
  )
}

function scatterOf(one: XYSeries, index: number) {
  const color = seriesColor(one.color ?? index)
  const isLine = one.kind !== 'dots'
  return (
    <Scatter
      key={one.key}
      name={one.label}
      data={[...one.points]}
      fill={color}
      fillOpacity={0.55}
      line={isLine ? { stroke: color, strokeWidth: 1.5 } : false}
      shape={isLine ? noShape : dot}
      isAnimationActive={false}
    />
  )
}

/** The drawing behind XYChart; loaded apart. */
export function XYPlot(props: XYChartProps) {
  const { series, height = 260, formatX = formatFigure, formatY = formatFigure } = props
  return (
    <Box sx={plotStyle}>
      {series.length > 1 ? <LineKey entries={series} /> : null}
      <ResponsiveContainer width="100%" height={height} initialDimension={{ width: 320, height }}>
        <ScatterChart margin={{ top: 8, right: 12, bottom: 16, left: 8 }} title={props.title}>
          <CartesianGrid stroke={chartTokens.axis} strokeOpacity={0.2} />
          <XAxis
            dataKey="x"
            type="number"
            domain={props.xDomain ? [...props.xDomain] : ['auto', 'auto']}
            tickFormatter={formatX}
            tick={tick}
            tickLine={false}
            axisLine={{ stroke: chartTokens.grid }}
            label={{ value: props.xLabel, position: 'insideBottom', offset: -10, fontSize: 11, fill: chartTokens.axis }}
          />
          <YAxis
            dataKey="y"
            type="number"
            domain={props.yDomain ? [...props.yDomain] : ['auto', 'auto']}
            tickFormatter={formatY}
            tick={tick}
            tickLine={false}
            axisLine={false}
            width={56}
            label={{
              value: props.yLabel,
              angle: -90,
              position: 'insideLeft',
              fontSize: 11,
              fill: chartTokens.axis,
              style: { textAnchor: 'middle' },
            }}
          />
          <Tooltip
            content={<XYTooltip {...props} formatX={formatX} formatY={formatY} />}
            cursor={{ stroke: chartTokens.axis, strokeOpacity: 0.5 }}
            isAnimationActive={false}
          />
          {reference(props.reference, series, props.xDomain)}
          {series.map(scatterOf)}
        </ScatterChart>
      </ResponsiveContainer>
      <XYTable {...props} formatX={formatX} formatY={formatY} />
    </Box>
  )
}

type Formatted = XYChartProps & { formatX: (x: number) => string; formatY: (y: number) => string }

function XYTable({ title, series, xLabel, yLabel, formatX, formatY }: Formatted) {
  return (
    <Box sx={visuallyHidden}>
      <table>
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">Series</th>
            <th scope="col">{xLabel}</th>
            <th scope="col">{yLabel}</th>
          </tr>
        </thead>
        <tbody>
          {series.flatMap((one) =>
            sample(one.points, 20).map((point, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: points have no name and may repeat
              <tr key={`${one.key} ${index}`}>
                <th scope="row">{one.label}</th>
                <td>{formatX(point.x)}</td>
                <td>{formatY(point.y)}</td>
              </tr>
            )),
          )}
        </tbody>
      </table>
    </Box>
  )
}
