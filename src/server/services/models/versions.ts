import { and, desc, eq, inArray, lt, ne, type SQL, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Page } from '#src/contracts/common.ts'
import { evaluationPath } from '#src/contracts/manifest.ts'
import type { ModelVersion, versionSummary } from '#src/contracts/model.ts'
import { db, type Queryable, type Tx, transaction } from '#src/server/db/client.ts'
import { deployments, deploymentTargets, modelAliases, modelVersions, trainingJobs, users, versionFiles } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import { store } from '#src/server/storage/index.ts'
import type { Caller } from '../access.ts'
import { recordAudit } from '../audit.ts'
import { decodeCursor, encodeCursor, listPlace } from '../paging.ts'
import { findModelRow } from './find.ts'
import { refreshModel } from './settle.ts'
import type { ModelRow } from './view.ts'

type VersionRow = typeof modelVersions.$inferSelect
type VersionSummary = z.infer<typeof versionSummary>

export const versionNotFound = (model: string, version: number) => new AppError('not_found', `${model} has no version ${version}.`)

export async function findVersionRow(on: Queryable, model: ModelRow, version: number): Promise<VersionRow> {
  const [row] = await on
    .select()
    .from(modelVersions)
    .where(and(eq(modelVersions.modelId, model.id), eq(modelVersions.version, version)))
  if (!row) throw versionNotFound(model.name, version)
  return row
}

const summarise = (row: VersionRow, aliases: Record<string, number>, createdBy: string | null): VersionSummary => ({
  id: row.id,
  version: row.version,
  status: row.status,
  statusMessage: row.statusMessage,
  format: row.format,
  sizeBytes: row.sizeBytes,
  metrics: row.metrics,
  aliases: Object.keys(aliases).filter((alias) => aliases[alias] === row.version),
  createdAt: row.createdAt.toISOString(),
  createdBy,
})

export async function listVersions(
  caller: Caller,
  input: { model: string; limit: number; skip?: number | undefined; cursor?: string | undefined },
): Promise<Page<VersionSummary>> {
  const model = await findModelRow(db(), caller, input.model)
  const place = listPlace('versions', model.id, {})
  const before = input.cursor ? Number(decodeCursor(place, input.cursor)[0]) : undefined
  const ofModel = eq(modelVersions.modelId, model.id)
  const [rows, [count]] = await Promise.all([
    db()
      .select({ version: modelVersions, email: users.email })
      .from(modelVersions)
      .leftJoin(users, eq(users.id, modelVersions.createdBy))
      .where(and(ofModel, before === undefined ? undefined : lt(modelVersions.version, before)))
      .orderBy(desc(modelVersions.version))
      .limit(input.limit + 1)
      .offset(input.cursor ? 0 : (input.skip ?? 0)),
    db().select({ count: sql<number>`count(*)::int` }).from(modelVersions).where(ofModel),
  ])
  const shown = rows.slice(0, input.limit)
  const last = rows.length > input.limit ? shown.at(-1) : undefined
  return {
    items: shown.map((row) => summarise(row.version, model.aliases, row.email)),
    nextCursor: last ? encodeCursor(place, String(last.version.version), last.version.id) : null,
    total: count?.count ?? 0,
  }
}

export async function getVersion(caller: Caller, input: { model: string; version: number }): Promise<ModelVersion> {
  const model = await findModelRow(db(), caller, input.model)
  const row = await findVersionRow(db(), model, input.version)
  const [files, inUse, [creator]] = await Promise.all([
    listFiles(row.id),
    db()
      .select({ id: deployments.id, name: deployments.name, status: deployments.status, weight: deploymentTargets.weight })
      .from(deploymentTargets)
      .innerJoin(deployments, eq(deployments.id, deploymentTargets.deploymentId))
      .where(and(eq(deploymentTargets.versionId, row.id), ne(deployments.status, 'stopped')))
      .limit(100),
    db()
      .select({ email: users.email })
      .from(users)
      .where(eq(users.id, row.createdBy ?? row.id)),
  ])
  return {
    ...summarise(row, model.aliases, creator?.email ?? null),
    modelId: model.id,
    modelName: model.name,
    files,
    signature: row.signature,
    external: row.external && { ...row.external, state: row.externalState ?? 'unknown', reason: row.externalReason },
    parity: row.parity,
    lineage: row.lineage,
    deployments: inUse,
  }
}

const listFiles = (versionId: string) =>
  db()
    .select({ path: versionFiles.path, sha256: versionFiles.sha256, sizeBytes: versionFiles.sizeBytes })
    .from(versionFiles)
    .where(eq(versionFiles.versionId, versionId))
    .orderBy(versionFiles.path)

/** One file of a version, whose bytes are there. */
export async function getVersionFile(
  caller: Caller,
  input: { model: string; version: number; path: string },
): Promise<{ path: string; sha256: string; sizeBytes: number }> {
  const model = await findModelRow(db(), caller, input.model)
  const version = await findVersionRow(db(), model, input.version)
  const file = (await listFiles(version.id)).find(({ path }) => path === input.path)
  if (!file) throw new AppError('not_found', `Version ${input.version} of ${model.name} has no file "${input.path.slice(0, 200)}".`)
  if (!file.sha256) throw new AppError('conflict', 'This file is still being verified. Try again in a moment.')
  return { ...file, sha256: file.sha256 }
}

const maxEvaluationBytes = 16 * 1024 * 1024

/** The parsed `evaluation.json` that the trainer left, or null. */
export async function getEvaluation(caller: Caller, input: { model: string; version: number }): Promise<unknown> {
  const model = await findModelRow(db(), caller, input.model)
  const version = await findVersionRow(db(), model, input.version)
  const file = (await listFiles(version.id)).find(({ path }) => path === evaluationPath)
  if (!file?.sha256 || file.sizeBytes > maxEvaluationBytes) return null
  const chunks: Buffer[] = []
  for await (const chunk of await store().open(file.sha256)) chunks.push(chunk as Buffer)
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    return null
  }
}

/**
 * A job that has not ended still needs its base. The versions are locked first, so that none becomes one before it is deleted.
 * @throws AppError conflict.
 */
export async function refuseWhileTrainedFrom(tx: Tx, which: SQL): Promise<void> {
  await tx.select({ id: modelVersions.id }).from(modelVersions).where(which).for('update')
  const [job] = await tx
    .select({ name: trainingJobs.name })
    .from(trainingJobs)
    .innerJoin(modelVersions, eq(modelVersions.id, trainingJobs.baseVersionId))
    .where(and(which, inArray(trainingJobs.status, ['queued', 'running'])))
    .limit(1)
  if (job) throw new AppError('conflict', `The training job "${job.name}" starts from it. Wait until it has ended, or cancel it first.`)
}

/** Deletes a version that nothing serves or trains from, and no alias names. */
export async function deleteVersion(caller: Caller, input: { model: string; version: number }): Promise<void> {
  await transaction(async (tx) => {
    const model = await findModelRow(tx, caller, input.model, true)
    const version = await findVersionRow(tx, model, input.version)
    await refuseWhileTrainedFrom(tx, eq(modelVersions.id, version.id))
    const [served] = await tx
      .select({ name: deployments.name })
      .from(deploymentTargets)
      .innerJoin(deployments, eq(deployments.id, deploymentTargets.deploymentId))
      .where(and(eq(deploymentTargets.versionId, version.id), ne(deployments.status, 'stopped')))
    if (served)
      throw new AppError(
        'conflict',
        `Version ${input.version} is served by the deployment "${served.name}". Undeploy it or move its traffic first.`,
      )
    const [alias] = await tx
      .select()
      .from(modelAliases)
      .where(and(eq(modelAliases.modelId, model.id), eq(modelAliases.version, input.version)))
    if (alias) throw new AppError('conflict', `The alias "${alias.alias}" names version ${input.version}. Move or delete the alias first.`)
    await tx.delete(deploymentTargets).where(eq(deploymentTargets.versionId, version.id))
    await tx.delete(modelVersions).where(eq(modelVersions.id, version.id))
    await refreshModel(tx, model.id)
    await recordAudit(tx, caller, {
      action: 'version.delete',
      targetType: 'model',
      targetId: model.id,
      before: { name: model.name, version: input.version },
    })
  })
}
