/** Holds figures to alert rules: firing, worse, over. Run by the worker every few seconds. */
import { and, desc, eq, gt, isNotNull, ne, sql } from 'drizzle-orm'
import { type AlertSeverity, alertFigures } from '#src/contracts/alert.ts'
import { type Tx, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { alertRules, alerts, deployments } from '#src/server/db/schema.ts'
import { createLog } from '#src/server/log.ts'
import { announce, recordSystemAudit } from '../audit.ts'
import { emit } from '../channels/emit.ts'
import { breachOf, formatFigure, formatThreshold, isClear } from './figure.ts'
import { type Figures, figuresOfRound, type Reading, readFigure } from './readings.ts'
import { isAbout, listUnwatched, listWatched, type Subject } from './subjects.ts'

type Rule = typeof alertRules.$inferSelect
type Alert = typeof alerts.$inferSelect
type Breach = { severity: AlertSeverity; threshold: number; value: number }
const log = createLog('alerts')

const severities: AlertSeverity[] = ['warning', 'critical']
const isWorse = (one: AlertSeverity, than: AlertSeverity) => severities.indexOf(one) > severities.indexOf(than)

/** The breach that has lasted for as long as the rule asks: the mildest of the minutes before, at the value of now. */
async function lastingBreach(rule: Rule, subject: Subject, figuresOf: Figures, value: number): Promise<Breach | undefined> {
  let lasting = breachOf(rule, value)
  // A state says itself how long it lasts, or is not kept.
  const minutes = alertFigures[rule.figure].isState ? 0 : rule.forMinutes
  for (let ago = 1; lasting && ago <= minutes; ago += 1) {
    const before = await readFigure(rule, subject, figuresOf, ago)
    const breach = before.value === null ? undefined : breachOf(rule, before.value)
    if (!breach || isWorse(lasting.severity, breach.severity)) lasting = breach
  }
  return lasting && { ...lasting, value }
}

/** Whether anybody may be told: not of the same kind on the same model within the cooldown, unless it is worse than that was. */
async function mayNotify(tx: Tx, rule: Rule, subject: Subject, severity: AlertSeverity): Promise<boolean> {
  const [last] = await tx
    .select({ severity: alerts.severity })
    .from(alerts)
    .innerJoin(alertRules, eq(alertRules.id, alerts.ruleId))
    .leftJoin(deployments, eq(deployments.id, alerts.deploymentId))
    .where(
      and(
        eq(alerts.projectId, rule.projectId),
        eq(alertRules.figure, rule.figure),
        subject.modelId ? eq(deployments.modelId, subject.modelId) : isAbout(subject),
        gt(alerts.notifiedAt, sql`now() - make_interval(mins => ${rule.cooldownMinutes})`),
      ),
    )
    .orderBy(desc(sql`${alerts.severity} = 'critical'`))
    .limit(1)
  return !last || isWorse(severity, last.severity)
}

/** Who has resolved an alert by hand knows of it: the same is not opened again within the cooldown. */
async function wasDismissed(tx: Tx, rule: Rule, subject: Subject, severity: AlertSeverity): Promise<boolean> {
  const [last] = await tx
    .select({ severity: alerts.severity })
    .from(alerts)
    .where(
      and(
        eq(alerts.ruleId, rule.id),
        isAbout(subject),
        isNotNull(alerts.resolvedBy),
        gt(alerts.resolvedAt, sql`now() - make_interval(mins => ${rule.cooldownMinutes})`),
      ),
    )
    .orderBy(desc(alerts.resolvedAt))
    .limit(1)
  return last !== undefined && !isWorse(severity, last.severity)
}

/** @param correlationId of the call that caused it; what the worker finds goes by the alert's own id. */
export const tell = (
  tx: Tx,
  event: 'alert.firing' | 'alert.resolved',
  rule: Rule,
  subject: Subject,
  alert: Alert,
  correlationId = alert.id,
) =>
  emit(
    tx,
    rule.projectId,
    event,
    {
      alert: { id: alert.id, status: alert.status, fired_at: alert.firedAt.toISOString() },
      rule: { id: rule.id, name: rule.name },
      deployment: subject.deploymentId ? { id: subject.deploymentId, name: subject.name } : null,
      runtime: subject.runtimeId ? { id: subject.runtimeId, name: subject.name } : null,
      figure: rule.figure,
      severity: alert.severity,
      value: alert.lastValue,
      threshold: alert.threshold,
      message: alert.message,
      correlation_id: correlationId,
    },
    rule.channelIds,
  )

const record = (tx: Tx, action: string, rule: Rule, subject: Subject, alert: Alert, value: number | null) =>
  recordSystemAudit(
    tx,
    {
      action,
      targetType: 'alert',
      targetId: alert.id,
      targetName: rule.name,
      after: { about: subject.name, severity: alert.severity, value },
      projectId: rule.projectId,
    },
    alert.id,
  )

function sentenceOf(rule: Rule, { name }: Subject, { value, threshold }: Breach): string {
  const { label, isBadAbove } = alertFigures[rule.figure]
  const [shown, limit] = [formatFigure(rule.figure, value), formatThreshold(rule.figure, threshold)]
  if (rule.figure === 'no_requests') return `${name} has had no request for ${shown}, although it had some before.`
  if (rule.figure === 'runtime_silent')
    return `The runtime ${name} has not been heard of for ${shown}. Look at that machine, or remove the runtime under Settings, Runtimes.`
  if (rule.figure === 'disk_free') return `${shown} of the disk with the data is free, below ${limit}. Free space, or move the data folder.`
  return `${label} of ${name} is ${shown}, ${isBadAbove ? 'above' : 'below'} ${limit}, over the last ${rule.windowMinutes} minutes.`
}

function endOf(rule: Rule, { name }: Subject, value: number): string {
  if (rule.figure === 'no_requests') return `${name} has requests again.`
  if (rule.figure === 'runtime_silent') return `The runtime ${name} is heard of again.`
  return `${alertFigures[rule.figure].label} of ${name} is ${formatFigure(rule.figure, value)} again.`
}

/** Opens an alert, or makes an open one worse. */
async function fire(tx: Tx, rule: Rule, subject: Subject, open: Alert | undefined, breach: Breach): Promise<void> {
  if (!open && (await wasDismissed(tx, rule, subject, breach.severity))) return
  const isNotified = await mayNotify(tx, rule, subject, breach.severity)
  const set = {
    severity: breach.severity,
    threshold: breach.threshold,
    message: sentenceOf(rule, subject, breach),
    lastValue: breach.value,
    worst: breach.value,
    status: 'firing' as const,
    ...(isNotified ? { notifiedAt: new Date() } : {}),
  }
  const [alert] = open
    ? await tx.update(alerts).set(set).where(eq(alerts.id, open.id)).returning()
    : await tx
        .insert(alerts)
        .values({
          id: newId(),
          projectId: rule.projectId,
          ruleId: rule.id,
          deploymentId: subject.deploymentId,
          runtimeId: subject.runtimeId,
          value: breach.value,
          ...set,
        })
        .onConflictDoNothing()
        .returning()
  if (!alert) return
  await record(tx, open ? 'alert.escalate' : 'alert.fire', rule, subject, alert, breach.value)
  if (isNotified) await tell(tx, 'alert.firing', rule, subject, alert)
  await announce(tx, 'alert', rule.projectId, alert.id)
}

/** Keeps what is seen of an open alert, and tells of it when the cooldown that held it back is over. */
async function goOn(tx: Tx, rule: Rule, subject: Subject, open: Alert, value: number): Promise<void> {
  const { isBadAbove } = alertFigures[rule.figure]
  const worst = open.worst === null ? value : isBadAbove ? Math.max(value, open.worst) : Math.min(value, open.worst)
  const isLate = open.status === 'firing' && open.notifiedAt === null && (await mayNotify(tx, rule, subject, open.severity))
  if (value === open.lastValue && !isLate) return
  const set = { lastValue: value, worst, ...(isLate ? { notifiedAt: new Date() } : {}) }
  const [alert] = await tx.update(alerts).set(set).where(eq(alerts.id, open.id)).returning()
  if (!alert) return
  if (isLate) await tell(tx, 'alert.firing', rule, subject, alert)
  await announce(tx, 'alert', rule.projectId, alert.id)
}

async function resolve(tx: Tx, rule: Rule, subject: Subject, open: Alert, message: string, value: number | null): Promise<void> {
  const [alert] = await tx
    .update(alerts)
    .set({ status: 'resolved', resolvedAt: new Date(), lastValue: value })
    .where(and(eq(alerts.id, open.id), ne(alerts.status, 'resolved')))
    .returning()
  if (!alert) return
  await record(tx, 'alert.resolve', rule, subject, alert, value)
  // Who was not told that it began need not hear that it is over.
  if (open.notifiedAt) await tell(tx, 'alert.resolved', rule, subject, { ...alert, message })
  await announce(tx, 'alert', rule.projectId, alert.id)
}

async function judge(tx: Tx, rule: Rule, subject: Subject, reading: Reading, breach: Breach | undefined): Promise<void> {
  const isOpen = and(eq(alerts.ruleId, rule.id), isAbout(subject), ne(alerts.status, 'resolved'))
  const [open] = await tx.select().from(alerts).where(isOpen).for('update')
  const { value, requests } = reading
  if (breach && (!open || isWorse(breach.severity, open.severity))) return fire(tx, rule, subject, open, breach)
  if (!open) return
  // What has been missing for longer than the window is missing still.
  if (value === null && alertFigures[rule.figure].isState) return
  if (requests === 0 && value === null)
    return resolve(tx, rule, subject, open, `${subject.name} has had no requests for ${rule.windowMinutes} minutes.`, null)
  if (value === null) return
  if (!isClear(rule, value)) return goOn(tx, rule, subject, open, value)
  await resolve(tx, rule, subject, open, endOf(rule, subject, value), value)
}

async function evaluate(rule: Rule, subject: Subject, hasOpen: boolean, figuresOf: Figures): Promise<void> {
  const reading = await readFigure(rule, subject, figuresOf)
  const breach = reading.value === null ? undefined : await lastingBreach(rule, subject, figuresOf, reading.value)
  if (breach || hasOpen) await transaction((tx) => judge(tx, rule, subject, reading, breach))
}

/** Alerts that nothing watches any more are over: of a deployment that was stopped, of a rule that was switched off or looks elsewhere. */
async function closeUnwatched(): Promise<void> {
  for (const { alert, rule, subject } of await listUnwatched())
    await transaction((tx) => resolve(tx, rule, subject, alert, `${subject.name} is no longer watched by ${rule.name}.`, alert.lastValue))
}

/** Looks at every rule that is on and not muted. */
export async function evaluateRules(): Promise<void> {
  await closeUnwatched()
  const figuresOf = figuresOfRound(Date.now())
  for (const { rule, subject, hasOpen } of await listWatched())
    await evaluate(rule, subject, hasOpen, figuresOf).catch((error) =>
      log.warn('a rule could not be evaluated', { error, data: { ruleId: rule.id } }),
    )
}
