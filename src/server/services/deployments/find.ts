import { and, asc, desc, eq, getTableColumns, inArray, isNotNull, ne, type SQL, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Page } from '#src/contracts/common.ts'
import type { Deployment, DeploymentDetail, DeploymentSummary, listDeployments as listInput } from '#src/contracts/deployment.ts'
import { db, type Queryable } from '#src/server/db/client.ts'
import { deploymentReplicas, deployments, deploymentTargets, models, modelVersions, runtimes, users } from '#src/server/db/schema.ts'
import { env } from '#src/server/env.ts'
import type { Caller } from '../access.ts'
import { afterCursor, countCap, encodeCursor, likePattern, listPlace } from '../paging.ts'
import { searching } from '../searching.ts'
import { readLastHour } from './metrics.ts'
import { findDeploymentRow } from './row.ts'
import { isLive } from './status.ts'

const selectDeployments = (where: SQL | undefined, on: Queryable = db()) =>
  on
    .select({ ...getTableColumns(deployments), modelName: models.name, email: users.email })
    .from(deployments)
    .innerJoin(models, eq(models.id, deployments.modelId))
    .leftJoin(users, eq(users.id, deployments.createdBy))
    .where(where)
    .$dynamic()

type NamedRow = Awaited<ReturnType<typeof selectDeployments>>[number]
type Target = Deployment['targets'][number] & { deploymentId: string; isExternal: boolean }

/** Where callers reach the inference runtimes: the address that a live one gave, else the last known. */
export const inferenceUrl = async (): Promise<string | null> => (await newestInference())?.url ?? null

/** Where web itself reaches them. */
export async function inferenceOrigin(): Promise<string | null> {
  const found = await newestInference()
  return found ? (found.internalUrl ?? found.url) : null
}

async function newestInference() {
  const [row] = await db()
    .select({ url: runtimes.url, internalUrl: runtimes.internalUrl })
    .from(runtimes)
    .where(and(eq(runtimes.kind, 'inference'), sql`${runtimes.url} is not null and ${runtimes.removedAt} is null`))
    .orderBy(sql`${runtimes.lastHeartbeatAt} desc nulls last`)
    .limit(1)
  return row
}

const readTargets = (ids: string[]): Promise<Target[]> =>
  db()
    .select({
      deploymentId: deploymentTargets.deploymentId,
      modelId: models.id,
      modelName: models.name,
      versionId: modelVersions.id,
      version: modelVersions.version,
      weight: deploymentTargets.weight,
      isExternal: sql<boolean>`${modelVersions.external} is not null`,
    })
    .from(deploymentTargets)
    .innerJoin(modelVersions, eq(modelVersions.id, deploymentTargets.versionId))
    .innerJoin(models, eq(models.id, modelVersions.modelId))
    .where(inArray(deploymentTargets.deploymentId, ids))
    .orderBy(desc(deploymentTargets.weight), asc(modelVersions.version))

/** Versions that other servers answer for are asked through web; runtimes do not know them. */
const addressOf = (name: string, targets: Target[], origin: string | null) =>
  targets.some(({ isExternal }) => isExternal) ? `${env().webUrl}/api/v1/inference` : `${origin ?? ''}/v2/models/${name}`

const view = (row: NamedRow, all: Target[], project: string, origin: string | null): Deployment => {
  const targets = all.filter((target) => target.deploymentId === row.id)
  return {
    id: row.id,
    name: row.name,
    modelId: row.modelId,
    modelName: row.modelName,
    status: row.status,
    reason: row.reason,
    endpointUrl: addressOf(row.name, targets, origin),
    targets: targets.map(({ deploymentId: _of, isExternal: _is, ...target }) => target),
    replicas: row.replicas,
    device: row.device,
    project,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    createdBy: row.email,
  }
}

export async function getDeployment(caller: Caller, ref: string): Promise<Deployment> {
  const { id } = await findDeploymentRow(db(), caller, ref)
  const [[row], targets, origin] = await Promise.all([selectDeployments(eq(deployments.id, id)), readTargets([id]), inferenceUrl()])
  return view(row as NamedRow, targets, caller.project.name, origin)
}

export async function getDeploymentDetail(caller: Caller, ref: string): Promise<DeploymentDetail> {
  const deployment = await getDeployment(caller, ref)
  const [states, [version], externalTargets] = await Promise.all([
    db()
      .select({
        versionId: deploymentReplicas.versionId,
        version: modelVersions.version,
        runtimeId: runtimes.id,
        runtimeName: runtimes.name,
        state: deploymentReplicas.state,
        progress: deploymentReplicas.progress,
        readyReplicas: deploymentReplicas.readyReplicas,
        reasonCode: deploymentReplicas.reasonCode,
        reason: deploymentReplicas.reason,
        parity: deploymentReplicas.parity,
      })
      .from(deploymentReplicas)
      .innerJoin(runtimes, eq(runtimes.id, deploymentReplicas.runtimeId))
      .innerJoin(modelVersions, eq(modelVersions.id, deploymentReplicas.versionId))
      .innerJoin(deployments, and(eq(deployments.id, deploymentReplicas.deploymentId), ne(deployments.status, 'stopped')))
      .where(and(eq(deploymentReplicas.deploymentId, deployment.id), isLive))
      .orderBy(desc(modelVersions.version), asc(runtimes.name)),
    db()
      .select({ signature: modelVersions.signature })
      .from(modelVersions)
      .where(eq(modelVersions.id, deployment.targets[0]?.versionId ?? deployment.id)),
    readExternalTargets(deployment.id),
  ])
  return { ...deployment, signature: version?.signature ?? null, replicaStates: states, externalTargets }
}

async function readExternalTargets(id: string): Promise<DeploymentDetail['externalTargets']> {
  const rows = await db()
    .select({
      versionId: modelVersions.id,
      modelName: models.name,
      version: modelVersions.version,
      external: modelVersions.external,
      state: modelVersions.externalState,
      reason: modelVersions.externalReason,
      checkedAt: modelVersions.externalCheckedAt,
    })
    .from(deploymentTargets)
    .innerJoin(modelVersions, and(eq(modelVersions.id, deploymentTargets.versionId), isNotNull(modelVersions.external)))
    .innerJoin(models, eq(models.id, modelVersions.modelId))
    .where(eq(deploymentTargets.deploymentId, id))
    .orderBy(desc(deploymentTargets.weight), asc(modelVersions.version))
  return rows.flatMap(({ external, state, checkedAt, ...rest }) =>
    external
      ? [
          {
            ...rest,
            host: new URL(external.url).host,
            servedModel: external.model,
            state: state ?? 'unknown',
            checkedAt: checkedAt?.toISOString() ?? null,
          },
        ]
      : [],
  )
}

export async function listDeployments(caller: Caller, input: z.infer<typeof listInput>): Promise<Page<DeploymentSummary>> {
  const place = listPlace('deployments', caller.project.id, input)
  const where = and(
    eq(deployments.projectId, caller.project.id),
    input.status ? eq(deployments.status, input.status) : undefined,
    input.q ? sql`${deployments.name} ilike ${likePattern(input.q)}` : undefined,
  )
  const some = db().select({ one: sql`1` }).from(deployments).where(where).limit(countCap).as('some')
  const [rows, [count], origin] = await searching({ q: input.q }, (on) =>
    Promise.all([
      selectDeployments(and(where, afterCursor(place, input.cursor, deployments.createdAt, deployments.id, 'desc')), on)
        .orderBy(desc(deployments.createdAt), desc(deployments.id))
        .limit(input.limit + 1)
        .offset(input.cursor ? 0 : input.skip),
      on.select({ count: sql<number>`count(*)::int` }).from(some),
      inferenceUrl(),
    ]),
  )
  const shown = rows.slice(0, input.limit)
  const ids = shown.map((row) => row.id)
  const [targets, hours] = ids.length > 0 ? await Promise.all([readTargets(ids), readLastHour(ids)]) : [[], new Map()]
  const last = rows.length > input.limit ? shown.at(-1) : undefined
  return {
    items: shown.map((row) => ({ ...view(row, targets, caller.project.name, origin), lastHour: hours.get(row.id) })),
    nextCursor: last ? encodeCursor(place, last.createdAt, last.id) : null,
    total: count?.count ?? 0,
  }
}
