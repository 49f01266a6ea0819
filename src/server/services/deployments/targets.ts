/** Which versions a deployment sends its traffic to: the one place that writes it. */
import { and, eq, inArray, isNotNull, sql } from 'drizzle-orm'
import { notify, type Tx } from '#src/server/db/client.ts'
import { deployments, deploymentTargets, modelVersions } from '#src/server/db/schema.ts'
import { requestScope } from '#src/server/log.ts'
import { announce } from '../audit.ts'
import { refreshDeployment } from './status.ts'
import { type Cause, recordTraffic } from './traffic.ts'

export type Target = { versionId: string; weight: number }

/** Raises the revision, so that runtimes see that something changed. */
export const bump = (tx: Tx, id: string, set: Partial<typeof deployments.$inferInsert> = {}) =>
  tx
    .update(deployments)
    .set({ ...set, revision: sql`${deployments.revision} + 1`, updatedAt: sql`now()` })
    .where(eq(deployments.id, id))

export async function replaceTargets(tx: Tx, id: string, targets: readonly Target[], cause: Cause): Promise<void> {
  await tx.delete(deploymentTargets).where(eq(deploymentTargets.deploymentId, id))
  await tx.insert(deploymentTargets).values(targets.map((target) => ({ ...target, deploymentId: id })))
  const correlationId = cause.correlationId ?? requestScope.getStore()?.correlationId ?? null
  await tx.update(deployments).set({ correlationId }).where(eq(deployments.id, id))
  await lookAtServers(tx, targets)
  await recordTraffic(tx, id, targets, cause)
}

/** Servers that are to answer from now on are looked at at once, however short ago they were while nothing depended on them. */
async function lookAtServers(tx: Tx, targets: readonly Target[]): Promise<void> {
  const isMeant = and(
    inArray(
      modelVersions.id,
      targets.map(({ versionId }) => versionId),
    ),
    isNotNull(modelVersions.external),
  )
  // A version that is locked is being looked at, by who locks its deployments next: waiting for it here would be a deadlock.
  const free = tx.select({ id: modelVersions.id }).from(modelVersions).where(isMeant).for('no key update', { skipLocked: true })
  await tx
    .update(modelVersions)
    .set({ externalCheckedAt: sql`least(${modelVersions.externalCheckedAt}, now() - interval '31 seconds')` })
    .where(inArray(modelVersions.id, free))
}

/** Wakes the runtimes and the pages that show it. */
export async function announceDesired(tx: Tx, projectId: string, id: string): Promise<void> {
  await refreshDeployment(tx, id)
  await notify(tx, 'nw_desired', '')
  await announce(tx, 'deployment', projectId, id)
}

/** Sets a deployment's targets in a switch; one that was stopped in the meantime stays as it is. */
export async function moveTargets(tx: Tx, id: string, targets: readonly Target[], cause: Cause): Promise<void> {
  const [row] = await tx.select().from(deployments).where(eq(deployments.id, id)).for('update')
  if (!row || row.status === 'stopped') return
  await replaceTargets(tx, id, targets, cause)
  await bump(tx, id)
  await announceDesired(tx, row.projectId, id)
}
