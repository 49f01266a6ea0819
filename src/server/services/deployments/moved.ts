/** What follows when a deployment becomes ready, degraded or failed, or ends: others are told, in the same transaction. */
import { eq } from 'drizzle-orm'
import type { DeploymentStatus } from '#src/contracts/deployment.ts'
import type { Queryable } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { type deployments, models } from '#src/server/db/schema.ts'
import { emit } from '../channels/emit.ts'
import { tellRegistered, tellRemovedIfLast } from '../relaycore/outbox.ts'
import { tellState } from './state.ts'

type Row = typeof deployments.$inferSelect

const told = ['ready', 'degraded', 'failed'] as const
const isTold = (status: DeploymentStatus): status is (typeof told)[number] => told.some((one) => one === status)

/** @param correlationId of the call that caused it; a move that nobody asked for gets one of its own. */
export async function deploymentMoved(
  tx: Queryable,
  before: Row,
  after: Pick<Row, 'status' | 'reason'>,
  correlationId = newId(),
): Promise<void> {
  if (before.status === after.status) return
  const [model] = await tx.select().from(models).where(eq(models.id, before.modelId))
  if (!model) return
  if (after.status === 'stopped') {
    await tellRemovedIfLast(tx, model, correlationId)
    return tellState(tx, model, correlationId)
  }
  if (!isTold(after.status)) return
  if (after.status === 'ready') await tellRegistered(tx, model, correlationId)
  await tellState(tx, model, correlationId)
  await emit(tx, before.projectId, `deployment.${after.status}`, {
    deployment: { id: before.id, name: before.name },
    model: { id: model.id, name: model.name },
    status: after.status,
    reason: after.reason,
    correlation_id: correlationId,
  })
}
