import { and, desc, eq, exists, inArray, ne, or, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { aliasMove, Model, setAlias as setAliasInput, updateModel as updateModelInput } from '#src/contracts/model.ts'
import { db, type Tx, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { deployments, deploymentTargets, modelAliases, modelAliasMoves, models, modelVersions, users } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from '../access.ts'
import { announce, recordAudit } from '../audit.ts'
import { writeFacts } from '../facts.ts'
import { tellRegistered } from '../relaycore/outbox.ts'
import { findModelRow, getModel } from './find.ts'
import { findVersionRow, refuseWhileTrainedFrom } from './versions.ts'
import { aliasOf, type ModelRow, routingOf } from './view.ts'

/** RelayCore hears of a model that serves when what it weighs has changed. */
async function tellChanged(tx: Tx, model: ModelRow, correlationId: string): Promise<void> {
  const serving = await tx.$count(deployments, and(eq(deployments.modelId, model.id), inArray(deployments.status, ['ready', 'degraded'])))
  if (serving > 0) await tellRegistered(tx, model, correlationId)
}

export async function updateModel(caller: Caller, input: z.infer<typeof updateModelInput>): Promise<Model> {
  const id = await transaction(async (tx) => {
    const before = await findModelRow(tx, caller, input.model, true)
    const [after] = await tx
      .update(models)
      .set({
        ...(input.description === undefined ? {} : { description: input.description }),
        ...(input.specialization === undefined ? {} : { specialization: input.specialization }),
        ...(input.tags === undefined ? {} : { tags: input.tags }),
        ...(input.metadata === undefined ? {} : { metadata: input.metadata }),
        ...routingOf(input),
        updatedAt: sql`now()`,
      })
      .where(eq(models.id, before.id))
      .returning()
    if (!after) throw new AppError('not_found', 'The model was deleted at the same moment.')
    await writeFacts(tx, after)
    const facts = ({ description, specialization, tags, metadata, ...row }: ModelRow) => ({
      description,
      specialization,
      tags,
      metadata,
      ...routingOf(row),
    })
    if (facts(before).specialization !== after.specialization || JSON.stringify(routingOf(before)) !== JSON.stringify(routingOf(after)))
      await tellChanged(tx, after, caller.correlationId)
    await recordAudit(tx, caller, {
      action: 'model.update',
      targetType: 'model',
      targetId: after.id,
      before: facts(before),
      after: facts(after),
    })
    await announce(tx, 'model', caller.project.id, after.id)
    return after.id
  })
  return getModel(caller, id)
}

/** Deletes a model with all its versions, unless something serves one. */
export async function deleteModel(caller: Caller, ref: string): Promise<void> {
  await transaction(async (tx) => {
    const model = await findModelRow(tx, caller, ref, true)
    const ofModel = eq(deployments.modelId, model.id)
    const isOfModel = sql`${deploymentTargets.versionId} in (select ${modelVersions.id} from ${modelVersions} where ${modelVersions.modelId} = ${model.id})`
    await refuseWhileTrainedFrom(tx, eq(modelVersions.modelId, model.id))
    // A deployment of another model may send traffic to a version of this one.
    const isTarget = exists(
      tx
        .select({ one: sql`1` })
        .from(deploymentTargets)
        .where(and(eq(deploymentTargets.deploymentId, deployments.id), isOfModel)),
    )
    const [served] = await tx
      .select({ name: deployments.name })
      .from(deployments)
      .where(and(or(ofModel, isTarget), ne(deployments.status, 'stopped')))
    if (served) throw new AppError('conflict', `${model.name} is served by the deployment "${served.name}". Undeploy it first.`)
    await tx.delete(deploymentTargets).where(isOfModel)
    await tx.delete(deployments).where(ofModel)
    await tx.delete(models).where(eq(models.id, model.id))
    await recordAudit(tx, caller, {
      action: 'model.delete',
      targetType: 'model',
      targetId: model.id,
      before: { name: model.name, latestVersion: model.latestVersion },
    })
    await announce(tx, 'model', caller.project.id, model.id)
  })
}

/** Moves an alias to a version that is ready; each move is kept with who, when and why. */
export async function setAlias(caller: Caller, input: z.infer<typeof setAliasInput>): Promise<Model> {
  const id = await transaction(async (tx) => {
    const model = await findModelRow(tx, caller, input.model, true)
    const version = await findVersionRow(tx, model, input.version)
    if (version.status !== 'ready')
      throw new AppError('conflict', `Version ${input.version} of ${model.name} is ${version.status}; only a ready version takes an alias.`)
    await tx
      .insert(modelAliases)
      .values({ modelId: model.id, alias: input.alias, version: input.version })
      .onConflictDoUpdate({ target: [modelAliases.modelId, modelAliases.alias], set: { version: input.version, updatedAt: sql`now()` } })
    await moved(tx, caller, model, input.alias, input.version, input.reason)
    return model.id
  })
  return getModel(caller, id)
}

export async function deleteAlias(caller: Caller, input: { model: string; alias: string }): Promise<Model> {
  const id = await transaction(async (tx) => {
    const model = await findModelRow(tx, caller, input.model, true)
    const isAlias = and(eq(modelAliases.modelId, model.id), eq(modelAliases.alias, input.alias))
    const [gone] = await tx.delete(modelAliases).where(isAlias).returning()
    if (!gone) throw new AppError('not_found', `${model.name} has no alias "${input.alias.slice(0, 100)}".`)
    await moved(tx, caller, model, input.alias, null)
    return model.id
  })
  return getModel(caller, id)
}

async function moved(tx: Tx, caller: Caller, model: ModelRow, alias: string, toVersion: number | null, reason?: string): Promise<void> {
  const fromVersion = aliasOf(model, alias) ?? null
  const { [alias]: _gone, ...others } = model.aliases
  await tx
    .update(models)
    .set({ aliases: toVersion === null ? others : { ...others, [alias]: toVersion }, updatedAt: sql`now()` })
    .where(eq(models.id, model.id))
  await tx
    .insert(modelAliasMoves)
    .values({ id: newId(), modelId: model.id, alias, fromVersion, toVersion, reason: reason ?? null, movedBy: caller.userId })
  await recordAudit(tx, caller, {
    action: 'alias.move',
    targetType: 'model',
    targetId: model.id,
    before: { alias, version: fromVersion },
    after: { alias, version: toVersion, reason },
  })
  await announce(tx, 'model', model.projectId, model.id)
}

export async function listAliasMoves(caller: Caller, ref: string): Promise<z.infer<typeof aliasMove>[]> {
  const model = await findModelRow(db(), caller, ref)
  const rows = await db()
    .select({ move: modelAliasMoves, email: users.email })
    .from(modelAliasMoves)
    .leftJoin(users, eq(users.id, modelAliasMoves.movedBy))
    .where(eq(modelAliasMoves.modelId, model.id))
    .orderBy(desc(modelAliasMoves.id))
    .limit(200)
  return rows.map(({ move, email }) => ({
    alias: move.alias,
    fromVersion: move.fromVersion,
    toVersion: move.toVersion,
    reason: move.reason,
    movedBy: email,
    movedAt: move.movedAt.toISOString(),
  }))
}
