/** Which model may stand in for another: the ones that were named, else every one of equal signature in its project. */
import { and, asc, desc, eq, inArray, ne, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { type ModelHealth, type setBackups as setBackupsInput, verdictDefaults } from '#src/contracts/performance.ts'
import { type Queryable, transaction } from '#src/server/db/client.ts'
import { deployments, modelBackups, models, modelThresholds, modelVersions } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from '../access.ts'
import { announce, recordAudit } from '../audit.ts'
import { findModelRow } from '../models/find.ts'
import { interfaceOf } from '../models/interface.ts'
import type { ModelRow } from '../models/view.ts'
import { lastMinutes, windowFigures } from './figures.ts'

type VersionRow = typeof modelVersions.$inferSelect
export type Candidate = { model: ModelRow; version: VersionRow; health: ModelHealth; accuracy: number | null; latencyMs: number | null }

/** What a model serves with: its champion, else the latest version that is ready. */
export async function servingVersion(tx: Queryable, model: ModelRow): Promise<VersionRow | undefined> {
  const champion = Object.hasOwn(model.aliases, 'champion') ? model.aliases.champion : undefined
  const isReady = and(eq(modelVersions.modelId, model.id), eq(modelVersions.status, 'ready'))
  const rank = champion === undefined ? desc(modelVersions.version) : desc(sql`${modelVersions.version} = ${champion}`)
  const [row] = await tx.select().from(modelVersions).where(isReady).orderBy(rank, desc(modelVersions.version)).limit(1)
  return row
}

export async function listBackups(on: Queryable, modelId: string): Promise<{ id: string; name: string }[]> {
  return on
    .select({ id: models.id, name: models.name })
    .from(modelBackups)
    .innerJoin(models, eq(models.id, modelBackups.backupModelId))
    .where(eq(modelBackups.modelId, modelId))
    .orderBy(asc(modelBackups.position))
}

const considered = 50

/** Figures that rank candidates: what was reported lately, else what the version's evaluation found. */
async function ratingOf(on: Queryable, model: ModelRow, version: VersionRow): Promise<Candidate> {
  const [figures, [row]] = await Promise.all([
    windowFigures(on, { modelId: model.id }, lastMinutes(verdictDefaults.windowMinutes)),
    on.select({ health: modelThresholds.health }).from(modelThresholds).where(eq(modelThresholds.modelId, model.id)),
  ])
  const evaluated = version.metrics.accuracy ?? version.metrics.macro_f1 ?? null
  return { model, version, health: row?.health ?? 'unknown', accuracy: figures.accuracy ?? evaluated, latencyMs: figures.latencyMs.p95 }
}

/** Figures that nobody held to thresholds weigh less than a verdict. */
function isBetter(left: Candidate, right: Candidate): number {
  if (left.health !== right.health) return left.health === 'healthy' ? -1 : 1
  const accuracy = (right.accuracy ?? -1) - (left.accuracy ?? -1)
  return accuracy !== 0 ? accuracy : (left.latencyMs ?? Infinity) - (right.latencyMs ?? Infinity) || 0
}

/** Whether the server behind a version was found away; false for one that runtimes serve. */
export const isAway = ({ externalState }: Pick<VersionRow, 'externalState'>) => externalState === 'failing' || externalState === 'failed'

/** Models all of whose deployments failed: what nobody could start does not stand in. */
async function findFailed(on: Queryable, modelIds: string[]): Promise<Set<string>> {
  const rows = await on
    .select({ modelId: deployments.modelId })
    .from(deployments)
    .where(and(inArray(deployments.modelId, modelIds), ne(deployments.status, 'stopped')))
    .groupBy(deployments.modelId)
    .having(sql`bool_and(${deployments.status} = 'failed')`)
  return new Set(rows.map(({ modelId }) => modelId))
}

/** Who may stand in for `model` while it serves with this interface, the best first; a degraded model, or one that is away, never does. */
export async function findCandidates(on: Queryable, model: ModelRow, wanted: string): Promise<Candidate[]> {
  const named = await listBackups(on, model.id)
  const ids = named.map(({ id }) => id)
  const isOther = and(eq(models.projectId, model.projectId), ne(models.id, model.id), eq(models.status, 'ready'))
  const rows = await on
    .select()
    .from(models)
    .where(ids.length > 0 ? inArray(models.id, ids) : and(isOther, model.task ? eq(models.task, model.task) : undefined))
    .orderBy(desc(models.updatedAt))
    .limit(considered)
  const failed = await findFailed(
    on,
    rows.map(({ id }) => id),
  )
  const found: Candidate[] = []
  for (const row of rows) {
    const version = failed.has(row.id) ? undefined : await servingVersion(on, row)
    if (version?.signature && !isAway(version) && interfaceOf(version) === wanted) found.push(await ratingOf(on, row, version))
  }
  const fit = found.filter(({ health }) => health !== 'degraded')
  return ids.length > 0 ? fit.sort((left, right) => ids.indexOf(left.model.id) - ids.indexOf(right.model.id)) : fit.sort(isBetter)
}

/** Names the models that may stand in, the preferred one first; none means every one of equal signature. */
export async function setBackups(caller: Caller, input: z.infer<typeof setBackupsInput>): Promise<void> {
  await transaction(async (tx) => {
    const model = await findModelRow(tx, caller, input.model, true)
    const backups: ModelRow[] = []
    for (const ref of input.backups) backups.push(await findModelRow(tx, caller, ref))
    if (backups.some(({ id }) => id === model.id)) throw new AppError('bad_request', 'backups: a model can not stand in for itself.')
    if (new Set(backups.map(({ id }) => id)).size !== backups.length) throw new AppError('bad_request', 'backups: a model is named twice.')
    const before = await listBackups(tx, model.id)
    await tx.delete(modelBackups).where(eq(modelBackups.modelId, model.id))
    if (backups.length > 0)
      await tx.insert(modelBackups).values(backups.map(({ id }, position) => ({ modelId: model.id, backupModelId: id, position })))
    await recordAudit(tx, caller, {
      action: 'model.backups',
      targetType: 'model',
      targetId: model.id,
      targetName: model.name,
      before: { backups: before.map(({ name }) => name) },
      after: { backups: backups.map(({ name }) => name) },
    })
    await announce(tx, 'model', model.projectId, model.id)
  })
}
