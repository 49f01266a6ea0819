/** The figure that a rule is about, and on which side of its thresholds it lies. */
import { type AlertFigure, alertFigures, type AlertSeverity } from '#src/contracts/alert.ts'

export type Limits = { figure: AlertFigure; warning: number | null; critical: number | null }

const isBeyond = (figure: AlertFigure, value: number, threshold: number) =>
  alertFigures[figure].isBadAbove ? value > threshold : value < threshold

/** The worst threshold that a value breaks. */
export function breachOf({ figure, warning, critical }: Limits, value: number): { severity: AlertSeverity; threshold: number } | undefined {
  if (critical !== null && isBeyond(figure, value, critical)) return { severity: 'critical', threshold: critical }
  if (warning !== null && isBeyond(figure, value, warning)) return { severity: 'warning', threshold: warning }
  return undefined
}

/** Share of a threshold by which a value must be better before an alert counts as over, so that it does not flap. */
const hysteresis = 0.02

/** True when a value is well clear of every threshold. */
export function isClear({ figure, warning, critical }: Limits, value: number): boolean {
  const direction = alertFigures[figure].isBadAbove ? -1 : 1
  return [warning, critical].every(
    (threshold) => threshold === null || !isBeyond(figure, value, threshold + direction * Math.abs(threshold) * hysteresis),
  )
}

const units = { ms: 'ms', ratio: '%', rps: 'requests a second', cost: '', min: 'minutes', s: 's' } as const

/** A threshold as a sentence has it: what was asked for, unrounded. */
export function formatThreshold(figure: AlertFigure, threshold: number): string {
  const { unit } = alertFigures[figure]
  // Twelve digits leave out what multiplying by a hundred adds.
  return `${Number((unit === 'ratio' ? threshold * 100 : threshold).toPrecision(12))} ${units[unit]}`.trimEnd()
}

/** Small values keep two digits that say something: beside a small threshold a nought would not. */
const rounded = (value: number, digits: number): string =>
  value !== 0 && Math.abs(value) < 10 ** -digits * 10 ? String(Number(value.toPrecision(2))) : value.toFixed(digits)

/** A value as a sentence has it. */
export function formatFigure(figure: AlertFigure, value: number): string {
  const { unit } = alertFigures[figure]
  if (unit === 'ms') return `${rounded(value, 0)} ms`
  if (unit === 's') return `${Math.round(value)} s`
  if (unit === 'min') return `${Math.floor(value)} ${Math.floor(value) === 1 ? 'minute' : 'minutes'}`
  if (unit === 'cost') return value.toPrecision(3)
  return unit === 'ratio' ? `${rounded(value * 100, 1)} %` : `${rounded(value, 2)} requests a second`
}
