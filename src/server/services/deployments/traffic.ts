/** How a deployment's traffic was shared out over time, and who moved it. */
import { and, desc, eq, gte, inArray, lt } from 'drizzle-orm'
import type { z } from 'zod'
import type { TrafficChange, TrafficKind, trafficQuery } from '#src/contracts/deployment.ts'
import { db, type Tx } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { deploymentTraffic, models, modelVersions, users } from '#src/server/db/schema.ts'
import type { Caller } from '../access.ts'
import { findDeploymentRow } from './row.ts'

/** Who moved the traffic and why; without a user the installation did. Its correlation id is that of the request unless given. */
export type Cause = { kind: TrafficKind; userId: string | null; reason?: string; correlationId?: string }

/** Writes down what holds from now on, in the transaction that changes it. */
export async function recordTraffic(
  tx: Tx,
  deploymentId: string,
  targets: readonly { versionId: string; weight: number }[],
  { kind, userId, reason }: Cause,
): Promise<void> {
  const named = await tx
    .select({ versionId: modelVersions.id, model: models.name, version: modelVersions.version })
    .from(modelVersions)
    .innerJoin(models, eq(models.id, modelVersions.modelId))
    .where(
      inArray(
        modelVersions.id,
        targets.map(({ versionId }) => versionId),
      ),
    )
  const shares = targets.flatMap(({ versionId, weight }) =>
    named.filter((one) => one.versionId === versionId).map(({ model, version }) => ({ model, version, weight })),
  )
  await tx.insert(deploymentTraffic).values({ id: newId(), deploymentId, kind, targets: shares, reason: reason ?? null, createdBy: userId })
}

const longest = 500
const hourMs = 3_600_000

/** The changes since `from` (an hour ago unless given), the latest 500 of them, and the one before, whose shares held at `from`; oldest first. */
export async function readTraffic(caller: Caller, input: z.infer<typeof trafficQuery>): Promise<TrafficChange[]> {
  const deployment = await findDeploymentRow(db(), caller, input.deployment)
  const from = input.from ? new Date(input.from) : new Date(Date.now() - hourMs)
  const ofDeployment = eq(deploymentTraffic.deploymentId, deployment.id)
  const read = (isIn: ReturnType<typeof gte>, limit: number) =>
    db()
      .select({ row: deploymentTraffic, by: users.email })
      .from(deploymentTraffic)
      .leftJoin(users, eq(users.id, deploymentTraffic.createdBy))
      .where(and(ofDeployment, isIn))
      .orderBy(desc(deploymentTraffic.at), desc(deploymentTraffic.id))
      .limit(limit)
  const [within, before] = await Promise.all([read(gte(deploymentTraffic.at, from), longest), read(lt(deploymentTraffic.at, from), 1)])
  return [...within, ...before].reverse().map(({ row, by }) => ({
    id: row.id,
    at: row.at.toISOString(),
    kind: row.kind,
    targets: row.targets,
    reason: row.reason,
    by,
  }))
}
