const minuteMs = 60_000
const timeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080].map((minutes) => minutes * minuteMs)
const mantissas = [1, 2, 2.5, 5, 10]

/** The smallest round step (1, 2, 2.5 or 5 times a power of ten) that cuts the span into at most `count` parts. */
function roundStep(span: number, count: number, isWhole: boolean): number {
  const raw = span / count
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = (mantissas.find((mantissa) => mantissa * power >= raw * (1 - 1e-9)) ?? 10) * power
  return isWhole ? Math.max(1, Math.ceil(step)) : step
}

/** Kills the last digits that repeated adding leaves behind: 0.30000000000000004. */
const clean = (value: number) => Number(value.toPrecision(12))

/** Round values that enclose `low` to `high`: the axis begins and ends on them. */
export function enclosingTicks(low: number, high: number, count: number): number[] {
  if (!(high > low)) {
    const room = low === 0 ? 1 : Math.abs(low) * 0.1
    return enclosingTicks(low - (low === 0 ? 0 : room), low + room, count)
  }
  const step = roundStep(high - low, count, false)
  const first = Math.floor(low / step + 1e-9)
  const last = Math.ceil(high / step - 1e-9)
  return Array.from({ length: last - first + 1 }, (_, index) => clean((first + index) * step))
}

/** Round values between `low` and `high`: the axis keeps its own ends. */
export function insideTicks(low: number, high: number, count: number): number[] {
  if (!(high > low)) return [low]
  const step = roundStep(high - low, count, Number.isInteger(low) && Number.isInteger(high))
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => clean((first + index) * step))
}

/** Whole minutes, hours or days of the reader's own clock between two times in milliseconds. */
export function timeTicks(low: number, high: number, count: number): number[] {
  const step = timeSteps.find((one) => (high - low) / one <= count) ?? (timeSteps.at(-1) as number)
  const zone = new Date(high).getTimezoneOffset() * minuteMs
  const first = Math.ceil((low - zone) / step) * step + zone
  return Array.from({ length: Math.max(0, Math.floor((high - first) / step) + 1) }, (_, index) => first + index * step)
}
