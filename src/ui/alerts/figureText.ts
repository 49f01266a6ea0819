import { type AlertFigure, type AlertRule, type AlertSeverity, alertFigures, maxThreshold } from '#src/contracts/alert.ts'
import { formatMetric, formatMs, formatPercent } from '#src/ui/kit/format.ts'

/** A figure's value with its unit. */
export function figureText(figure: AlertFigure, value: number | null): string {
  const { unit } = alertFigures[figure]
  if (unit === 'ms') return formatMs(value)
  if (unit === 'ratio') return formatPercent(value)
  if (unit === 'min') return value === null ? '–' : `${Math.floor(value)} min`
  if (unit === 's') return value === null ? '–' : `${Math.round(value)} s`
  return value === null || unit === 'cost' ? formatMetric(value) : `${formatMetric(value)} req/s`
}

const thresholdUnits = { ms: ' ms', ratio: ' %', rps: ' req/s', cost: '', min: ' min', s: ' s' } as const

/** A threshold with its unit: what was asked for, unrounded. */
export const thresholdText = (figure: AlertFigure, threshold: number): string =>
  `${typedOf(figure, threshold)}${thresholdUnits[alertFigures[figure].unit]}`

/** The largest threshold that can be typed; shares are typed in percent. */
export const maxTyped = (figure: AlertFigure): number => maxThreshold(figure) * (alertFigures[figure].unit === 'ratio' ? 100 : 1)

/** What a threshold is typed in; shares are typed in percent. */
export const unitWords = {
  ms: 'milliseconds',
  ratio: 'percent',
  rps: 'requests a second',
  cost: 'per request',
  min: 'minutes',
  s: 'seconds',
} as const

export function typedOf(figure: AlertFigure, value: number | null): string {
  if (value === null) return ''
  return String(alertFigures[figure].unit === 'ratio' ? Number((value * 100).toPrecision(12)) : value)
}

/** NaN for what is no number, so that the contract refuses it. */
export function typedValue(figure: AlertFigure, typed: string): number | null {
  if (typed.trim() === '') return null
  const value = Number(typed)
  return alertFigures[figure].unit === 'ratio' ? value / 100 : value
}

export const severityStatus: Record<AlertSeverity, string> = { warning: 'degraded', critical: 'failed' }
export const severityWords: Record<AlertSeverity, string> = { warning: 'Warning', critical: 'Critical' }

/** The condition of a rule in a few words. */
export function conditionText({ figure, warning, critical }: Pick<AlertRule, 'figure' | 'warning' | 'critical'>): string {
  const side = alertFigures[figure].isBadAbove ? 'above' : 'below'
  const parts = [
    warning === null ? undefined : `warns ${side} ${thresholdText(figure, warning)}`,
    critical === null ? undefined : `critical ${side} ${thresholdText(figure, critical)}`,
  ]
  return parts.filter((part) => part !== undefined).join(', ')
}

/** Whom a rule watches. */
export function scopeText({ figure, deployment, model }: Pick<AlertRule, 'figure' | 'deployment' | 'model'>): string {
  const { subject } = alertFigures[figure]
  if (subject) return installationWide[subject]
  return deployment ? deployment.name : model ? `Deployments of ${model.name}` : 'All deployments'
}

/** What is watched as a whole, in every project alike. */
export const installationWide = { runtime: 'All runtimes', disk: 'The data disk' } as const
