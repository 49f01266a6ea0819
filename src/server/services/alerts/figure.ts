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

/** A value as a sentence has it. */
export function formatFigure(figure: AlertFigure, value: number): string {
  const { unit } = alertFigures[figure]
  if (unit === 'ms') return `${Math.round(value)} ms`
  if (unit === 's') return `${Math.round(value)} s`
  if (unit === 'min') return `${Math.floor(value)} ${Math.floor(value) === 1 ? 'minute' : 'minutes'}`
  if (unit === 'cost') return value.toPrecision(3)
  return unit === 'ratio' ? `${(value * 100).toFixed(1)} %` : `${value.toFixed(2)} requests a second`
}
