import { seriesColor } from './colors.ts'

type Props = {
  /** Read out in place of the picture: say what it shows. */
  label: string
  values: readonly (number | null)[]
  width?: number
  height?: number
  color?: number
  /** As wide as its place; `width` is then only its inner measure. */
  isFluid?: boolean
}

/** Points of each unbroken run, in the picture's own coordinates. */
function runs(values: readonly (number | null)[], width: number, height: number): { x: number; y: number }[][] {
  const known = values.filter((value): value is number => value !== null)
  const high = Math.max(...known, 0)
  const found: { x: number; y: number }[][] = [[]]
  for (const [index, value] of values.entries()) {
    if (value === null) {
      found.push([])
      continue
    }
    const x = values.length === 1 ? width / 2 : (index / (values.length - 1)) * (width - 2) + 1
    found.at(-1)?.push({ x, y: high === 0 ? height - 1.5 : height - 1.5 - (value / high) * (height - 3) })
  }
  return found.filter((run) => run.length > 0)
}

/** A line from zero to the highest value, as small as a word; nothing known is a baseline. */
export function Sparkline({ label, values, width = 96, height = 24, color = 0, isFluid = false }: Props) {
  const drawn = runs(values, width, height)
  const stroke = seriesColor(color)
  return (
    <svg
      role="img"
      aria-label={label}
      width={isFluid ? '100%' : width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      style={{ display: 'block', overflow: 'visible' }}
    >
      <line x1={0} x2={width} y1={height - 0.5} y2={height - 0.5} stroke="var(--nw-palette-divider)" vectorEffect="non-scaling-stroke" />
      {drawn.map((run) => {
        const first = run[0] as { x: number; y: number }
        const last = run.at(-1) as { x: number; y: number }
        const path = run.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')
        // A line of no length with round ends is a dot that stays round when the picture is stretched.
        if (run.length === 1)
          return (
            <line
              key={first.x}
              x1={first.x}
              x2={first.x}
              y1={first.y}
              y2={first.y}
              stroke={stroke}
              strokeWidth={4}
              strokeLinecap="round"
              vectorEffect="non-scaling-stroke"
            />
          )
        return (
          <g key={first.x}>
            <polygon points={`${first.x.toFixed(1)},${height} ${path} ${last.x.toFixed(1)},${height}`} fill={stroke} fillOpacity={0.1} />
            <polyline
              points={path}
              fill="none"
              stroke={stroke}
              strokeWidth={1.25}
              strokeLinejoin="round"
              vectorEffect="non-scaling-stroke"
            />
          </g>
        )
      })}
    </svg>
  )
}
