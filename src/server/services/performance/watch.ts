/** Watches models against their thresholds: degraded ones are switched to a stand-in, and back when they recover. */
import { and, desc, eq, gt, inArray, isNotNull, ne, not, or, type SQL } from 'drizzle-orm'
import { db, type Tx, transaction } from '#src/server/db/client.ts'
import { deployments, deploymentTargets, models, modelSwitches, modelThresholds, modelVersions } from '#src/server/db/schema.ts'
import { createLog } from '#src/server/log.ts'
import { newId } from '#src/server/db/ids.ts'
import { announce, recordSystemAudit } from '../audit.ts'
import { tellState } from '../deployments/state.ts'
import type { ModelRow } from '../models/view.ts'
import { isAway as isServerAway } from './backups.ts'
import { lastMinutes, windowFigures } from './figures.ts'
import { beginSwitch, bestCandidate } from './switch.ts'
import { limitsOf } from './thresholds.ts'
import { judge, type Verdict } from './verdict.ts'

type Thresholds = typeof modelThresholds.$inferSelect
type Switch = typeof modelSwitches.$inferSelect

const log = createLog('watch')

const hasLimit = or(
  isNotNull(modelThresholds.minAccuracy),
  isNotNull(modelThresholds.maxLatencyMs),
  isNotNull(modelThresholds.minThroughputRps),
  isNotNull(modelThresholds.maxCostPerRequest),
)

/** Looks at every model that has thresholds; called by the worker every few seconds. */
export async function watchModels(): Promise<void> {
  const rows = await db().select({ modelId: modelThresholds.modelId }).from(modelThresholds).where(hasLimit).limit(10_000)
  for (const { modelId } of rows)
    await transaction((tx) => watch(tx, modelId)).catch((error) => log.warn('a model could not be watched', { error, data: { modelId } }))
}

async function watch(tx: Tx, modelId: string): Promise<void> {
  const [model] = await tx.select().from(models).where(eq(models.id, modelId)).for('update')
  const [row] = await tx.select().from(modelThresholds).where(eq(modelThresholds.modelId, modelId)).for('update')
  if (!model || !row) return
  const figures = await windowFigures(tx, { modelId }, lastMinutes(row.windowMinutes))
  const verdict = judge(figures, limitsOf(row), row.minRequests)
  const away = await findAway(tx, modelId)
  const isAway = away !== undefined
  // A model that gets no traffic is not well again for that: it stays what it was until there is something to go by.
  const isKnown = verdict.health !== 'unknown' || row.health !== 'degraded' || !isAway
  if (isKnown && verdict.health !== row.health) await noteHealth(tx, model, verdict)
  if (!row.autoSwitch || (await isMoving(tx, modelId))) return
  if (verdict.health === 'degraded' && !isAway) return switchAway(tx, model, row, verdict, await lastAutomatic(tx, modelId))
  if (away && verdict.health !== 'degraded') return tryBack(tx, model, row, away, verdict)
}

const isMoving = async (tx: Tx, modelId: string) =>
  (await tx.$count(modelSwitches, and(eq(modelSwitches.modelId, modelId), eq(modelSwitches.status, 'moving')))) > 0

async function lastAutomatic(tx: Tx, modelId: string, which?: SQL): Promise<Switch | undefined> {
  const [last] = await tx
    .select()
    .from(modelSwitches)
    .where(and(eq(modelSwitches.modelId, modelId), which))
    .orderBy(desc(modelSwitches.createdAt))
    .limit(1)
  // A person's own switch is the last word: nothing is undone that they decided.
  return last?.isAutomatic ? last : undefined
}

type Away = { row: Switch; deployments: { id: string; canMove: boolean }[] }

/** The watch's own switch that holds, with the deployments that are where it put them: what a person has set since is theirs. */
async function findAway(tx: Tx, modelId: string): Promise<Away | undefined> {
  // A return that was taken back left everything where it was.
  const isTakenBack = and(eq(modelSwitches.isAutomatic, true), eq(modelSwitches.status, 'rolled_back')) as SQL
  const row = await lastAutomatic(tx, modelId, not(isTakenBack))
  if (row?.status !== 'done' || row.targetModelId === modelId) return undefined
  const ids = row.before.map(({ deploymentId }) => deploymentId)
  const targets = await tx
    .select({ id: deployments.id, status: deployments.status, versionId: deploymentTargets.versionId })
    .from(deploymentTargets)
    .innerJoin(deployments, eq(deployments.id, deploymentTargets.deploymentId))
    .where(and(inArray(deployments.id, ids), ne(deployments.status, 'stopped')))
  const unmoved = targets.filter(({ id }) => targets.every((target) => target.id !== id || target.versionId === row.targetVersionId))
  const found = unmoved.map(({ id, status }) => ({ id, canMove: ['ready', 'degraded', 'failed'].includes(status) }))
  return found.length > 0 ? { row, deployments: found } : undefined
}

async function noteHealth(tx: Tx, model: ModelRow, { health, reason }: Verdict): Promise<void> {
  await tx.update(modelThresholds).set({ health, healthReason: reason, healthAt: new Date() }).where(eq(modelThresholds.modelId, model.id))
  const correlationId = newId()
  await recordSystemAudit(
    tx,
    {
      action: 'model.health',
      targetType: 'model',
      targetId: model.id,
      targetName: model.name,
      after: { health, reason },
      projectId: model.projectId,
    },
    correlationId,
  )
  await tellState(tx, model, correlationId, health === 'healthy' ? { why: 'Its figures keep to its thresholds.' } : {})
  await announce(tx, 'model', model.projectId, model.id)
}

const automatic = (model: ModelRow) => ({
  isAutomatic: true,
  correlationId: newId(),
  createdBy: null,
  audit: (tx: Tx, event: Parameters<typeof recordSystemAudit>[1]) => recordSystemAudit(tx, { ...event, projectId: model.projectId }),
})

/** After a move of its own the watch holds still for a window, so that a pair of models never flaps. */
const isResting = (last: Switch | undefined, row: Thresholds) =>
  last !== undefined && Date.now() - (last.finishedAt ?? last.createdAt).getTime() < row.windowMinutes * 60_000

async function switchAway(tx: Tx, model: ModelRow, row: Thresholds, verdict: Verdict, last: Switch | undefined): Promise<void> {
  if (isResting(last, row)) return
  const best = await bestCandidate(tx, model)
  if (!best) return
  const reason = `Degraded: ${verdict.reason}`
  await beginSwitch(tx, {
    model,
    target: best.model,
    version: best.version,
    type: 'immediate',
    durationSeconds: 0,
    reason,
    ...automatic(model),
  })
}

const longestRestDoublings = 6

/** Returns that were taken back since the model was switched away: each doubles the time before the next. */
async function failedReturns(tx: Tx, model: ModelRow, away: Switch): Promise<number> {
  const isReturn = and(
    eq(modelSwitches.modelId, model.id),
    eq(modelSwitches.targetModelId, model.id),
    gt(modelSwitches.createdAt, away.createdAt),
  )
  return tx.$count(modelSwitches, and(isReturn, eq(modelSwitches.status, 'rolled_back')))
}

/**
 * Goes back at once when reports say that the model is well; without any, it is given a little of its traffic after a window's rest,
 * which the switch itself watches.
 */
async function tryBack(tx: Tx, model: ModelRow, row: Thresholds, away: Away, verdict: Verdict): Promise<void> {
  const deploymentIds = away.deployments.filter(({ canMove }) => canMove).map(({ id }) => id)
  const before = away.row.before.filter(({ deploymentId }) => deploymentIds.includes(deploymentId))
  const versionId = before.flatMap(({ targets }) => targets).sort((a, b) => b.weight - a.weight)[0]?.versionId
  const [version] = await tx
    .select()
    .from(modelVersions)
    .where(eq(modelVersions.id, versionId ?? model.id))
  if (!version || version.modelId !== model.id) return
  // A server is seldom asked how it is while it serves nothing, so one that was away is tried with a little first.
  const isWell = verdict.health === 'healthy' && !isServerAway(version)
  const doublings = Math.min(await failedReturns(tx, model, away.row), longestRestDoublings)
  const restMs = row.windowMinutes * 60_000 * 2 ** doublings
  if (!isWell && Date.now() - away.row.createdAt.getTime() < restMs) return
  await beginSwitch(tx, {
    model,
    target: model,
    version,
    type: isWell ? 'immediate' : 'gradual',
    durationSeconds: isWell ? 0 : row.windowMinutes * 60,
    reason: isWell ? 'It keeps to its thresholds again.' : 'A trial with a little of its traffic, to see whether it has recovered.',
    deploymentIds,
    ...automatic(model),
  })
}
