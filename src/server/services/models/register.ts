import { isDeepStrictEqual } from 'node:util'
import { and, eq } from 'drizzle-orm'
import type { z } from 'zod'
import { metadata, tags } from '#src/contracts/common.ts'
import type { ExternalInput } from '#src/contracts/external.ts'
import type { Lineage, Model, RegisterModel } from '#src/contracts/model.ts'
import { type Tx, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { artifactGrants, models, modelVersions, versionFiles } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from '../access.ts'
import { recordAudit } from '../audit.ts'
import { addExternalVersion, checkExternal } from '../external/register.ts'
import { getModel } from './find.ts'
import { type ResolvedFile, resolveFiles } from './files.ts'
import { nextVersion, recordSettled, refreshModel, settleVersion } from './settle.ts'
import { type ModelRow, routingOf } from './view.ts'

type Described = Pick<
  RegisterModel,
  'description' | 'specialization' | 'baseModel' | 'tags' | 'metadata' | 'costPerToken' | 'costPerRequest' | 'maxTokens' | 'capabilities'
>

/** The model of this name in a project, made when it is new; its row is locked until the transaction ends. */
export async function ensureModel(tx: Tx, projectId: string, name: string, userId: string | null): Promise<ModelRow> {
  await tx.insert(models).values({ id: newId(), projectId, name, createdBy: userId }).onConflictDoNothing()
  const [row] = await tx
    .select()
    .from(models)
    .where(and(eq(models.projectId, projectId), eq(models.name, name)))
    .for('update')
  if (!row) throw new AppError('conflict', `The model "${name}" was deleted at the same moment. Try again.`)
  return row
}

/** @throws AppError bad_request for more than a model takes, with what it has by now. */
function mergedMap<T>(
  field: string,
  schema: z.ZodType<Record<string, T>>,
  held: Record<string, T>,
  given: Record<string, T>,
): Record<string, T> {
  const merged = { ...held, ...given }
  const message = schema.safeParse(merged).error?.issues[0]?.message
  if (message === undefined) return merged
  throw new AppError('bad_request', `${field}: ${message}, together with those that the model has. Take some of these off it first.`, {
    details: [{ path: field, message: `${message}, together with those that the model has` }],
  })
}

/** Writes down what a registration says of its model. @returns what of it is new, as it was and as it is. */
async function writeDescribed(
  tx: Tx,
  row: ModelRow,
  described: Described,
): Promise<{ before?: Partial<ModelRow>; after: Partial<ModelRow> }> {
  const set = {
    ...(described.description === undefined ? {} : { description: described.description }),
    ...(described.specialization === undefined ? {} : { specialization: described.specialization }),
    ...(described.baseModel === undefined ? {} : { baseModel: described.baseModel }),
    ...(described.tags === undefined ? {} : { tags: mergedMap('tags', tags, row.tags, described.tags) }),
    ...(described.metadata === undefined ? {} : { metadata: mergedMap('metadata', metadata, row.metadata, described.metadata) }),
    ...routingOf(described),
  }
  const changed = (Object.keys(set) as (keyof typeof set)[]).filter((field) => !isDeepStrictEqual(row[field], set[field]))
  if (changed.length === 0) return { after: {} }
  await tx.update(models).set(set).where(eq(models.id, row.id))
  const changedOf = (facts: Partial<ModelRow>) => Object.fromEntries(changed.map((field) => [field, facts[field]]))
  return { before: changedOf(row), after: changedOf(set) }
}

type NewVersion = Pick<typeof modelVersions.$inferInsert, 'metrics' | 'parity'> & { lineage: Lineage }

/** Adds a version with its files to a locked model. The caller writes down how it came in, and then settles it. */
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
  return { id, version }
}

/** What the record may hold of it: never the key. */
const factsOf = ({ apiKey, ...facts }: ExternalInput) => ({ ...facts, hasKey: apiKey !== undefined })

const neitherNorBoth = 'either files, or external with the server that answers for the version, and not both'

/** Registers files, or a server that answers for them, as a version: of a new model, or the next one of a known model. */
export async function registerModel(caller: Caller, input: RegisterModel): Promise<Model> {
  const { files, external } = input
  if ((files === undefined) === (external === undefined))
    throw new AppError('bad_request', `files: give ${neitherNorBoth}.`, { details: [{ path: 'files', message: `give ${neitherNorBoth}` }] })
  if (external) await checkExternal(external)
  return transaction(async (tx) => {
    const resolved = files ? await resolveFiles(tx, caller, files) : []
    const model = await ensureModel(tx, caller.project.id, input.name, caller.userId)
    const { before, after } = await writeDescribed(tx, model, input)
    const { id, version } = external
      ? await addExternalVersion(tx, model, external, caller.userId)
      : await addVersion(tx, model, resolved, { lineage: { source: 'upload' } }, caller.userId)
    await recordAudit(tx, caller, {
      action: 'model.register',
      targetType: 'model',
      targetId: model.id,
      ...(before ? { before } : {}),
      after: { name: model.name, version, ...after, ...(external ? { external: factsOf(external) } : {}) },
    })
    if (external)
      await recordSettled(
        tx,
        { modelId: model.id, projectId: model.projectId, version },
        'version.ready',
        { status: 'ready', format: 'external' },
        caller.correlationId,
      )
    else if (!(await settleVersion(tx, id, caller.correlationId))) await refreshModel(tx, model.id)
    // Read before it commits: a caller who is told that there is no connection would register it again.
    return getModel(caller, model.id, tx)
  })
}
