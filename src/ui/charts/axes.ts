import type { Row } from './scale.ts'
import { enclosingTicks, insideTicks, timeTicks } from './ticks.ts'
import type { LineChartProps } from './types.ts'

type Axes = { xDomain: [number, number]; xTicks: number[]; yDomain: [number, number]; yTicks: number[] }

const extent = (values: readonly number[]): [number, number] =>
  values.length === 0
    ? [0, 1]
    : [values.reduce((low, value) => Math.min(low, value)), values.reduce((high, value) => Math.max(high, value))]

/** Both axes at round values: y encloses every value, x keeps the ends of the data or those that were asked for. */
export function axesOf(
  rows: readonly Row[],
  props: Pick<LineChartProps, 'xDomain' | 'fromZero' | 'yAtLeast' | 'isTime'>,
  isNarrow: boolean,
): Axes {
  const [xLow, xHigh] = props.xDomain ?? extent(rows.map((row) => row.x))
  const values = rows.flatMap((row) =>
    Object.values(row.values).filter((value): value is number => value !== null && Number.isFinite(value)),
  )
  const [low, high] = extent(values)
  const yTicks = enclosingTicks(props.fromZero ? Math.min(0, low) : low, Math.max(high, props.yAtLeast ?? high), 4)
  const xTicks = (props.isTime ? timeTicks : insideTicks)(xLow, xHigh, isNarrow ? 4 : 6)
  return { xDomain: [xLow, xHigh], xTicks, yDomain: [yTicks[0] as number, yTicks.at(-1) as number], yTicks }
}
