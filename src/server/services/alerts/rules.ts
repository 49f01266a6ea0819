/** Alert rules: what is watched, and when somebody is told. */
import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import type { z } from 'zod'
import {
  type AlertFigure,
  type AlertRule,
  alertDefaults,
  alertFigures,
  canBeCrossed,
  type CreateRule,
  maxThreshold,
  type muteRule as muteInput,
  type UpdateRule,
} from '#src/contracts/alert.ts'
import { db, isUniqueViolation, type Queryable, type Tx, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { alertRules, channels, deployments, models } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from '../access.ts'
import { announce, recordAudit } from '../audit.ts'
import { findDeploymentRow } from '../deployments/row.ts'
import { findModelRow } from '../models/find.ts'

type Row = typeof alertRules.$inferSelect

const inProject = (caller: Caller) => eq(alertRules.projectId, caller.project.id)

async function read(caller: Caller, where?: ReturnType<typeof eq>): Promise<AlertRule[]> {
  const openAlerts = sql<number>`(select count(*)::int from alerts a where a.rule_id = ${alertRules.id} and a.status <> 'resolved')`
  const [rows, ways] = await Promise.all([
    db()
      .select({ row: alertRules, deployment: deployments.name, model: models.name, openAlerts })
      .from(alertRules)
      .leftJoin(deployments, eq(deployments.id, alertRules.deploymentId))
      .leftJoin(models, eq(models.id, alertRules.modelId))
      .where(and(inProject(caller), where))
      .orderBy(asc(alertRules.name))
      .limit(1000),
    db().select({ id: channels.id, name: channels.name }).from(channels).where(eq(channels.projectId, caller.project.id)),
  ])
  return rows.map(({ row, deployment, model, openAlerts: open }) => ({
    id: row.id,
    name: row.name,
    figure: row.figure,
    deployment: row.deploymentId && deployment ? { id: row.deploymentId, name: deployment } : null,
    model: row.modelId && model ? { id: row.modelId, name: model } : null,
    warning: row.warning,
    critical: row.critical,
    windowMinutes: row.windowMinutes,
    minRequests: row.minRequests,
    forMinutes: row.forMinutes,
    cooldownMinutes: row.cooldownMinutes,
    channels: ways.filter(({ id }) => row.channelIds.includes(id)),
    isEnabled: row.isEnabled,
    mutedUntil: row.mutedUntil && row.mutedUntil > new Date() ? row.mutedUntil.toISOString() : null,
    openAlerts: open,
    createdAt: row.createdAt.toISOString(),
  }))
}

export const listRules = (caller: Caller): Promise<AlertRule[]> => read(caller)

const missing = () => new AppError('not_found', 'There is no such alert rule in this project.')

export async function getRule(caller: Caller, id: string): Promise<AlertRule> {
  const [rule] = await read(caller, eq(alertRules.id, id))
  if (!rule) throw missing()
  return rule
}

async function findRow(on: Queryable, caller: Caller, id: string): Promise<Row> {
  const [row] = await on
    .select()
    .from(alertRules)
    .where(and(inProject(caller), eq(alertRules.id, id)))
  if (!row) throw missing()
  return row
}

type Limits = Pick<Row, 'figure' | 'warning' | 'critical'>

/** A share is at most the whole, and what is bad lies on this side of it. What is left out is not looked at. */
export function checkReach(
  figure: AlertFigure,
  limits: { warning?: number | null | undefined; critical?: number | null | undefined },
): void {
  const given = (['warning', 'critical'] as const).flatMap((path) => (limits[path] == null ? [] : [{ path, limit: limits[path] }]))
  const refuse = (path: string, message: string, rest: string) =>
    new AppError('bad_request', `${path}: ${message}${rest}.`, { details: [{ path, message }] })
  const beyond = given.find(({ limit }) => limit > maxThreshold(figure))
  if (beyond) throw refuse(beyond.path, 'must be at most 100 %', ', which is 1 as a share')
  const unreached = given.find(({ limit }) => !canBeCrossed(figure, limit))
  if (!unreached) return
  const { isBadAbove, label } = alertFigures[figure]
  const message = isBadAbove ? 'must be below 100 %' : 'must be above 0'
  throw refuse(unreached.path, message, `: "${label}" never ${isBadAbove ? 'rises above' : 'falls below'} that`)
}

/** The critical threshold lies beyond the warning, or nobody would be warned. */
function checkLimits({ figure, warning, critical }: Limits): void {
  if (warning === null && critical === null)
    throw new AppError('bad_request', 'warning: give a warning threshold, a critical one, or both.', {
      details: [{ path: 'warning', message: 'is missing' }],
    })
  if (warning === null || critical === null) return
  const { isBadAbove, label } = alertFigures[figure]
  if (isBadAbove ? critical < warning : critical > warning)
    throw new AppError('bad_request', `critical: for "${label}" it must be ${isBadAbove ? 'above' : 'below'} the warning threshold.`, {
      details: [{ path: 'critical', message: `must be ${isBadAbove ? 'above' : 'below'} the warning threshold` }],
    })
}

/** What is missing for longer than the window is no longer missed, so a threshold beyond it would never be reached. */
function checkState({ figure, warning, critical, windowMinutes }: Limits & Pick<Row, 'windowMinutes'>): void {
  const { unit } = alertFigures[figure]
  if (unit !== 'min' && unit !== 's') return
  const longest = Math.max(warning ?? 0, critical ?? 0) / (unit === 's' ? 60 : 1)
  if (longest < windowMinutes) return
  const message = 'must be longer than the thresholds: what was not there within it is not missed'
  throw new AppError('bad_request', `windowMinutes: ${message}. Give a longer window.`, { details: [{ path: 'windowMinutes', message }] })
}

/** What is the installation's own is watched as a whole. */
function checkSubject({ figure }: Pick<Row, 'figure'>, { deploymentId, modelId }: Scope): void {
  const { subject, label } = alertFigures[figure]
  if (!subject || (!deploymentId && !modelId)) return
  const path = deploymentId ? 'deployment' : 'model'
  throw new AppError('bad_request', `${path}: "${label}" is not of a deployment. Leave it out.`, {
    details: [{ path, message: 'does not go with this figure' }],
  })
}

type Scope = { deploymentId: string | null; modelId: string | null }
type ScopeRefs = { deployment?: string | null | undefined; model?: string | null | undefined }

/** Whom a rule watches: one deployment, or those of one model, or all. What is left out stays as it was. */
async function findScope(tx: Tx, caller: Caller, { deployment, model }: ScopeRefs, before: Scope): Promise<Scope> {
  const deploymentId = deployment ? (await findDeploymentRow(tx, caller, deployment)).id : deployment === null ? null : before.deploymentId
  const modelId = model ? (await findModelRow(tx, caller, model)).id : model === null ? null : before.modelId
  if (deploymentId && modelId)
    throw new AppError('bad_request', 'model: a rule watches one deployment or those of a model, not both. Leave one out.', {
      details: [{ path: 'model', message: 'can not be given together with a deployment' }],
    })
  return { deploymentId, modelId }
}

async function checkChannels(tx: Tx, caller: Caller, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  const known = await tx.$count(channels, and(eq(channels.projectId, caller.project.id), inArray(channels.id, [...ids])))
  if (known !== new Set(ids).size)
    throw new AppError('not_found', 'One of the channels is not in this project.', {
      details: [{ path: 'channelIds', message: 'names one that does not exist' }],
    })
}

const taken = (name: string) =>
  new AppError('conflict', `There is already a rule named "${name}". Choose another name.`, {
    details: [{ path: 'name', message: 'is taken' }],
  })

const factsOf = ({
  name,
  figure,
  deploymentId,
  modelId,
  warning,
  critical,
  windowMinutes,
  minRequests,
  forMinutes,
  cooldownMinutes,
  channelIds,
  isEnabled,
}: Row) => ({
  name,
  figure,
  deploymentId,
  modelId,
  warning,
  critical,
  windowMinutes,
  minRequests,
  forMinutes,
  cooldownMinutes,
  channelIds,
  isEnabled,
})

export async function createRule(caller: Caller, { deployment, model, ...input }: CreateRule): Promise<AlertRule> {
  checkReach(input.figure, input)
  checkLimits(input)
  checkState(input)
  const id = newId()
  try {
    await transaction(async (tx) => {
      const scope = await findScope(tx, caller, { deployment, model }, { deploymentId: null, modelId: null })
      checkSubject(input, scope)
      await checkChannels(tx, caller, input.channelIds)
      const [row] = await tx
        .insert(alertRules)
        .values({ id, projectId: caller.project.id, createdBy: caller.userId, ...scope, ...input })
        .returning()
      await recordAudit(tx, caller, {
        action: 'alert_rule.create',
        targetType: 'alert_rule',
        targetId: id,
        ...(row ? { after: factsOf(row) } : {}),
      })
      await announce(tx, 'alert', caller.project.id, id)
    })
  } catch (error) {
    if (isUniqueViolation(error)) throw taken(input.name)
    throw error
  }
  return getRule(caller, id)
}

export async function updateRule(caller: Caller, { id, deployment, model, ...input }: UpdateRule): Promise<AlertRule> {
  try {
    await transaction(async (tx) => {
      const before = await findRow(tx, caller, id)
      const set = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as Partial<Row>
      const scope = await findScope(tx, caller, { deployment, model }, before)
      checkReach(before.figure, set)
      checkLimits({ ...before, ...set })
      checkState({ ...before, ...set })
      checkSubject(before, scope)
      await checkChannels(tx, caller, set.channelIds ?? [])
      const [row] = await tx
        .update(alertRules)
        .set({ ...set, ...scope, updatedAt: new Date() })
        .where(eq(alertRules.id, id))
        .returning()
      if (!row) throw missing()
      await recordAudit(tx, caller, {
        action: 'alert_rule.update',
        targetType: 'alert_rule',
        targetId: id,
        before: factsOf(before),
        after: factsOf(row),
      })
      await announce(tx, 'alert', caller.project.id, id)
    })
  } catch (error) {
    if (isUniqueViolation(error)) throw taken(input.name ?? '')
    throw error
  }
  return getRule(caller, id)
}

export async function deleteRule(caller: Caller, id: string): Promise<void> {
  await transaction(async (tx) => {
    const row = await findRow(tx, caller, id)
    await recordAudit(tx, caller, { action: 'alert_rule.delete', targetType: 'alert_rule', targetId: id, before: factsOf(row) })
    await tx.delete(alertRules).where(eq(alertRules.id, id))
    await announce(tx, 'alert', caller.project.id, id)
  })
}

/** Keeps a rule quiet for a while: work that is planned should wake nobody. */
export async function muteRule(caller: Caller, { id, minutes }: z.infer<typeof muteInput>): Promise<AlertRule> {
  await transaction(async (tx) => {
    const row = await findRow(tx, caller, id)
    const mutedUntil = minutes === null ? null : new Date(Date.now() + minutes * 60_000)
    await tx.update(alertRules).set({ mutedUntil }).where(eq(alertRules.id, id))
    await recordAudit(tx, caller, {
      action: 'alert_rule.mute',
      targetType: 'alert_rule',
      targetId: id,
      targetName: row.name,
      after: { mutedUntil: mutedUntil?.toISOString() ?? null },
    })
    await announce(tx, 'alert', caller.project.id, id)
  })
  return getRule(caller, id)
}

const usual = [
  { name: 'Latency', figure: 'latency_p95' },
  { name: 'Success rate', figure: 'success_rate' },
  { name: 'Accuracy', figure: 'accuracy' },
] as const

/** The rules that a new project begins with, so that it is watched from the start. */
export async function addUsualRules(tx: Queryable, projectId: string): Promise<void> {
  const rows = usual.map(({ name, figure }) => ({
    id: newId(),
    projectId,
    name,
    figure,
    warning: alertFigures[figure].warning,
    critical: alertFigures[figure].critical,
    ...alertDefaults,
  }))
  await tx.insert(alertRules).values(rows).onConflictDoNothing()
}
