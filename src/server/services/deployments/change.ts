import { and, desc, eq, ne } from 'drizzle-orm'
import type { z } from 'zod'
import type { Deployment, DeployModel, setTargets as setTargetsInput } from '#src/contracts/deployment.ts'
import { isUniqueViolation, notify, type Tx, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { deployments, deploymentTargets, models, modelSwitches, modelVersions } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from '../access.ts'
import { announce, recordAudit } from '../audit.ts'
import { findModelRow } from '../models/find.ts'
import { interfaceOf } from '../models/interface.ts'
import { findVersionRow } from '../models/versions.ts'
import { aliasOf, type ModelRow } from '../models/view.ts'
import { getDeployment } from './find.ts'
import { type DeploymentRow, findDeploymentRow } from './row.ts'
import { announceDesired, bump, replaceTargets } from './targets.ts'
import { deploymentMoved } from './moved.ts'
import { recordTraffic } from './traffic.ts'

type VersionRow = typeof modelVersions.$inferSelect

/** The version that is meant: by number, by alias, else the latest that is ready. */
async function chooseVersion(tx: Tx, model: ModelRow, input: DeployModel): Promise<VersionRow> {
  if (input.version !== undefined && input.alias !== undefined) throw new AppError('bad_request', 'Name a version or an alias, not both.')
  if (input.version !== undefined) return findVersionRow(tx, model, input.version)
  if (input.alias !== undefined) {
    const version = aliasOf(model, input.alias)
    if (version === undefined)
      throw new AppError('not_found', `${model.name} has no alias "${input.alias}".`, {
        details: [{ path: 'alias', message: 'does not exist' }],
      })
    return findVersionRow(tx, model, version)
  }
  const isReady = and(eq(modelVersions.modelId, model.id), eq(modelVersions.status, 'ready'))
  const [latest] = await tx.select().from(modelVersions).where(isReady).orderBy(desc(modelVersions.version)).limit(1)
  if (!latest) throw new AppError('conflict', `${model.name} has no version that is ready. Wait until one is, or upload another.`)
  return latest
}

function mustBeDeployable(model: ModelRow, version: VersionRow): void {
  if (version.status !== 'ready') {
    const why = version.statusMessage ? `: ${version.statusMessage}` : ''
    throw new AppError(
      'conflict',
      `Version ${version.version} of ${model.name} is ${version.status}${why}. Only a ready version can be deployed.`,
    )
  }
  if (!version.signature)
    throw new AppError(
      'unprocessable',
      `Version ${version.version} of ${model.name} has no signature, because it has no ONNX file; it can not be deployed.`,
    )
}

/** Puts a version behind a name. A deployment of the same model gets 100 % of that version; the old one serves until it is loaded. */
export async function deployModel(caller: Caller, input: DeployModel): Promise<Deployment> {
  try {
    const id = await transaction(async (tx) => {
      const model = await findModelRow(tx, caller, input.model, true)
      const version = await chooseVersion(tx, model, input)
      mustBeDeployable(model, version)
      const name = input.name ?? model.name
      const [existing] = await tx
        .select()
        .from(deployments)
        .where(and(eq(deployments.name, name), ne(deployments.status, 'stopped')))
        .for('update')
      if (existing && (existing.modelId !== model.id || existing.projectId !== caller.project.id)) {
        throw new AppError('conflict', `The name "${name}" is taken by the deployment of another model. Choose another name.`, {
          details: [{ path: 'name', message: 'is taken' }],
        })
      }
      const id = existing ? existing.id : await insertDeployment(tx, caller, model, name, input)
      const before = existing && { name, targets: await currentTargets(tx, id), replicas: existing.replicas, device: existing.device }
      if (existing)
        await bump(tx, id, { ...(input.replicas ? { replicas: input.replicas } : {}), ...(input.device ? { device: input.device } : {}) })
      if (existing) await leaveSwitch(tx, existing)
      await replaceTargets(tx, id, [{ versionId: version.id, weight: 100 }], { kind: 'deployed', userId: caller.userId })
      await recordAudit(tx, caller, {
        action: 'deployment.deploy',
        targetType: 'deployment',
        targetId: id,
        ...(before ? { before } : {}),
        after: {
          name,
          targets: [{ model: model.name, version: version.version, weight: 100 }],
          replicas: input.replicas ?? existing?.replicas,
          device: input.device ?? existing?.device,
        },
      })
      await announceDesired(tx, caller.project.id, id)
      return id
    })
    return await getDeployment(caller, id)
  } catch (error) {
    if (isUniqueViolation(error))
      throw new AppError('conflict', 'Another deployment took this name at the same moment. Choose another name.')
    throw error
  }
}

async function insertDeployment(tx: Tx, caller: Caller, model: ModelRow, name: string, input: DeployModel): Promise<string> {
  const id = newId()
  await tx.insert(deployments).values({
    id,
    projectId: caller.project.id,
    name,
    modelId: model.id,
    status: 'pending',
    replicas: input.replicas ?? 1,
    device: input.device ?? 'auto',
    createdBy: caller.userId,
  })
  return id
}

/** A hand on a deployment takes it out of a switch that was moving it; the others go on, and the last one that leaves ends it. */
async function leaveSwitch(tx: Tx, { id, modelId, projectId }: Pick<DeploymentRow, 'id' | 'modelId' | 'projectId'>): Promise<void> {
  const isMoving = and(eq(modelSwitches.modelId, modelId), eq(modelSwitches.status, 'moving'))
  const [row] = await tx.select().from(modelSwitches).where(isMoving).for('update')
  if (!row?.before.some(({ deploymentId }) => deploymentId === id)) return
  const others = row.before.filter(({ deploymentId }) => deploymentId !== id)
  const ended = { status: 'cancelled' as const, message: 'The targets were set by hand.', nextAt: null, finishedAt: new Date() }
  await tx
    .update(modelSwitches)
    .set(others.length > 0 ? { before: others } : ended)
    .where(eq(modelSwitches.id, row.id))
  await announce(tx, 'model', projectId, modelId)
}

/** Shares a deployment's traffic out among versions of equal signature. */
export async function setTargets(caller: Caller, input: z.infer<typeof setTargetsInput>): Promise<Deployment> {
  const id = await transaction(async (tx) => {
    const deployment = await findDeploymentRow(tx, caller, input.deployment, true)
    if (deployment.status === 'stopped')
      throw new AppError('conflict', `${deployment.name} is stopped. Deploy a version to start it again.`)
    const targets: { versionId: string; weight: number; version: VersionRow; model: string }[] = []
    for (const target of input.targets) {
      const model = await findModelRow(tx, caller, target.modelId ?? deployment.modelId)
      const version = await findVersionRow(tx, model, target.version)
      mustBeDeployable(model, version)
      if (targets.some(({ versionId }) => versionId === version.id))
        throw new AppError('bad_request', `targets: version ${target.version} is named twice.`)
      targets.push({ versionId: version.id, weight: target.weight, version, model: model.name })
    }
    const shapes = new Set(targets.map(({ version }) => interfaceOf(version)))
    if (shapes.size > 1)
      throw new AppError(
        'unprocessable',
        'targets: all versions of one deployment must have the same inputs and outputs. Deploy the other one under a name of its own.',
      )
    const before = await currentTargets(tx, deployment.id)
    await leaveSwitch(tx, deployment)
    await replaceTargets(
      tx,
      deployment.id,
      targets.map(({ versionId, weight }) => ({ versionId, weight })),
      { kind: 'set', userId: caller.userId },
    )
    await bump(tx, deployment.id)
    await recordAudit(tx, caller, {
      action: 'deployment.targets',
      targetType: 'deployment',
      targetId: deployment.id,
      before: { targets: before },
      after: { targets: targets.map(({ model, version, weight }) => ({ model, version: version.version, weight })) },
    })
    await announceDesired(tx, caller.project.id, deployment.id)
    return deployment.id
  })
  return getDeployment(caller, id)
}

const currentTargets = (tx: Tx, id: string) =>
  tx
    .select({ model: models.name, version: modelVersions.version, weight: deploymentTargets.weight })
    .from(deploymentTargets)
    .innerJoin(modelVersions, eq(modelVersions.id, deploymentTargets.versionId))
    .innerJoin(models, eq(models.id, modelVersions.modelId))
    .where(eq(deploymentTargets.deploymentId, id))

/** Undeploys: the endpoint stops answering, its name is free, and it stays listed as stopped. */
export async function stopDeployment(caller: Caller, ref: string): Promise<Deployment> {
  const id = await transaction(async (tx) => {
    const deployment = await findDeploymentRow(tx, caller, ref, true)
    if (deployment.status === 'stopped') return deployment.id
    await bump(tx, deployment.id, { status: 'stopped', reason: null, stoppedAt: new Date() })
    await leaveSwitch(tx, deployment)
    await recordTraffic(tx, deployment.id, [], { kind: 'stopped', userId: caller.userId })
    await deploymentMoved(tx, deployment, { status: 'stopped', reason: null }, caller.correlationId)
    await recordAudit(tx, caller, {
      action: 'deployment.stop',
      targetType: 'deployment',
      targetId: deployment.id,
      before: { name: deployment.name, status: deployment.status },
      after: { name: deployment.name, status: 'stopped' },
    })
    await notify(tx, 'nw_desired', '')
    await announce(tx, 'deployment', deployment.projectId, deployment.id)
    return deployment.id
  })
  return getDeployment(caller, id)
}
