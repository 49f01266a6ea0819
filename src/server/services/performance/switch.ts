/** Moves a model's deployments to another model, at once or in steps, and back when the thresholds break. */
import { and, asc, desc, eq, inArray, or, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { ModelSwitch, SwitchModel, SwitchStep } from '#src/contracts/performance.ts'
import { db, type Tx, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import {
  deploymentReplicas,
  deployments,
  deploymentTargets,
  models,
  modelSwitches,
  modelVersions,
  runtimes,
  users,
} from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import { createLog } from '#src/server/log.ts'
import type { Caller } from '../access.ts'
import { announce, type Audited, recordAudit, recordSystemAudit } from '../audit.ts'
import { tellState } from '../deployments/state.ts'
import { isLive } from '../deployments/status.ts'
import { moveTargets, type Target } from '../deployments/targets.ts'
import type { Cause } from '../deployments/traffic.ts'
import { findModelRow } from '../models/find.ts'
import { interfaceOf } from '../models/interface.ts'
import type { ModelRow } from '../models/view.ts'
import { tellStatus } from '../relaycore/outbox.ts'
import { findCandidates, isAway, servingVersion } from './backups.ts'
import { lastMinutes, windowFigures } from './figures.ts'
import { limitsOf, readThresholds } from './thresholds.ts'
import { judge } from './verdict.ts'

const log = createLog('switch')

type Row = typeof modelSwitches.$inferSelect
type VersionRow = typeof modelVersions.$inferSelect
type Served = { deploymentId: string; targets: Target[] }

/** Shares of the new version at each step of a gradual switch, in percent. */
const gradualSteps = [10, 25, 50, 100]

export type Wanted = {
  model: ModelRow
  target: ModelRow
  version: VersionRow
  type: Row['type']
  reason: string
  durationSeconds: number
  isAutomatic: boolean
  /** Only these of the model's deployments; all that serve unless given. */
  deploymentIds?: string[]
  correlationId: string
  createdBy: string | null
  audit: (tx: Tx, event: Audited) => Promise<void>
}

/** Fails with another model's version: a switch that brings the model back is what helps it. */
const isStranded = and(
  eq(deployments.status, 'failed'),
  sql`exists (select 1 from ${deploymentTargets} t join ${modelVersions} v on v.id = t.version_id
    where t.deployment_id = ${deployments.id} and v.model_id <> ${deployments.modelId})`,
)

/** The deployments of a model that serve, on its way back also those that are stranded, with their targets; their rows are locked. */
async function lockServed(tx: Tx, modelId: string, isReturn = false, only?: string[]): Promise<Served[]> {
  const serves = inArray(deployments.status, ['ready', 'degraded'])
  const isMeant = only && inArray(deployments.id, only)
  const rows = await tx
    .select({ id: deployments.id })
    .from(deployments)
    .where(and(eq(deployments.modelId, modelId), isReturn ? or(serves, isStranded) : serves, isMeant))
    .orderBy(asc(deployments.id))
    .for('update')
  const served: Served[] = []
  for (const { id } of rows) {
    const targets = await tx
      .select({ versionId: deploymentTargets.versionId, weight: deploymentTargets.weight })
      .from(deploymentTargets)
      .where(eq(deploymentTargets.deploymentId, id))
      .orderBy(asc(deploymentTargets.versionId))
    served.push({ deploymentId: id, targets })
  }
  return served
}

/** What a model's deployments answer with now; all targets of one deployment have one interface. */
async function servedInterface(tx: Tx, served: Served[]): Promise<string[]> {
  const ids = served.flatMap(({ targets }) => targets.map(({ versionId }) => versionId))
  const rows = await tx
    .select({ signature: modelVersions.signature, external: modelVersions.external })
    .from(modelVersions)
    .where(inArray(modelVersions.id, ids))
  return [...new Set(rows.map(interfaceOf))]
}

/** The old targets with what is left of the traffic, and the new version with its share; whole percents that add up to 100. */
export function shareOut(before: readonly Target[], versionId: string, percent: number): Target[] {
  const others = before.filter((target) => target.versionId !== versionId)
  const left = 100 - percent
  const total = others.reduce((sum, { weight }) => sum + weight, 0)
  if (left === 0 || total === 0) return [{ versionId, weight: 100 }]
  const exact = others.map((target) => ({ ...target, share: (target.weight / total) * left }))
  const floored = exact.map(({ versionId: of, share }) => ({ versionId: of, weight: Math.floor(share), rest: share - Math.floor(share) }))
  let missing = left - floored.reduce((sum, { weight }) => sum + weight, 0)
  for (const target of [...floored].sort((a, b) => b.rest - a.rest)) {
    if (missing === 0) break
    target.weight += 1
    missing -= 1
  }
  return [...floored.map(({ versionId: of, weight }) => ({ versionId: of, weight })), { versionId, weight: percent }]
}

const isMoving = (modelId: string) => and(eq(modelSwitches.modelId, modelId), eq(modelSwitches.status, 'moving'))

/** Begins a switch of a locked model: an immediate one is over when the transaction is, a gradual one takes its first step. */
export async function beginSwitch(tx: Tx, wanted: Wanted): Promise<Row> {
  const { model, target, version } = wanted
  const [moving] = await tx.select({ id: modelSwitches.id }).from(modelSwitches).where(isMoving(model.id))
  if (moving) throw new AppError('conflict', `${model.name} is being switched already. Wait for that, or cancel it.`)
  const served = await lockServed(tx, model.id, target.id === model.id, wanted.deploymentIds)
  if (served.length === 0) throw new AppError('conflict', `No deployment of ${model.name} serves just now, so there is nothing to switch.`)
  const interfaces = await servedInterface(tx, served)
  if (interfaces.some((one) => one !== interfaceOf(version)))
    throw new AppError(
      'unprocessable',
      `Version ${version.version} of ${target.name} has other inputs or outputs than what ${model.name} serves, so its callers could not go on. Choose a model of equal signature.`,
    )
  const percents = wanted.type === 'immediate' ? [100] : gradualSteps
  const now = new Date()
  const steps: SwitchStep[] = percents.map((percent, index) => ({ percent, at: index === 0 ? now.toISOString() : null }))
  const cause: Cause = { kind: 'switched', userId: wanted.createdBy, reason: wanted.reason, correlationId: wanted.correlationId }
  await tellStatus(tx, model, 'switched', `To ${target.name}, version ${version.version}: ${wanted.reason}`, wanted.correlationId)
  for (const { deploymentId, targets } of served)
    await moveTargets(tx, deploymentId, shareOut(targets, version.id, percents[0] as number), cause)
  const isDone = percents.length === 1
  const [row] = await tx
    .insert(modelSwitches)
    .values({
      id: newId(),
      projectId: model.projectId,
      modelId: model.id,
      targetModelId: target.id,
      targetVersionId: version.id,
      type: wanted.type,
      isAutomatic: wanted.isAutomatic,
      reason: wanted.reason,
      status: isDone ? 'done' : 'moving',
      before: served,
      steps,
      step: 0,
      durationSeconds: wanted.durationSeconds,
      nextAt: isDone ? null : new Date(now.getTime() + stepMs(wanted.durationSeconds)),
      correlationId: wanted.correlationId,
      createdBy: wanted.createdBy,
      finishedAt: isDone ? now : null,
    })
    .returning()
  if (!row) throw new AppError('internal', 'The switch was not written.')
  await wanted.audit(tx, {
    action: 'model.switch',
    targetType: 'model',
    targetId: model.id,
    targetName: model.name,
    before: { targets: served },
    after: { target: target.name, version: version.version, type: wanted.type, reason: wanted.reason },
    projectId: model.projectId,
  })
  await tellState(tx, model, wanted.correlationId)
  await announce(tx, 'model', model.projectId, model.id)
  return row
}

const stepMs = (durationSeconds: number) => (durationSeconds * 1000) / (gradualSteps.length - 1)

/** The model that was named, else the best one that is healthy. */
async function chooseTarget(
  tx: Tx,
  caller: Caller,
  model: ModelRow,
  ref: string | undefined,
): Promise<{ model: ModelRow; version: VersionRow } | undefined> {
  if (ref !== undefined) {
    const target = await findModelRow(tx, caller, ref)
    const version = await servingVersion(tx, target)
    if (!version) throw new AppError('conflict', `${target.name} has no version that is ready. Wait until one is, or choose another model.`)
    return { model: target, version }
  }
  return bestCandidate(tx, model)
}

/** The best healthy stand-in for what a model serves now. */
export async function bestCandidate(tx: Tx, model: ModelRow): Promise<{ model: ModelRow; version: VersionRow } | undefined> {
  const served = await lockServed(tx, model.id)
  const [wanted] = await servedInterface(tx, served)
  if (wanted === undefined) return undefined
  const [best] = await findCandidates(tx, model, wanted)
  return best
}

/**
 * Switches a model.
 * @returns undefined when no target was named and no healthy model can stand in.
 * @throws AppError not_found, conflict, unprocessable as to why it can not be.
 */
export async function switchModel(caller: Caller, input: SwitchModel): Promise<ModelSwitch | undefined> {
  const id = await transaction(async (tx) => {
    const model = await findModelRow(tx, caller, input.model, true)
    const target = await chooseTarget(tx, caller, model, input.targetModel)
    if (!target) return undefined
    const row = await beginSwitch(tx, {
      model,
      target: target.model,
      version: target.version,
      type: input.type,
      reason: input.reason,
      durationSeconds: input.type === 'immediate' ? 0 : input.durationSeconds,
      isAutomatic: false,
      correlationId: caller.correlationId,
      createdBy: caller.userId,
      audit: (on, event) => recordAudit(on, caller, event),
    })
    return row.id
  })
  return id === undefined ? undefined : (await readSwitches(eq(modelSwitches.id, id)))[0]
}

const targetModels = alias(models, 'target_models')

async function readSwitches(where: ReturnType<typeof eq> | ReturnType<typeof and>): Promise<ModelSwitch[]> {
  const rows = await db()
    .select({ row: modelSwitches, model: models.name, target: targetModels.name, email: users.email })
    .from(modelSwitches)
    .innerJoin(models, eq(models.id, modelSwitches.modelId))
    .innerJoin(targetModels, eq(targetModels.id, modelSwitches.targetModelId))
    .leftJoin(users, eq(users.id, modelSwitches.createdBy))
    .where(where)
    .orderBy(desc(modelSwitches.createdAt))
    .limit(100)
  return rows.map(({ row, model, target, email }) => ({
    id: row.id,
    model,
    modelId: row.modelId,
    targetModel: target,
    targetModelId: row.targetModelId,
    type: row.type,
    isAutomatic: row.isAutomatic,
    reason: row.reason,
    status: row.status,
    steps: row.steps,
    step: row.step,
    message: row.message,
    nextAt: row.nextAt?.toISOString() ?? null,
    createdBy: email,
    createdAt: row.createdAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
  }))
}

/** The switches of a model, the latest first. */
export async function listSwitches(caller: Caller, ref: string): Promise<ModelSwitch[]> {
  const model = await findModelRow(db(), caller, ref)
  return readSwitches(eq(modelSwitches.modelId, model.id))
}

/** Ends a switch whose targets are where they stay. */
async function finish(tx: Tx, row: Row, status: Row['status'], message: string | null, correlationId = row.correlationId): Promise<void> {
  await tx
    .update(modelSwitches)
    .set({ status, message, nextAt: null, finishedAt: sql`now()` })
    .where(and(eq(modelSwitches.id, row.id), eq(modelSwitches.status, 'moving')))
  const [model] = await tx.select().from(models).where(eq(models.id, row.modelId))
  if (model) await tellState(tx, model, correlationId, { why: message ?? 'The switch is done.', again: true })
  await announce(tx, 'model', row.projectId, row.modelId)
}

async function goBack(tx: Tx, row: Row, cause: Cause): Promise<void> {
  for (const { deploymentId, targets } of row.before)
    await moveTargets(tx, deploymentId, targets, { correlationId: row.correlationId, ...cause })
}

/** Ends a gradual switch and brings the old targets back. */
export async function cancelSwitch(caller: Caller, id: string): Promise<ModelSwitch> {
  await transaction(async (tx) => {
    const [row] = await tx
      .select()
      .from(modelSwitches)
      .where(and(eq(modelSwitches.id, id), eq(modelSwitches.projectId, caller.project.id)))
      .for('update')
    if (!row) throw new AppError('not_found', 'There is no such switch in this project.')
    if (row.status !== 'moving') throw new AppError('conflict', 'This switch is over. Switch the model back instead.')
    await goBack(tx, row, { kind: 'cancelled', userId: caller.userId })
    await finish(tx, row, 'cancelled', `Cancelled by ${caller.email ?? 'a user'}.`, caller.correlationId)
    await recordAudit(tx, caller, {
      action: 'model.cancel_switch',
      targetType: 'model',
      targetId: row.modelId,
      before: { step: row.steps[row.step]?.percent },
      after: { targets: row.before },
    })
  })
  return (await readSwitches(eq(modelSwitches.id, id)))[0] as ModelSwitch
}

/** An external server that takes traffic is asked at least twice a minute: what is older than this was found before it did. */
const freshMs = 60_000

/** Why the new version can not serve: its server is away, or in one of the deployments it failed to load wherever it was tried. */
async function failureOf(tx: Tx, row: Row): Promise<string | null> {
  const [version] = await tx.select().from(modelVersions).where(eq(modelVersions.id, row.targetVersionId))
  if (!version) return null
  const isFresh = version.externalCheckedAt !== null && Date.now() - version.externalCheckedAt.getTime() < freshMs
  if (isFresh && isAway(version)) return version.externalReason ?? `The server of version ${version.version} does not answer.`
  const deploymentIds = row.before.map(({ deploymentId }) => deploymentId)
  const [failed] = await tx
    .select({ reason: sql<string | null>`max(${deploymentReplicas.reason})` })
    .from(deploymentReplicas)
    .innerJoin(runtimes, and(eq(runtimes.id, deploymentReplicas.runtimeId), isLive))
    .where(and(inArray(deploymentReplicas.deploymentId, deploymentIds), eq(deploymentReplicas.versionId, version.id)))
    .groupBy(deploymentReplicas.deploymentId)
    .having(sql`bool_and(${deploymentReplicas.state} = 'failed' and ${deploymentReplicas.readyReplicas} = 0)`)
    .limit(1)
  return failed ? (failed.reason ?? `Version ${version.version} could not be loaded.`) : null
}

/**
 * Why a switch must not go on: what the new version did since it takes traffic, or what others report of its model since, breaks the
 * thresholds of either model.
 */
async function breachOf(tx: Tx, row: Row): Promise<string | null> {
  const [own, limits] = [await readThresholds(tx, row.modelId), await readThresholds(tx, row.targetModelId)]
  const recent = lastMinutes(own.windowMinutes)
  const window = { from: new Date(Math.max(recent.from.getTime(), row.createdAt.getTime())), to: recent.to }
  const deploymentIds = row.before.map(({ deploymentId }) => deploymentId)
  const served = await windowFigures(tx, { versionIds: [row.targetVersionId], deploymentIds }, window)
  const all = await windowFigures(tx, { modelId: row.targetModelId }, window)
  const verdicts = [
    judge(served, limitsOf(own), own.minRequests),
    judge(served, limitsOf(limits), limits.minRequests),
    judge(all, limitsOf(limits), limits.minRequests),
  ]
  return verdicts.find(({ health }) => health === 'degraded')?.reason ?? null
}

async function advance(id: string): Promise<void> {
  await transaction(async (tx) => {
    const [row] = await tx
      .select()
      .from(modelSwitches)
      .where(and(eq(modelSwitches.id, id), eq(modelSwitches.status, 'moving')))
      .for('update', { skipLocked: true })
    if (!row) return
    const breach = (await failureOf(tx, row)) ?? (await breachOf(tx, row))
    if (breach) {
      await goBack(tx, row, { kind: 'taken_back', userId: null, reason: breach })
      await finish(tx, row, 'rolled_back', `Went back at ${row.steps[row.step]?.percent} %: ${breach}`)
      await auditMove(tx, row, 'model.roll_back', { reason: breach })
      return
    }
    if (!row.nextAt || row.nextAt > new Date()) return
    await takeStep(tx, row)
  })
}

const auditMove = (tx: Tx, row: Row, action: string, after: Record<string, unknown>) =>
  recordSystemAudit(tx, { action, targetType: 'model', targetId: row.modelId, after, projectId: row.projectId }, row.correlationId)

async function takeStep(tx: Tx, row: Row): Promise<void> {
  const step = row.step + 1
  const percent = row.steps[step]?.percent
  if (percent === undefined) return finish(tx, row, 'done', null)
  const cause: Cause = { kind: 'step', userId: row.createdBy, reason: row.reason, correlationId: row.correlationId }
  for (const { deploymentId, targets } of row.before)
    await moveTargets(tx, deploymentId, shareOut(targets, row.targetVersionId, percent), cause)
  const steps = row.steps.map((of, index) => (index === step ? { ...of, at: new Date().toISOString() } : of))
  const isLast = step === row.steps.length - 1
  await tx
    .update(modelSwitches)
    .set({ step, steps, nextAt: isLast ? null : new Date(Date.now() + stepMs(row.durationSeconds)) })
    .where(eq(modelSwitches.id, row.id))
  await auditMove(tx, row, 'model.switch_step', { percent })
  if (isLast) await finish(tx, row, 'done', null)
  else await announce(tx, 'model', row.projectId, row.modelId)
}

/** Takes the steps that are due, and goes back where thresholds break; called by the worker every second. */
export async function advanceSwitches(): Promise<void> {
  const rows = await db().select({ id: modelSwitches.id }).from(modelSwitches).where(eq(modelSwitches.status, 'moving')).limit(1000)
  for (const { id } of rows)
    await advance(id).catch((error) => log.warn('a switch could not go on; it is tried again', { error, data: { id } }))
}
