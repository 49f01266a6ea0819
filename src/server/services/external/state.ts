/** What is known of the server behind an external version, as its row says. */
import { and, eq, ne, sql } from 'drizzle-orm'
import type { External, ExternalState } from '#src/contracts/external.ts'
import { type Queryable, transaction } from '#src/server/db/client.ts'
import { deployments, deploymentTargets, modelVersions } from '#src/server/db/schema.ts'
import { unseal } from '#src/server/sealing.ts'
import { announce } from '../audit.ts'
import { refreshDeployments } from '../deployments/status.ts'
import type { Server } from './client.ts'

type Sealed = { external: External; sealedKey: string | null }

/** @throws AppError conflict when the key was sealed with another secret. */
export const serverOf = ({ external, sealedKey }: Sealed): Server => ({
  url: external.url,
  model: external.model,
  timeoutMs: external.timeoutMs,
  apiKey: sealedKey === null ? undefined : unseal(sealedKey),
})

/** Writes what was found, and looks anew at each deployment that sends traffic there. */
export async function markState(
  versionId: string,
  found: { state: ExternalState; reason: string | null; failures: number },
): Promise<void> {
  await transaction(async (tx) => {
    const [before] = await tx
      .select({ state: modelVersions.externalState, reason: modelVersions.externalReason })
      .from(modelVersions)
      .where(eq(modelVersions.id, versionId))
      .for('no key update')
    if (!before) return
    const [row] = await tx
      .update(modelVersions)
      .set({ externalState: found.state, externalReason: found.reason, externalFailures: found.failures, externalCheckedAt: sql`now()` })
      .where(eq(modelVersions.id, versionId))
      .returning({ projectId: modelVersions.projectId, modelId: modelVersions.modelId })
    if (!row || (before.state === found.state && before.reason === found.reason)) return
    await refreshDeployments(tx, await servedBy(tx, versionId))
    await announce(tx, 'model', row.projectId, row.modelId)
  })
}

const servedBy = async (tx: Queryable, versionId: string): Promise<string[]> => {
  const rows = await tx
    .select({ id: deployments.id })
    .from(deploymentTargets)
    .innerJoin(deployments, and(eq(deployments.id, deploymentTargets.deploymentId), ne(deployments.status, 'stopped')))
    .where(eq(deploymentTargets.versionId, versionId))
  return rows.map(({ id }) => id)
}
