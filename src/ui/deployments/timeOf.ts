import type { Range } from './metrics.ts'

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', hour: '2-digit' })
/** How a time on the axis of a range is written. */
export const timeOf = (range: Range) => (x: number) => (range.minutes > 1440 ? day : clock).format(x)
