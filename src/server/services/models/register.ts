import { and, eq, sql } from 'drizzle-orm'
import type { Lineage, Model, RegisterModel } from '#src/contracts/model.ts'
import { type Tx, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { artifactGrants, models, modelVersions, versionFiles } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from '../access.ts'
import { recordAudit } from '../audit.ts'
import { getModel } from './find.ts'
import { type ResolvedFile, resolveFiles } from './files.ts'
import { refreshModel, settleVersion } from './settle.ts'
import type { ModelRow } from './view.ts'

type Described = Pick<RegisterModel, 'description' | 'specialization' | 'baseModel' | 'tags' | 'metadata'>

/** The model of this name in a project, made when it is new; its row is locked until the transaction ends. */
export async function ensureModel(
  tx: Tx,
  projectId: string,
  name: string,
  userId: string | null,
  described: Described = {},
): Promise<ModelRow> {
  await tx.insert(models).values({ id: newId(), projectId, name, createdBy: userId }).onConflictDoNothing()
  const [row] = await tx
    .select()
    .from(models)
    .where(and(eq(models.projectId, projectId), eq(models.name, name)))
    .for('update')
  if (!row) throw new AppError('conflict', `The model "${name}" was deleted at the same moment. Try again.`)
  const set = {
    ...(described.description === undefined ? {} : { description: described.description }),
    ...(described.specialization === undefined ? {} : { specialization: described.specialization }),
    ...(described.baseModel === undefined ? {} : { baseModel: described.baseModel }),
    ...(described.tags === undefined ? {} : { tags: { ...row.tags, ...described.tags } }),
    ...(described.metadata === undefined ? {} : { metadata: { ...row.metadata, ...described.metadata } }),
  }
  if (Object.keys(set).length === 0) return row
  const [updated] = await tx.update(models).set(set).where(eq(models.id, row.id)).returning()
  return updated as ModelRow
}

/** Numbers never come again, also after the newest version was deleted. */
async function nextVersion(tx: Tx, modelId: string): Promise<number> {
  const [row] = await tx
    .update(models)
    .set({ lastVersion: sql`${models.lastVersion} + 1` })
    .where(eq(models.id, modelId))
    .returning({ version: models.lastVersion })
  return row?.version ?? 1
}

type NewVersion = Pick<typeof modelVersions.$inferInsert, 'metrics' | 'parity'> & { lineage: Lineage }

/** Adds a version with its files to a locked model and settles it if nothing is missing. */
export async function addVersion(
  tx: Tx,
  model: ModelRow,
  files: readonly ResolvedFile[],
  given: NewVersion,
  userId: string | null,
): Promise<{ id: string; version: number }> {
  const version = await nextVersion(tx, model.id)
  const id = newId()
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
  await tx
    .insert(modelVersions)
    .values({ id, projectId: model.projectId, modelId: model.id, version, status: 'pending', sizeBytes, createdBy: userId, ...given })
  await tx.insert(versionFiles).values(files.map((file) => ({ ...file, versionId: id })))
  const digests = files.map((file) => file.sha256).filter((digest) => digest !== null)
  for (const sha256 of new Set(digests))
    await tx.insert(artifactGrants).values({ projectId: model.projectId, sha256 }).onConflictDoNothing()
  await settleVersion(tx, id)
  await refreshModel(tx, model.id)
  return { id, version }
}

/** Registers files as a version: of a new model, or the next one of a known model. */
export async function registerModel(caller: Caller, input: RegisterModel): Promise<Model> {
  const modelId = await transaction(async (tx) => {
    const files = await resolveFiles(tx, caller, input.files)
    const model = await ensureModel(tx, caller.project.id, input.name, caller.userId, input)
    const { version } = await addVersion(tx, model, files, { lineage: { source: 'upload' } }, caller.userId)
    await recordAudit(tx, caller, {
      action: 'model.register',
      targetType: 'model',
      targetId: model.id,
      after: { name: model.name, version },
    })
    return model.id
  })
  return getModel(caller, modelId)
}
