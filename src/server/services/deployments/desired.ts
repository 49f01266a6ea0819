/** What inference runtimes are told to serve, and what they say of it. */
import { createHash } from 'node:crypto'
import { and, asc, eq, inArray, isNull, ne, notInArray, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { DesiredDeployment, desiredResponse, ReplicaReport } from '#src/contracts/runtime.ts'
import { db, type Tx, transaction } from '#src/server/db/client.ts'
import { listener } from '#src/server/db/listen.ts'
import {
  artifacts,
  deploymentReplicas,
  deployments,
  deploymentTargets,
  models,
  modelVersions,
  versionFiles,
} from '#src/server/db/schema.ts'
import type { Caller } from '../access.ts'
import { activeDeployments, refreshDeployments } from './status.ts'

const memoryLimitBytes = 4 * 1024 ** 3
const timeoutMs = 60_000
const backstopMs = 5_000

async function readDesired(): Promise<z.infer<typeof desiredResponse>> {
  const rows = await db()
    .select({
      deployment: deployments,
      weight: deploymentTargets.weight,
      versionId: modelVersions.id,
      version: modelVersions.version,
      signature: modelVersions.signature,
      modelName: models.name,
    })
    .from(deployments)
    .innerJoin(deploymentTargets, eq(deploymentTargets.deploymentId, deployments.id))
    .innerJoin(modelVersions, eq(modelVersions.id, deploymentTargets.versionId))
    .innerJoin(models, eq(models.id, modelVersions.modelId))
    .where(and(ne(deployments.status, 'stopped'), isNull(modelVersions.external)))
    .orderBy(asc(deployments.id), asc(modelVersions.version))
  const files = await readFiles([...new Set(rows.map((row) => row.versionId))])
  const byId = new Map<string, DesiredDeployment>()
  for (const { deployment, weight, versionId, version, signature, modelName } of rows) {
    const desired = byId.get(deployment.id) ?? {
      deployment_id: deployment.id,
      name: deployment.name,
      replicas: deployment.replicas,
      device: deployment.device,
      memory_limit_bytes: memoryLimitBytes,
      timeout_ms: timeoutMs,
      targets: [],
    }
    desired.targets.push({
      version_id: versionId,
      model_name: modelName,
      version,
      weight,
      signature: signature ?? { inputs: [], outputs: [] },
      files: files.get(versionId) ?? [],
    })
    byId.set(deployment.id, desired)
  }
  const list = [...byId.values()]
  return { revision: createHash('sha256').update(JSON.stringify(list)).digest('hex').slice(0, 32), deployments: list }
}

async function readFiles(versionIds: string[]) {
  const files = new Map<string, { path: string; sha256: string; size_bytes: number }[]>()
  if (versionIds.length === 0) return files
  const rows = await db()
    .select({ versionId: versionFiles.versionId, path: versionFiles.path, sha256: artifacts.sha256, size_bytes: artifacts.sizeBytes })
    .from(versionFiles)
    .innerJoin(artifacts, eq(artifacts.sha256, versionFiles.sha256))
    .where(inArray(versionFiles.versionId, versionIds))
    .orderBy(asc(versionFiles.path))
  for (const { versionId, ...file } of rows) files.set(versionId, [...(files.get(versionId) ?? []), file])
  return files
}

/** The desired state as soon as it is another than `revision`; undefined when it did not change in `waitMs`. */
export async function watchDesired(
  revision: string | null,
  waitMs: number,
  signal: AbortSignal,
): Promise<z.infer<typeof desiredResponse> | undefined> {
  const until = Date.now() + waitMs
  while (true) {
    const woken = listener().wait('nw_desired', Math.min(backstopMs, Math.max(0, until - Date.now())), signal)
    const desired = await readDesired()
    if (desired.revision !== revision) return desired
    if (signal.aborted || Date.now() >= until) return undefined
    await woken
  }
}

/** Takes a runtime's whole report: what it does not name, it does not hold. */
export async function recordReplicas(caller: Caller, reports: readonly ReplicaReport[]): Promise<void> {
  await transaction((tx) => writeReplicas(tx, caller.runtimeId as string, reports))
}

export async function writeReplicas(tx: Tx, runtimeId: string, reports: readonly ReplicaReport[]): Promise<void> {
  const ofRuntime = eq(deploymentReplicas.runtimeId, runtimeId)
  const before = await tx.select({ id: deploymentReplicas.deploymentId }).from(deploymentReplicas).where(ofRuntime)
  const active = new Set(
    (reports.length > 0
      ? await activeDeployments(
          tx,
          reports.map((report) => report.deployment_id),
        )
      : []
    ).map((row) => row.id),
  )
  const versions = new Set(
    (reports.length > 0
      ? await tx
          .select({ id: modelVersions.id })
          .from(modelVersions)
          .where(
            inArray(
              modelVersions.id,
              reports.map((report) => report.version_id),
            ),
          )
      : []
    ).map((row) => row.id),
  )
  const rows = reports
    .filter((report) => active.has(report.deployment_id) && versions.has(report.version_id))
    .map((report) => ({
      deploymentId: report.deployment_id,
      versionId: report.version_id,
      runtimeId,
      state: report.state,
      progress: report.progress,
      readyReplicas: report.ready_replicas,
      reasonCode: report.reason_code,
      reason: report.reason,
      parity: report.parity,
    }))
  const kept = rows.map((row) => sql`(${row.deploymentId}::uuid, ${row.versionId}::uuid)`)
  const isGone =
    kept.length > 0
      ? sql`(${deploymentReplicas.deploymentId}, ${deploymentReplicas.versionId}) not in (${sql.join(kept, sql`, `)})`
      : undefined
  await tx.delete(deploymentReplicas).where(and(ofRuntime, isGone))
  for (const row of rows) {
    await tx
      .insert(deploymentReplicas)
      .values(row)
      .onConflictDoUpdate({
        target: [deploymentReplicas.deploymentId, deploymentReplicas.versionId, deploymentReplicas.runtimeId],
        set: { ...row, updatedAt: sql`now()` },
      })
  }
  await refreshDeployments(tx, [...before.map((row) => row.id), ...rows.map((row) => row.deploymentId)])
}

/** True when the desired state names these bytes. */
export async function isServedFile(sha256: string): Promise<boolean> {
  const [row] = await db()
    .select({ id: deployments.id })
    .from(versionFiles)
    .innerJoin(deploymentTargets, eq(deploymentTargets.versionId, versionFiles.versionId))
    .innerJoin(deployments, and(eq(deployments.id, deploymentTargets.deploymentId), notInArray(deployments.status, ['stopped'])))
    .where(eq(versionFiles.sha256, sha256))
    .limit(1)
  return row !== undefined
}
