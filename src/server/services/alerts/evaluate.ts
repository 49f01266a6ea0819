/** Holds figures to alert rules: firing, worse, over. Run by the worker every few seconds. */
import { and, desc, eq, gt, isNotNull, isNull, lt, ne, or, sql } from 'drizzle-orm'
import { type AlertSeverity, alertFigures } from '#src/contracts/alert.ts'
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
type Breach = { severity: AlertSeverity; threshold: number; value: number }
/** `value` is null while too few requests, or reports, fell into the window for a verdict. */
type Reading = { value: number | null; requests: number }
type Figures = (of: { deploymentId: string } | { modelId: string }, windowMinutes: number, agoMinutes: number) => Promise<MeasuredFigures>

const log = createLog('alerts')
const minuteMs = 60_000

const values: Record<Rule['figure'], (figures: MeasuredFigures) => number | null> = {
  latency_p95: ({ latencyMs }) => latencyMs.p95,
  success_rate: ({ successRate }) => successRate,
  error_rate: ({ successRate }) => (successRate === null ? null : 1 - successRate),
  accuracy: ({ accuracy }) => accuracy,
  throughput: ({ throughputRps }) => throughputRps,
  queue_p95: ({ queueP95Ms }) => queueP95Ms,
  cost_per_request: ({ costPerRequest }) => costPerRequest,
}

/** Reads each window once a round, whichever rules ask for it. */
function figuresOfRound(now: number): Figures {
  const known = new Map<string, Promise<MeasuredFigures>>()
  return (of, windowMinutes, agoMinutes) => {
    const key = JSON.stringify([of, windowMinutes, agoMinutes])
    const found = known.get(key) ?? windowFigures(db(), of, lastMinutes(windowMinutes, now - agoMinutes * minuteMs))
    known.set(key, found)
    return found
  }
}

async function readFigure(rule: Rule, deployment: Deployment, figuresOf: Figures, agoMinutes = 0): Promise<Reading> {
  const own = await figuresOf({ deploymentId: deployment.id }, rule.windowMinutes, agoMinutes)
  const { isReported } = alertFigures[rule.figure]
  const figures = isReported ? await figuresOf({ modelId: deployment.modelId }, rule.windowMinutes, agoMinutes) : own
  const seen = Math.max(own.requests, isReported ? figures.qualityReports : 0)
  return { value: seen >= rule.minRequests ? values[rule.figure](figures) : null, requests: seen }
}

const severities: AlertSeverity[] = ['warning', 'critical']
const isWorse = (one: AlertSeverity, than: AlertSeverity) => severities.indexOf(one) > severities.indexOf(than)

/** The breach that has lasted for as long as the rule asks: the mildest of the minutes before, at the value of now. */
async function lastingBreach(rule: Rule, deployment: Deployment, figuresOf: Figures, value: number): Promise<Breach | undefined> {
  let lasting = breachOf(rule, value)
  for (let ago = 1; lasting && ago <= rule.forMinutes; ago += 1) {
    const before = await readFigure(rule, deployment, figuresOf, ago)
    const breach = before.value === null ? undefined : breachOf(rule, before.value)
    if (!breach || isWorse(lasting.severity, breach.severity)) lasting = breach
  }
  return lasting && { ...lasting, value }
}

/** Whether anybody may be told: not of the same kind on the same model within the cooldown, unless it is worse than that was. */
async function mayNotify(tx: Tx, rule: Rule, deployment: Deployment, severity: AlertSeverity): Promise<boolean> {
  const [last] = await tx
    .select({ severity: alerts.severity })
    .from(alerts)
    .innerJoin(alertRules, eq(alertRules.id, alerts.ruleId))
    .innerJoin(deployments, eq(deployments.id, alerts.deploymentId))
    .where(
      and(
        eq(alerts.projectId, rule.projectId),
        eq(alertRules.figure, rule.figure),
        eq(deployments.modelId, deployment.modelId),
        gt(alerts.notifiedAt, sql`now() - make_interval(mins => ${rule.cooldownMinutes})`),
      ),
    )
    .orderBy(desc(sql`${alerts.severity} = 'critical'`))
    .limit(1)
  return !last || isWorse(severity, last.severity)
}

/** Who has resolved an alert by hand knows of it: the same is not opened again within the cooldown. */
async function wasDismissed(tx: Tx, rule: Rule, deployment: Deployment, severity: AlertSeverity): Promise<boolean> {
  const [last] = await tx
    .select({ severity: alerts.severity })
    .from(alerts)
    .where(
      and(
        eq(alerts.ruleId, rule.id),
        eq(alerts.deploymentId, deployment.id),
        isNotNull(alerts.resolvedBy),
        gt(alerts.resolvedAt, sql`now() - make_interval(mins => ${rule.cooldownMinutes})`),
      ),
    )
    .orderBy(desc(alerts.resolvedAt))
    .limit(1)
  return last !== undefined && !isWorse(severity, last.severity)
}

const tell = (tx: Tx, event: 'alert.firing' | 'alert.resolved', rule: Rule, deployment: Deployment, alert: Alert) =>
  emit(
    tx,
    rule.projectId,
    event,
    {
      alert: { id: alert.id, status: alert.status, fired_at: alert.firedAt.toISOString() },
      rule: { id: rule.id, name: rule.name },
      deployment: { id: deployment.id, name: deployment.name },
      figure: rule.figure,
      severity: alert.severity,
      value: alert.lastValue,
      threshold: alert.threshold,
      message: alert.message,
      correlation_id: alert.id,
    },
    rule.channelIds,
  )

const record = (tx: Tx, action: string, rule: Rule, deployment: Deployment, alert: Alert, value: number | null) =>
  recordSystemAudit(
    tx,
    {
      action,
      targetType: 'alert',
      targetId: alert.id,
      targetName: rule.name,
      after: { deployment: deployment.name, severity: alert.severity, value },
      projectId: rule.projectId,
    },
    alert.id,
  )

function sentenceOf(rule: Rule, deployment: Deployment, { value, threshold }: Breach): string {
  const { label, isBadAbove } = alertFigures[rule.figure]
  const shown = formatFigure(rule.figure, value)
  const limit = formatFigure(rule.figure, threshold)
  return `${label} of ${deployment.name} is ${shown}, ${isBadAbove ? 'above' : 'below'} ${limit}, over the last ${rule.windowMinutes} minutes.`
}

/** Opens an alert, or makes an open one worse. */
async function fire(tx: Tx, rule: Rule, deployment: Deployment, open: Alert | undefined, breach: Breach): Promise<void> {
  if (!open && (await wasDismissed(tx, rule, deployment, breach.severity))) return
  const isNotified = await mayNotify(tx, rule, deployment, breach.severity)
  const set = {
    severity: breach.severity,
    threshold: breach.threshold,
    message: sentenceOf(rule, deployment, breach),
    lastValue: breach.value,
    worst: breach.value,
    status: 'firing' as const,
    ...(isNotified ? { notifiedAt: new Date() } : {}),
  }
  const [alert] = open
    ? await tx.update(alerts).set(set).where(eq(alerts.id, open.id)).returning()
    : await tx
        .insert(alerts)
        .values({ id: newId(), projectId: rule.projectId, ruleId: rule.id, deploymentId: deployment.id, value: breach.value, ...set })
        .onConflictDoNothing()
        .returning()
  if (!alert) return
  await record(tx, open ? 'alert.escalate' : 'alert.fire', rule, deployment, alert, breach.value)
  if (isNotified) await tell(tx, 'alert.firing', rule, deployment, alert)
  await announce(tx, 'alert', rule.projectId, alert.id)
}

/** Keeps what is seen of an open alert, and tells of it when the cooldown that held it back is over. */
async function goOn(tx: Tx, rule: Rule, deployment: Deployment, open: Alert, value: number): Promise<void> {
  const { isBadAbove } = alertFigures[rule.figure]
  const worst = open.worst === null ? value : isBadAbove ? Math.max(value, open.worst) : Math.min(value, open.worst)
  const isLate = open.status === 'firing' && open.notifiedAt === null && (await mayNotify(tx, rule, deployment, open.severity))
  if (value === open.lastValue && !isLate) return
  const set = { lastValue: value, worst, ...(isLate ? { notifiedAt: new Date() } : {}) }
  const [alert] = await tx.update(alerts).set(set).where(eq(alerts.id, open.id)).returning()
  if (!alert) return
  if (isLate) await tell(tx, 'alert.firing', rule, deployment, alert)
  await announce(tx, 'alert', rule.projectId, alert.id)
}

async function resolve(tx: Tx, rule: Rule, deployment: Deployment, open: Alert, message: string, value: number | null): Promise<void> {
  const [alert] = await tx
    .update(alerts)
    .set({ status: 'resolved', resolvedAt: new Date(), lastValue: value })
    .where(and(eq(alerts.id, open.id), ne(alerts.status, 'resolved')))
    .returning()
  if (!alert) return
  await record(tx, 'alert.resolve', rule, deployment, alert, value)
  // Who was not told that it began need not hear that it is over.
  if (open.notifiedAt) await tell(tx, 'alert.resolved', rule, deployment, { ...alert, message })
  await announce(tx, 'alert', rule.projectId, alert.id)
}

async function judge(tx: Tx, rule: Rule, deployment: Deployment, reading: Reading, breach: Breach | undefined): Promise<void> {
  const isOpen = and(eq(alerts.ruleId, rule.id), eq(alerts.deploymentId, deployment.id), ne(alerts.status, 'resolved'))
  const [open] = await tx.select().from(alerts).where(isOpen).for('update')
  const { value, requests } = reading
  if (breach && (!open || isWorse(breach.severity, open.severity))) return fire(tx, rule, deployment, open, breach)
  if (!open) return
  if (requests === 0 && value === null)
    return resolve(tx, rule, deployment, open, `${deployment.name} has had no requests for ${rule.windowMinutes} minutes.`, null)
  if (value === null) return
  if (!isClear(rule, value)) return goOn(tx, rule, deployment, open, value)
  const message = `${alertFigures[rule.figure].label} of ${deployment.name} is ${formatFigure(rule.figure, value)} again.`
  await resolve(tx, rule, deployment, open, message, value)
}

async function evaluate(rule: Rule, deployment: Deployment, hasOpen: boolean, figuresOf: Figures): Promise<void> {
  const reading = await readFigure(rule, deployment, figuresOf)
  const breach = reading.value === null ? undefined : await lastingBreach(rule, deployment, figuresOf, reading.value)
  if (breach || hasOpen) await transaction((tx) => judge(tx, rule, deployment, reading, breach))
}

const isWatched = and(
  eq(deployments.projectId, alertRules.projectId),
  ne(deployments.status, 'stopped'),
  or(isNull(alertRules.deploymentId), eq(alertRules.deploymentId, deployments.id)),
  or(isNull(alertRules.modelId), eq(alertRules.modelId, deployments.modelId)),
)
const isOn = and(eq(alertRules.isEnabled, true), or(isNull(alertRules.mutedUntil), lt(alertRules.mutedUntil, sql`now()`)))
const ofDeployment = { id: deployments.id, name: deployments.name, modelId: deployments.modelId, projectId: deployments.projectId }

/** Alerts that nothing watches any more are over: of a deployment that was stopped, of a rule that was switched off or looks elsewhere. */
async function closeUnwatched(): Promise<void> {
  const rows = await db()
    .select({ alert: alerts, rule: alertRules, deployment: ofDeployment })
    .from(alerts)
    .innerJoin(alertRules, eq(alertRules.id, alerts.ruleId))
    .innerJoin(deployments, eq(deployments.id, alerts.deploymentId))
    .where(and(ne(alerts.status, 'resolved'), sql`not (${and(isWatched, eq(alertRules.isEnabled, true))})`))
    .limit(1000)
  for (const { alert, rule, deployment } of rows)
    await transaction((tx) =>
      resolve(tx, rule, deployment, alert, `${deployment.name} is no longer watched by ${rule.name}.`, alert.lastValue),
    )
}

/** Looks at every rule that is on and not muted. */
export async function evaluateRules(): Promise<void> {
  await closeUnwatched()
  const hasOpen = sql<boolean>`exists (select 1 from alerts a where a.rule_id = ${alertRules.id} and a.deployment_id = ${deployments.id} and a.status <> 'resolved')`
  const pairs = await db()
    .select({ rule: alertRules, deployment: ofDeployment, hasOpen })
    .from(alertRules)
    .innerJoin(deployments, isWatched)
    .where(isOn)
    .limit(20_000)
  const figuresOf = figuresOfRound(Date.now())
  for (const { rule, deployment, hasOpen: isOpen } of pairs)
    await evaluate(rule, deployment, isOpen, figuresOf).catch((error) =>
      log.warn('a rule could not be evaluated', { error, data: { ruleId: rule.id } }),
    )
}
