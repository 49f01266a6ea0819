const nothing = '–'
const numbers = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** A whole number with separators: `12,345`. */
export const formatNumber = (value: number | null | undefined): string => (value == null ? nothing : numbers.format(value))

/** Bytes in SI units: `1.8 GB`. */
export function formatBytes(bytes: number | null | undefined): string {
  if (bytes == null) return nothing
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1
  return `${value.toFixed(digits)} ${units[unit]}`
}

/** Seconds as the two largest units: `2 h 5 min`, `42 s`. */
export function formatDuration(seconds: number | null | undefined): string {
  if (seconds == null || !Number.isFinite(seconds)) return nothing
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 59.5) return `${seconds < 10 && seconds % 1 >= 0.05 ? seconds.toFixed(1) : Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`
  const days = Math.floor(hours / 24)
  return hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`
}

/** Milliseconds with a unit that fits: `0.42 ms`, `42 ms`, `1.3 s`. */
export function formatMs(ms: number | null | undefined): string {
  if (ms == null || !Number.isFinite(ms)) return nothing
  if (ms > 0 && ms < 0.005) return '< 0.01 ms'
  if (ms >= 1000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
  return `${ms < 1 ? ms.toFixed(2) : ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}

/** A share of 1 as percent: `0.4 %`. */
export function formatPercent(share: number | null | undefined, digits = 1): string {
  if (share == null || !Number.isFinite(share)) return nothing
  const percent = share * 100
  return `${percent !== 0 && Math.abs(percent) < 0.05 ? '< 0.1' : percent.toFixed(Number.isInteger(percent) ? 0 : digits)} %`
}

/** A metric's figure with four significant digits; tiny and huge ones in powers of ten. */
export function formatMetric(value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return nothing
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size < 0.0001 || size >= 1e7) return value.toExponential(2)
  return size >= 1000 ? numbers.format(Math.round(value)) : value.toPrecision(size < 1 ? 3 : 4)
}

type Moment = string | number | Date
/** A format takes about 30 kB, and whoever asks names the zone: more zones than a team lives in are not kept. */
const maxZones = 32

/** The name by which a time zone goes here; UTC for what is none, such as what somebody wrote into a cookie. */
export function zoneOf(name: string | undefined): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name ?? 'UTC' }).resolvedOptions().timeZone
  } catch {
    return 'UTC'
  }
}

/** How moments are written, in a zone that `zoneOf` knows or, without one, in that of the system. */
export function timeFormat(locale: 'en' | 'en-GB', options: Intl.DateTimeFormatOptions) {
  const formats = new Map<string | undefined, Intl.DateTimeFormat>()
  return (at: Moment, timeZone: string | undefined): string => {
    const format = formats.get(timeZone) ?? new Intl.DateTimeFormat(locale, { ...options, timeZone })
    if (formats.size >= maxZones) formats.clear()
    formats.set(timeZone, format)
    return format.format(new Date(at))
  }
}
export const formatExactTime = timeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' })

const steps: [limit: number, seconds: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [60, 1, 'second'],
  [3600, 60, 'minute'],
  [86_400, 3600, 'hour'],
  [86_400 * 30, 86_400, 'day'],
  [86_400 * 365, 86_400 * 30, 'month'],
  [Number.POSITIVE_INFINITY, 86_400 * 365, 'year'],
]
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' })

/** `3 min. ago`, `in 2 hr.`; under ten seconds what `near` says. */
export function formatRelativeTime(at: Moment, nowMs: number, near = 'just now'): string {
  const seconds = (new Date(at).getTime() - nowMs) / 1000
  if (!Number.isFinite(seconds)) return nothing
  const size = Math.abs(seconds)
  if (size < 10) return near
  const step = steps.find(([limit]) => size < limit) ?? steps[0]
  return step ? relative.format(Math.round(seconds / step[1]), step[2]) : nothing
}

const metricTitles: Record<string, string> = {
  macro_f1: 'Macro F1',
  accuracy: 'Accuracy',
  log_loss: 'Log loss',
  auc: 'AUC',
  ece: 'Calibration error',
  rmse: 'RMSE',
  mae: 'MAE',
  r2: 'R²',
}
/** `macro_f1` → `Macro F1`; an unknown name in words. */
export const metricTitle = (name: string): string =>
  metricTitles[name] ?? name.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase())

const lowerIsBetter = /loss|rmse|mae|mse|error|ece|perplexity/i
export const isLowerBetter = (metric: string): boolean => lowerIsBetter.test(metric)

const mainMetrics = ['macro_f1', 'accuracy', 'auc', 'r2', 'rmse', 'mae', 'log_loss']
/** The metric that stands for a version: the recipes' primary ones first, else the first there is. */
export function mainMetric(metrics: Record<string, number | null>): { name: string; value: number } | null {
  const names = [...mainMetrics.filter((name) => name in metrics), ...Object.keys(metrics)]
  for (const name of names) {
    const value = metrics[name]
    if (value != null) return { name, value }
  }
  return null
}

export const plural = (count: number, one: string, many = `${one}s`): string => `${formatNumber(count)} ${count === 1 ? one : many}`
export const shortId = (id: string): string => id.replaceAll('-', '').slice(-8)
