/** What a model is for a router: one state over all its deployments, told when it changes. */
import { and, asc, desc, eq, inArray, ne, sql } from 'drizzle-orm'
import type { Queryable } from '#src/server/db/client.ts'
import { deployments, deploymentTargets, modelThresholds, modelVersions, relaycoreOutbox } from '#src/server/db/schema.ts'
import type { ModelRow } from '../models/view.ts'
import { holdOrder, isOn, tellStatus } from '../relaycore/outbox.ts'

type State = { status: 'ready' | 'degraded' | 'failed'; reason: string }

/** One of the deployments that are ready sends most of its traffic to the model's own versions, not to a stand-in. */
const servesItself = (modelId: string) => sql`exists (
  select 1 from ${deployments} d join ${deploymentTargets} t on t.deployment_id = d.id join ${modelVersions} v on v.id = t.version_id
  where d.model_id = ${modelId} and d.status = 'ready' and v.model_id = d.model_id
  group by d.id having sum(t.weight) > 50)`

/** The best that one of its deployments is; undefined while each of them still loads, or there is none. */
async function stateOf(tx: Queryable, modelId: string, why: string | undefined): Promise<State | undefined> {
  const [best] = await tx
    .select({ name: deployments.name, status: deployments.status, reason: deployments.reason })
    .from(deployments)
    .where(and(eq(deployments.modelId, modelId), inArray(deployments.status, ['ready', 'degraded', 'failed'])))
    .orderBy(sql`array_position(array['ready', 'degraded', 'failed'], ${deployments.status})`, asc(deployments.id))
    .limit(1)
  if (!best) return undefined
  const status = best.status as State['status']
  if (status !== 'ready') return { status, reason: best.reason ?? `The deployment ${best.name} is ${status}.` }
  const [broken] = await tx
    .select({ reason: modelThresholds.healthReason })
    .from(modelThresholds)
    .where(and(eq(modelThresholds.modelId, modelId), eq(modelThresholds.health, 'degraded'), servesItself(modelId)))
  if (broken) return { status: 'degraded', reason: broken.reason ?? 'It breaks its thresholds.' }
  return { status, reason: why ?? `The deployment ${best.name} is ready.` }
}

/** What RelayCore heard last of a model; a registration is a new beginning. */
async function lastTold(tx: Queryable, modelId: string): Promise<unknown> {
  const [last] = await tx
    .select({ status: sql<unknown>`${relaycoreOutbox.payload}->>'status'` })
    .from(relaycoreOutbox)
    .where(
      and(
        eq(relaycoreOutbox.modelId, modelId),
        inArray(relaycoreOutbox.kind, ['register', 'remove', 'status']),
        ne(relaycoreOutbox.status, 'dropped'),
      ),
    )
    .orderBy(desc(relaycoreOutbox.seq))
    .limit(1)
  return last?.status
}

/**
 * Tells RelayCore what a model is now, if that is not what it heard last.
 * @param why it is ready; a state that is worse has a reason of its own.
 */
export async function tellState(
  tx: Queryable,
  model: Pick<ModelRow, 'id' | 'name'>,
  correlationId: string,
  { why, again = false }: { why?: string; again?: boolean } = {},
): Promise<void> {
  if (!isOn()) return
  // Two that move two deployments of one model at once must each see what the other found.
  await holdOrder(tx, model.id)
  const state = await stateOf(tx, model.id, why)
  if (!state || (!again && (await lastTold(tx, model.id)) === state.status)) return
  await tellStatus(tx, model, state.status, state.reason, correlationId)
}
