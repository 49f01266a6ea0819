/** Asking the servers behind external versions how they are. */
import { and, eq, notInArray, sql } from 'drizzle-orm'
import type { External, ExternalState } from '#src/contracts/external.ts'
import { transaction } from '#src/server/db/client.ts'
import { deployments, deploymentTargets, modelVersions } from '#src/server/db/schema.ts'
import { toAppError } from '#src/server/errors.ts'
import { createLog } from '#src/server/log.ts'
import { UnderWay } from '../underWay.ts'
import { probe } from './client.ts'
import { markState, serverOf } from './state.ts'

type Probed = { id: string; projectId: string; external: External; sealedKey: string | null; state: ExternalState | null; failures: number }

const log = createLog('external servers')
const maxProbes = 40
const maxProbesOfProject = 10
const underWay = new UnderWay()
const isServed = sql`exists (select 1 from ${deploymentTargets} t join ${deployments} d on d.id = t.deployment_id
  where t.version_id = ${modelVersions.id} and d.status <> 'stopped')`
/**
 * One that serves and is ready is probed every half minute; one that is not ready, after 1, 2, 4 … s. One that serves nowhere is looked at
 * now and then: it may be asked to stand in for another.
 */
const isDue = sql`coalesce(${modelVersions.externalCheckedAt}, 'epoch') < now() - make_interval(secs => case
  when ${modelVersions.externalState} <> 'unknown' and not ${isServed} then 300
  when ${modelVersions.externalState} = 'ready' and ${modelVersions.externalFailures} = 0 then 30
  else least(30, power(2, ${modelVersions.externalFailures})) end)`

/** Claims what is due: the time of the check is moved first, so that two workers do not ask the same server. */
async function claimDue(limit: number): Promise<Probed[]> {
  const versions = underWay.atLeast(1)
  const busyProjects = underWay.atLeast(maxProbesOfProject)
  return transaction(async (tx) => {
    const due = await tx
      .select({
        id: modelVersions.id,
        projectId: modelVersions.projectId,
        external: modelVersions.external,
        sealedKey: modelVersions.sealedKey,
        state: modelVersions.externalState,
        failures: modelVersions.externalFailures,
      })
      .from(modelVersions)
      .where(
        and(
          sql`${modelVersions.external} is not null`,
          isDue,
          notInArray(modelVersions.id, versions),
          notInArray(modelVersions.projectId, busyProjects),
        ),
      )
      .orderBy(sql`${modelVersions.externalCheckedAt} nulls first`)
      .limit(limit)
      .for('no key update', { skipLocked: true })
    for (const { id } of due) await tx.update(modelVersions).set({ externalCheckedAt: sql`now()` }).where(eq(modelVersions.id, id))
    return due.flatMap(({ external, ...rest }) => (external ? [{ ...rest, external }] : []))
  })
}

/** One that has been ready may miss one probe before it counts as away. */
function afterFailure({ state, failures }: Probed): ExternalState {
  if (state === 'ready') return failures === 0 ? 'ready' : 'failing'
  return state === 'failing' ? 'failing' : 'failed'
}

async function probeOne(version: Probed): Promise<void> {
  try {
    await probe(serverOf(version))
    await markState(version.id, { state: 'ready', reason: null, failures: 0 })
  } catch (error) {
    const app = toAppError(error)
    if (app.code === 'internal') throw error
    const state = afterFailure(version)
    await markState(version.id, { state, reason: state === 'ready' ? null : app.message, failures: Math.min(10, version.failures + 1) })
  }
}

/** Asks every server whose turn it is and waits for none, so that slow ones hold up nobody else; called by the worker every second. */
export async function probeExternals(): Promise<void> {
  const limit = Math.min(maxProbes - underWay.total, maxProbesOfProject)
  if (limit <= 0) return
  const due = await claimDue(limit)
  for (const version of due)
    void underWay
      .hold([version.id, version.projectId], () => probeOne(version))
      .catch((error) => log.warn('an external server could not be looked at; it is tried again', { error }))
  if (due.length === limit) await probeExternals()
}
