/** Alerts as people see and handle them. */
import { and, desc, eq, ne } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { z } from 'zod'
import type { acknowledgeAlert as acknowledgeInput, Alert, listAlerts as listInput } from '#src/contracts/alert.ts'
import type { Page } from '#src/contracts/common.ts'
import { db, type Tx, transaction } from '#src/server/db/client.ts'
import { alertRules, alerts, deployments, runtimes, users } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from '../access.ts'
import { announce, recordAudit } from '../audit.ts'
import { findDeploymentRow } from '../deployments/row.ts'
import { afterCursor, encodeCursor, listPlace } from '../paging.ts'
import { tell } from './evaluate.ts'
import { findAbout } from './subjects.ts'

const acknowledgers = alias(users, 'acknowledgers')
const resolvers = alias(users, 'resolvers')

const select = (where: ReturnType<typeof and>) =>
  db()
    .select({
      row: alerts,
      rule: alertRules.name,
      figure: alertRules.figure,
      deployment: deployments.name,
      runtime: runtimes.name,
      acknowledger: acknowledgers.email,
      resolver: resolvers.email,
    })
    .from(alerts)
    .innerJoin(alertRules, eq(alertRules.id, alerts.ruleId))
    .leftJoin(deployments, eq(deployments.id, alerts.deploymentId))
    .leftJoin(runtimes, eq(runtimes.id, alerts.runtimeId))
    .leftJoin(acknowledgers, eq(acknowledgers.id, alerts.acknowledgedBy))
    .leftJoin(resolvers, eq(resolvers.id, alerts.resolvedBy))
    .where(where)
    .$dynamic()

const view = ({ row, rule, figure, deployment, runtime, acknowledger, resolver }: Awaited<ReturnType<typeof select>>[number]): Alert => ({
  id: row.id,
  rule: { id: row.ruleId, name: rule },
  deployment: row.deploymentId && deployment !== null ? { id: row.deploymentId, name: deployment } : null,
  runtime: row.runtimeId && runtime !== null ? { id: row.runtimeId, name: runtime } : null,
  figure,
  severity: row.severity,
  status: row.status,
  value: row.value,
  worst: row.worst,
  lastValue: row.lastValue,
  threshold: row.threshold,
  message: row.message,
  notifiedAt: row.notifiedAt?.toISOString() ?? null,
  note: row.note,
  firedAt: row.firedAt.toISOString(),
  acknowledgedAt: row.acknowledgedAt?.toISOString() ?? null,
  acknowledgedBy: acknowledger,
  resolvedAt: row.resolvedAt?.toISOString() ?? null,
  resolvedBy: resolver,
})

const isOpen = ne(alerts.status, 'resolved')

/** Alerts of the project, the latest first. */
export async function listAlerts(caller: Caller, input: z.infer<typeof listInput>): Promise<Page<Alert>> {
  const place = listPlace('alerts', caller.project.id, input)
  const deployment = input.deployment ? await findDeploymentRow(db(), caller, input.deployment) : undefined
  const byStatus = input.status === 'open' ? isOpen : input.status ? eq(alerts.status, input.status) : undefined
  const where = and(eq(alerts.projectId, caller.project.id), byStatus, deployment ? eq(alerts.deploymentId, deployment.id) : undefined)
  const [rows, total] = await Promise.all([
    select(and(where, afterCursor(place, input.cursor, alerts.firedAt, alerts.id, 'desc')))
      .orderBy(desc(alerts.firedAt), desc(alerts.id))
      .limit(input.limit + 1),
    db().$count(alerts, where),
  ])
  const shown = rows.slice(0, input.limit)
  const last = rows.length > input.limit ? shown.at(-1) : undefined
  return { items: shown.map(view), nextCursor: last ? encodeCursor(place, last.row.firedAt, last.row.id) : null, total }
}

const missing = () => new AppError('not_found', 'There is no such alert in this project.')

export async function getAlert(caller: Caller, id: string): Promise<Alert> {
  const [found] = await select(and(eq(alerts.id, id), eq(alerts.projectId, caller.project.id)))
  if (!found) throw missing()
  return view(found)
}

/** How many alerts nobody has taken up yet. */
export const countFiring = (caller: Caller): Promise<number> =>
  db().$count(alerts, and(eq(alerts.projectId, caller.project.id), eq(alerts.status, 'firing')))

type Moved = { action: string; after: Record<string, unknown> }

/** Changes an alert that is not over yet. @param work changes the row, and says what is written down of it. */
async function move(caller: Caller, id: string, work: (tx: Tx) => Promise<Moved>): Promise<Alert> {
  await transaction(async (tx) => {
    const [row] = await tx
      .select()
      .from(alerts)
      .where(and(eq(alerts.id, id), eq(alerts.projectId, caller.project.id)))
      .for('update')
    if (!row) throw missing()
    if (row.status === 'resolved') throw new AppError('conflict', 'This alert is over already.')
    const [rule] = await tx.select({ name: alertRules.name }).from(alertRules).where(eq(alertRules.id, row.ruleId))
    const moved = await work(tx)
    await recordAudit(tx, caller, {
      ...moved,
      targetType: 'alert',
      targetId: row.id,
      ...(rule ? { targetName: rule.name } : {}),
      before: { status: row.status },
    })
    await announce(tx, 'alert', row.projectId, row.id)
  })
  return getAlert(caller, id)
}

/** Says that somebody looks after it. */
export const acknowledgeAlert = (caller: Caller, { id, note }: z.infer<typeof acknowledgeInput>): Promise<Alert> =>
  move(caller, id, async (tx) => {
    await tx
      .update(alerts)
      .set({ status: 'acknowledged', acknowledgedAt: new Date(), acknowledgedBy: caller.userId, ...(note === undefined ? {} : { note }) })
      .where(eq(alerts.id, id))
    return { action: 'alert.acknowledge', after: { status: 'acknowledged', note } }
  })

/** Tells those who heard that it began that somebody closed it. */
async function tellClosed(tx: Tx, caller: Caller, id: string): Promise<void> {
  const about = await findAbout(tx, id)
  if (!about?.alert.notifiedAt) return
  const message = `Closed by ${caller.email ?? 'a user'}.`
  await tell(tx, 'alert.resolved', about.rule, about.subject, { ...about.alert, message }, caller.correlationId)
}

/** Closes it by hand; the same does not open again within the cooldown, unless it gets worse. */
export const resolveAlert = (caller: Caller, id: string): Promise<Alert> =>
  move(caller, id, async (tx) => {
    await tx.update(alerts).set({ status: 'resolved', resolvedAt: new Date(), resolvedBy: caller.userId }).where(eq(alerts.id, id))
    await tellClosed(tx, caller, id)
    return { action: 'alert.close', after: { status: 'resolved' } }
  })
