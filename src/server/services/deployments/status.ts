import { and, eq, inArray, isNull, ne, sql } from 'drizzle-orm'
import type { DeploymentStatus } from '#src/contracts/deployment.ts'
import type { ExternalState } from '#src/contracts/external.ts'
import { db, type Queryable, transaction } from '#src/server/db/client.ts'
import { deploymentReplicas, deployments, deploymentTargets, modelVersions, runtimes } from '#src/server/db/schema.ts'
import { announce } from '../audit.ts'
import { deploymentMoved } from './moved.ts'

type Reported = {
  versionId: string
  version: number
  runtimeName: string
  state: 'loading' | 'ready' | 'failed'
  readyReplicas: number
  reasonCode: string | null
  reason: string | null
}
type Derived = { status: DeploymentStatus; reason: string | null }

/** A runtime that has been silent for so long serves nobody. */
export const isLive = and(
  eq(runtimes.kind, 'inference'),
  isNull(runtimes.removedAt),
  sql`${runtimes.lastHeartbeatAt} > now() - interval '20 seconds'`,
)

/** What a deployment is, from what live runtimes say of its targets. */
export function deriveStatus(
  targets: { versionId: string; version: number; weight: number }[],
  wanted: number,
  live: number,
  reported: Reported[],
): Derived {
  if (live === 0) return { status: 'pending', reason: 'No inference runtime is connected just now. It loads when one is.' }
  const serving = targets.filter((target) => target.weight > 0)
  const of = (versionId: string) => reported.filter((report) => report.versionId === versionId)
  const isReady = (target: { versionId: string }) => of(target.versionId).some((report) => report.readyReplicas > 0)
  const failure = serving.flatMap((target) => of(target.versionId)).find((report) => report.state === 'failed')
  if (serving.every(isReady)) {
    const short = serving
      .flatMap((target) => of(target.versionId))
      .find((report) => report.state === 'failed' || report.readyReplicas < wanted)
    if (!short) return { status: 'ready', reason: null }
    const why = short.reason ?? `${short.readyReplicas} of ${wanted} replicas of version ${short.version} serve on ${short.runtimeName}.`
    return { status: 'degraded', reason: why }
  }
  if (failure) {
    const reason = `${failure.reasonCode ?? 'load'}: ${failure.reason ?? 'the version could not be loaded'}`
    const older = reported.find((report) => report.readyReplicas > 0 && report.versionId !== failure.versionId)
    return older ? { status: 'degraded', reason: `${reason} Version ${older.version} goes on serving.` } : { status: 'failed', reason }
  }
  return reported.length > 0
    ? { status: 'loading', reason: null }
    : { status: 'pending', reason: 'Waiting for an inference runtime to take it.' }
}

type Judged = { weight: number; version: number; state: ExternalState | null; reason: string | null }

/** What a deployment of external versions is, from what was last found of their servers: no runtime has a part in it. */
function deriveExternal(targets: readonly Judged[]): Derived {
  const serving = targets.filter(({ weight }) => weight > 0)
  if (serving.every(({ state }) => state === 'ready')) return { status: 'ready', reason: null }
  const bad = serving.find(({ state }) => state === 'failing' || state === 'failed')
  if (!bad) return { status: 'loading', reason: null }
  const reason = bad.reason ?? `The server of version ${bad.version} does not answer.`
  return { status: serving.every(({ state }) => state === 'failed') ? 'failed' : 'degraded', reason }
}

type Served = { versionId: string; version: number; weight: number }

/** What runtimes that are alive say of a deployment. */
async function deriveServed(tx: Queryable, deployment: { id: string; replicas: number }, targets: Served[]): Promise<Derived> {
  const reported = await tx
    .select({
      versionId: deploymentReplicas.versionId,
      version: modelVersions.version,
      runtimeName: runtimes.name,
      state: deploymentReplicas.state,
      readyReplicas: deploymentReplicas.readyReplicas,
      reasonCode: deploymentReplicas.reasonCode,
      reason: deploymentReplicas.reason,
    })
    .from(deploymentReplicas)
    .innerJoin(runtimes, eq(runtimes.id, deploymentReplicas.runtimeId))
    .innerJoin(modelVersions, eq(modelVersions.id, deploymentReplicas.versionId))
    .where(and(eq(deploymentReplicas.deploymentId, deployment.id), isLive))
  const [live] = await tx.select({ count: sql<number>`count(*)::int` }).from(runtimes).where(isLive)
  return deriveStatus(targets, deployment.replicas, live?.count ?? 0, reported)
}

/** Looks at a deployment anew and writes its status if it changed. */
export async function refreshDeployment(tx: Queryable, deploymentId: string): Promise<void> {
  const [deployment] = await tx
    .select()
    .from(deployments)
    .where(and(eq(deployments.id, deploymentId), ne(deployments.status, 'stopped')))
    .for('update')
  if (!deployment) return
  const targets = await tx
    .select({
      versionId: deploymentTargets.versionId,
      version: modelVersions.version,
      weight: deploymentTargets.weight,
      isExternal: sql<boolean>`${modelVersions.external} is not null`,
      state: modelVersions.externalState,
      reason: modelVersions.externalReason,
    })
    .from(deploymentTargets)
    .innerJoin(modelVersions, eq(modelVersions.id, deploymentTargets.versionId))
    .where(eq(deploymentTargets.deploymentId, deploymentId))
  const derived = targets.some(({ isExternal }) => isExternal) ? deriveExternal(targets) : await deriveServed(tx, deployment, targets)
  // What happens to a deployment that has settled is no consequence of the call that set its targets any more.
  const isSettled = derived.status === 'ready' || derived.status === 'failed'
  const correlationId = isSettled ? null : deployment.correlationId
  const isSame = derived.status === deployment.status && derived.reason === deployment.reason
  if (isSame && correlationId === deployment.correlationId) return
  await tx
    .update(deployments)
    .set({ ...derived, correlationId, updatedAt: sql`now()` })
    .where(eq(deployments.id, deploymentId))
  await deploymentMoved(tx, deployment, derived, deployment.correlationId ?? undefined)
  await announce(tx, 'deployment', deployment.projectId, deploymentId)
}

/** Looks at every deployment again, because a runtime may have fallen silent; called by the worker every few seconds. */
export async function sweepDeployments(): Promise<void> {
  const rows = await db().select({ id: deployments.id }).from(deployments).where(ne(deployments.status, 'stopped')).limit(10_000)
  for (const { id } of rows) await transaction((tx) => refreshDeployment(tx, id))
}

export const refreshDeployments = async (tx: Queryable, ids: readonly string[]) => {
  // Always in one order, so that two runtimes that report at once do not wait for each other.
  for (const id of [...new Set(ids)].sort()) await refreshDeployment(tx, id)
}

export const activeDeployments = (tx: Queryable, ids: readonly string[]) =>
  tx
    .select({ id: deployments.id })
    .from(deployments)
    .where(and(inArray(deployments.id, [...ids]), ne(deployments.status, 'stopped')))
