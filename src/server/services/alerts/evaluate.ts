/** Holds figures to alert rules: firing, worse, over. Run by the worker every few seconds. */
import { and, desc, eq, isNull, lt, ne, or, sql } from 'drizzle-orm'
import { alertFigures, type AlertSeverity } from '#src/contracts/alert.ts'
import { db, type Tx, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { alertRules, alerts, deployments } from '#src/server/db/schema.ts'
import { createLog } from '#src/server/log.ts'
import { announce, recordSystemAudit } from '../audit.ts'
import { emit } from '../channels/emit.ts'
import { lastMinutes, type MeasuredFigures, windowFigures } from '../performance/figures.ts'
import { breachOf, formatFigure, isClear } from './figure.ts'

type Rule = typeof alertRules.$inferSelect
type Alert = typeof alerts.$inferSelect
type Deployment = Pick<typeof deployments.$inferSelect, 'id' | 'name' | 'modelId' | 'projectId'>
type Reading = { value: number | null; seen: number }

const log = createLog('alerts')

const values: Record<Rule['figure'], (own: MeasuredFigures, ofModel: MeasuredFigures) => number | null> = {
  latency_p95: (own) => own.latencyMs.p95,
  success_rate: (own) => own.successRate,
  error_rate: (own) => (own.successRate === null ? null : 1 - own.successRate),
  accuracy: (_own, ofModel) => ofModel.accuracy,
  throughput: (own) => own.throughputRps,
  queue_p95: (own) => own.queueP95Ms,
  cost_per_request: (_own, ofModel) => ofModel.costPerRequest,
}

/** What a rule's figure is on a deployment just now, and how many requests or reports it rests on. */
async function readFigure(tx: Tx, rule: Rule, deployment: Deployment): Promise<Reading> {
  const window = lastMinutes(rule.windowMinutes)
  const own = await windowFigures(tx, { deploymentId: deployment.id }, window)
  // Quality is reported of models, not of the deployments that they serve in.
  const ofModel = alertFigures[rule.figure].isReported ? await windowFigures(tx, { modelId: deployment.modelId }, window) : own
  return { value: values[rule.figure](own, ofModel), seen: Math.max(own.requests, ofModel.qualityReports) }
}

const severities: AlertSeverity[] = ['warning', 'critical']
const isWorse = (figure: Rule['figure'], value: number, than: number | null) =>
  than === null || (alertFigures[figure].isBadAbove ? value > than : value < than)

/** True when nobody was told of this kind on this deployment for the cooldown, or of anything as bad. */
async function mayNotify(tx: Tx, rule: Rule, deployment: Deployment, severity: AlertSeverity): Promise<boolean> {
  const [last] = await tx
    .select({ severity: alerts.severity, notifiedAt: alerts.notifiedAt })
    .from(alerts)
    .where(and(eq(alerts.ruleId, rule.id), eq(alerts.deploymentId, deployment.id), sql`${alerts.notifiedAt} is not null`))
    .orderBy(desc(alerts.notifiedAt))
    .limit(1)
  if (!last?.notifiedAt) return true
  const isOver = Date.now() - last.notifiedAt.getTime() >= rule.cooldownMinutes * 60_000
  return isOver || severities.indexOf(severity) > severities.indexOf(last.severity)
}

async function tell(tx: Tx, event: 'alert.firing' | 'alert.resolved', rule: Rule, deployment: Deployment, alert: Alert): Promise<void> {
  const data = {
    alert: { id: alert.id, status: alert.status, fired_at: alert.firedAt.toISOString() },
    rule: { id: rule.id, name: rule.name },
    deployment: { id: deployment.id, name: deployment.name },
    figure: rule.figure,
    severity: alert.severity,
    value: alert.lastValue,
    threshold: alert.threshold,
    message: alert.message,
    correlation_id: alert.id,
  }
  await emit(tx, rule.projectId, event, data, rule.channelIds)
}

async function fire(tx: Tx, rule: Rule, deployment: Deployment, open: Alert | undefined, value: number): Promise<void> {
  const breach = breachOf(rule, value)
  if (!breach) return
  const isWorsening = open && severities.indexOf(breach.severity) > severities.indexOf(open.severity)
  const { label, isBadAbove } = alertFigures[rule.figure]
  const message = `${label} of ${deployment.name} is ${formatFigure(rule.figure, value)}, ${isBadAbove ? 'above' : 'below'} ${formatFigure(rule.figure, breach.threshold)}, over the last ${rule.windowMinutes} minutes.`
  if (open && !isWorsening) {
    const worst = isWorse(rule.figure, value, open.worst) ? value : open.worst
    if (value === open.lastValue) return
    await tx.update(alerts).set({ lastValue: value, worst }).where(eq(alerts.id, open.id))
    return
  }
  const isNotified = await mayNotify(tx, rule, deployment, breach.severity)
  const set = { severity: breach.severity, threshold: breach.threshold, message, lastValue: value, worst: value, status: 'firing' as const, ...(isNotified ? { notifiedAt: new Date() } : {}) }
  const [alert] = open
    ? await tx.update(alerts).set(set).where(eq(alerts.id, open.id)).returning()
    : await tx
        .insert(alerts)
        .values({ id: newId(), projectId: rule.projectId, ruleId: rule.id, deploymentId: deployment.id, value, ...set })
        .onConflictDoNothing()
        .returning()
  if (!alert) return
  await recordSystemAudit(tx, { action: 'alert.fire', targetType: 'alert', targetId: alert.id, targetName: rule.name, after: { deployment: deployment.name, severity: alert.severity, value }, projectId: rule.projectId }, alert.id)
  if (isNotified) await tell(tx, 'alert.firing', rule, deployment, alert)
  await announce(tx, 'alert', rule.projectId, alert.id)
}

async function resolve(tx: Tx, rule: Rule, deployment: Deployment, open: Alert, value: number | null): Promise<void> {
  const message = value === null ? `${deployment.name} has had no requests for ${rule.windowMinutes} minutes.` : `${alertFigures[rule.figure].label} of ${deployment.name} is ${formatFigure(rule.figure, value)} again.`
  const [alert] = await tx
    .update(alerts)
    .set({ status: 'resolved', resolvedAt: new Date(), lastValue: value })
    .where(and(eq(alerts.id, open.id), ne(alerts.status, 'resolved')))
    .returning()
  if (!alert) return
  await recordSystemAudit(tx, { action: 'alert.resolve', targetType: 'alert', targetId: alert.id, targetName: rule.name, after: { deployment: deployment.name, value }, projectId: rule.projectId }, alert.id)
  // Who was not told that it began need not hear that it is over.
  if (open.notifiedAt) await tell(tx, 'alert.resolved', rule, deployment, { ...alert, message })
  await announce(tx, 'alert', rule.projectId, alert.id)
}

async function evaluate(tx: Tx, rule: Rule, deployment: Deployment): Promise<void> {
  const isOpen = and(eq(alerts.ruleId, rule.id), eq(alerts.deploymentId, deployment.id), ne(alerts.status, 'resolved'))
  const [open] = await tx.select().from(alerts).where(isOpen).for('update')
  const { value, seen } = await readFigure(tx, rule, deployment)
  if (open && seen === 0) return resolve(tx, rule, deployment, open, null)
  if (value === null || seen < rule.minRequests) return
  if (breachOf(rule, value)) return fire(tx, rule, deployment, open, value)
  if (open && isClear(rule, value)) return resolve(tx, rule, deployment, open, value)
  if (open && open.lastValue !== value) await tx.update(alerts).set({ lastValue: value }).where(eq(alerts.id, open.id))
}

/** Looks at every rule that is on and not muted. */
export async function evaluateRules(): Promise<void> {
  const isOn = and(eq(alertRules.isEnabled, true), or(isNull(alertRules.mutedUntil), lt(alertRules.mutedUntil, sql`now()`)))
  const pairs = await db()
    .select({ rule: alertRules, deployment: { id: deployments.id, name: deployments.name, modelId: deployments.modelId, projectId: deployments.projectId } })
    .from(alertRules)
    .innerJoin(deployments, and(eq(deployments.projectId, alertRules.projectId), ne(deployments.status, 'stopped'), or(isNull(alertRules.deploymentId), eq(alertRules.deploymentId, deployments.id))))
    .where(isOn)
    .limit(20_000)
  for (const { rule, deployment } of pairs)
    await transaction((tx) => evaluate(tx, rule, deployment)).catch((error) => log.warn('a rule could not be evaluated', { error, data: { ruleId: rule.id } }))
}
