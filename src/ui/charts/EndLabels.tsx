import { usePlotArea, useYAxisScale } from 'recharts'
import { chartTokens, seriesColor } from './colors.ts'
import { lastPoint, spread } from './scale.ts'
import type { Series } from './types.ts'

const lineHeight = 15
const maxLength = 18

const shorten = (label: string) => (label.length > maxLength ? `${label.slice(0, maxLength - 1)}…` : label)

/** Room to keep right of the plot for the longest label, in pixels at 12 px type. */
export const labelRoom = (series: readonly Series[]) =>
  series.length === 0 ? 8 : Math.max(...series.filter((one) => !one.isGhost).map((one) => shorten(one.label).length), 0) * 6.6 + 22

/** Each line's name beside its last point: no eye has to travel to a legend. */
export function EndLabels({ series }: { series: readonly Series[] }) {
  const plot = usePlotArea()
  const toY = useYAxisScale()
  if (!plot || !toY) return null
  const wanted = series.map((one) => {
    const last = one.isGhost ? null : lastPoint(one.points)
    return last ? (toY(last.y) ?? null) : null
  })
  const places = spread(wanted, lineHeight, plot.y + 4, plot.y + plot.height - 2)
  const left = plot.x + plot.width + 8
  return (
    <g>
      {series.map((one, index) => {
        const y = places[index]
        if (y === null || y === undefined) return null
        return (
          <g key={one.key} transform={`translate(${left}, ${y})`}>
            <line
              x1={0}
              x2={8}
              y1={0}
              y2={0}
              stroke={seriesColor(one.color ?? index)}
              strokeWidth={2.5}
              strokeDasharray={one.isDashed ? '3 2' : undefined}
            />
            <text x={12} dy="0.35em" fontSize={12} fill={chartTokens.text}>
              {shorten(one.label)}
            </text>
          </g>
        )
      })}
    </g>
  )
}
