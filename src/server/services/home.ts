import { and, desc, eq, gt, inArray, isNull, ne, or, sql } from 'drizzle-orm'
import { alertPath } from '#src/contracts/alert.ts'
import type { Home } from '#src/contracts/home.ts'
import { db } from '#src/server/db/client.ts'
import {
  alertRules,
  alerts,
  datasets,
  datasetVersions,
  deployments,
  models,
  modelVersions,
  performanceMetrics,
  runtimes,
  trainingJobs,
} from '#src/server/db/schema.ts'
import type { Caller } from './access.ts'

const recentDays = sql`now() - interval '3 days'`

async function readCounts(projectId: string): Promise<Home['counts']> {
  const { rows } = await db().execute<Home['counts']>(sql`select
    (select count(*)::int from ${models} where project_id = ${projectId}) as models,
    (select count(*)::int from ${datasets} where project_id = ${projectId}) as datasets,
    (select count(*)::int from ${trainingJobs} where project_id = ${projectId}) as jobs,
    (select count(*)::int from ${deployments} where project_id = ${projectId} and status <> 'stopped') as deployments`)
  return rows[0] as Home['counts']
}

async function readRunning(projectId: string): Promise<Home['runningJobs']> {
  return db()
    .select({
      id: trainingJobs.id,
      name: trainingJobs.name,
      progress: trainingJobs.progress,
      etaSeconds: trainingJobs.etaSeconds,
      status: trainingJobs.status,
    })
    .from(trainingJobs)
    .where(and(eq(trainingJobs.projectId, projectId), inArray(trainingJobs.status, ['queued', 'running'])))
    .orderBy(desc(trainingJobs.createdAt))
    .limit(10)
}

const shownAtMost = 12

/** Failed lately, or not as it should be now; newest first. */
async function readAttention(projectId: string): Promise<Home['attention']> {
  const [firing, jobs, unwell, rejected, unreadable, silent] = await Promise.all([
    db()
      .select({ id: alerts.id, state: alerts.severity, title: alertRules.name, reason: alerts.message, at: alerts.firedAt })
      .from(alerts)
      .innerJoin(alertRules, eq(alertRules.id, alerts.ruleId))
      .where(and(eq(alerts.projectId, projectId), eq(alerts.status, 'firing')))
      .orderBy(desc(alerts.firedAt))
      .limit(shownAtMost),
    db()
      .select({ id: trainingJobs.id, title: trainingJobs.name, reason: trainingJobs.reason, at: trainingJobs.finishedAt })
      .from(trainingJobs)
      .where(and(eq(trainingJobs.projectId, projectId), eq(trainingJobs.status, 'failed'), gt(trainingJobs.finishedAt, recentDays)))
      .orderBy(desc(trainingJobs.finishedAt))
      .limit(5),
    db()
      .select({
        id: deployments.id,
        title: deployments.name,
        status: deployments.status,
        reason: deployments.reason,
        at: deployments.updatedAt,
      })
      .from(deployments)
      .where(and(eq(deployments.projectId, projectId), inArray(deployments.status, ['failed', 'degraded'])))
      .limit(10),
    db()
      .select({
        id: models.id,
        name: models.name,
        version: modelVersions.version,
        reason: modelVersions.statusMessage,
        at: modelVersions.createdAt,
      })
      .from(modelVersions)
      .innerJoin(models, and(eq(models.id, modelVersions.modelId), eq(models.latestVersion, modelVersions.version)))
      .where(and(eq(modelVersions.projectId, projectId), eq(modelVersions.status, 'rejected'), gt(modelVersions.createdAt, recentDays)))
      .limit(5),
    db()
      .select({ id: datasets.id, name: datasets.name, reason: datasetVersions.reason, at: datasetVersions.createdAt })
      .from(datasetVersions)
      .innerJoin(datasets, and(eq(datasets.id, datasetVersions.datasetId), eq(datasets.latestVersion, datasetVersions.version)))
      .where(
        and(eq(datasetVersions.projectId, projectId), eq(datasetVersions.status, 'rejected'), gt(datasetVersions.createdAt, recentDays)),
      )
      .limit(5),
    db()
      .select({ id: runtimes.id, name: runtimes.name, kind: runtimes.kind, at: runtimes.lastHeartbeatAt })
      .from(runtimes)
      .where(
        and(
          isNull(runtimes.removedAt),
          or(isNull(runtimes.lastHeartbeatAt), sql`${runtimes.lastHeartbeatAt} < now() - interval '15 seconds'`),
        ),
      )
      .limit(5),
  ])
  const when = (at: Date | null) => (at ?? new Date(0)).toISOString()
  const attention: Home['attention'] = [
    ...firing.map((row) => ({ ...row, kind: 'alert' as const, href: alertPath(row.id), at: when(row.at) })),
    ...jobs.map((row) => ({
      kind: 'job' as const,
      state: 'failed' as const,
      id: row.id,
      title: row.title,
      reason: row.reason ?? 'It failed.',
      href: `/training/${row.id}`,
      at: when(row.at),
    })),
    ...unwell.map((row) => ({
      kind: 'deployment' as const,
      state: row.status === 'failed' ? ('failed' as const) : ('degraded' as const),
      id: row.id,
      title: row.title,
      reason: row.reason ?? 'It is not as it should be.',
      href: `/deployments/${row.id}`,
      at: when(row.at),
    })),
    ...rejected.map((row) => ({
      kind: 'version' as const,
      state: 'rejected' as const,
      id: row.id,
      title: `${row.name} version ${row.version}`,
      reason: row.reason ?? 'It was rejected.',
      href: `/models/${row.id}/versions/${row.version}`,
      at: when(row.at),
    })),
    ...unreadable.map((row) => ({
      kind: 'dataset' as const,
      state: 'rejected' as const,
      id: row.id,
      title: row.name,
      reason: row.reason ?? 'It was rejected.',
      href: `/datasets/${row.id}`,
      at: when(row.at),
    })),
    ...silent.map((row) => ({
      kind: 'runtime' as const,
      state: 'silent' as const,
      id: row.id,
      title: `${row.kind} runtime ${row.name}`,
      reason: 'It has not been heard of for a while.',
      href: '/settings/runtimes',
      at: when(row.at),
    })),
  ]
  return attention.sort((left, right) => right.at.localeCompare(left.at)).slice(0, shownAtMost)
}

async function readRecent(projectId: string): Promise<Home['recent']> {
  const [m, d, j, e] = await Promise.all([
    db()
      .select({ id: models.id, title: models.name, status: models.status, at: models.updatedAt })
      .from(models)
      .where(eq(models.projectId, projectId))
      .orderBy(desc(models.updatedAt))
      .limit(6),
    db()
      .select({ id: datasets.id, title: datasets.name, status: datasetVersions.status, at: datasets.updatedAt })
      .from(datasets)
      .innerJoin(datasetVersions, and(eq(datasetVersions.datasetId, datasets.id), eq(datasetVersions.version, datasets.latestVersion)))
      .where(eq(datasets.projectId, projectId))
      .orderBy(desc(datasets.updatedAt))
      .limit(6),
    db()
      .select({ id: trainingJobs.id, title: trainingJobs.name, status: trainingJobs.status, at: trainingJobs.createdAt })
      .from(trainingJobs)
      .where(eq(trainingJobs.projectId, projectId))
      .orderBy(desc(trainingJobs.createdAt))
      .limit(6),
    db()
      .select({ id: deployments.id, title: deployments.name, status: deployments.status, at: deployments.updatedAt })
      .from(deployments)
      .where(eq(deployments.projectId, projectId))
      .orderBy(desc(deployments.updatedAt))
      .limit(6),
  ])
  const of = (
    kind: Home['recent'][number]['kind'],
    folder: string,
    rows: { id: string; title: string; status: string; at: Date }[],
  ): Home['recent'] =>
    rows.map((row) => ({ kind, id: row.id, title: row.title, href: `/${folder}/${row.id}`, status: row.status, at: row.at.toISOString() }))
  return [...of('model', 'models', m), ...of('dataset', 'datasets', d), ...of('job', 'training', j), ...of('deployment', 'deployments', e)]
    .sort((left, right) => right.at.localeCompare(left.at))
    .slice(0, 8)
}

async function readRequests(projectId: string): Promise<{ lastHour: number; hasAny: boolean }> {
  const [row] = await db()
    .select({
      lastHour: sql<number>`coalesce(sum(${performanceMetrics.requests}) filter (where ${performanceMetrics.minute} > now() - interval '1 hour'), 0)::int`,
      hasAny: sql<boolean>`count(*) > 0`,
    })
    .from(performanceMetrics)
    .innerJoin(deployments, eq(deployments.id, performanceMetrics.deploymentId))
    .where(and(eq(deployments.projectId, projectId), gt(performanceMetrics.minute, recentDays)))
  return { lastHour: row?.lastHour ?? 0, hasAny: row?.hasAny ?? false }
}

/** What the first page shows. `trainingMissing` is why this machine has no training runtime of its own, when it has none. */
export async function readHome(caller: Caller, trainingMissing: string | null): Promise<Home> {
  const projectId = caller.project.id
  const [counts, runningJobs, attention, recent, requests, [served]] = await Promise.all([
    readCounts(projectId),
    readRunning(projectId),
    readAttention(projectId),
    readRecent(projectId),
    readRequests(projectId),
    db()
      .select({ id: deployments.id })
      .from(deployments)
      .where(and(eq(deployments.projectId, projectId), ne(deployments.status, 'failed')))
      .limit(1),
  ])
  return {
    counts,
    runningJobs,
    attention,
    recent,
    steps: {
      hasDataset: counts.datasets > 0,
      hasModel: counts.models > 0,
      hasDeployment: served !== undefined,
      hasPrediction: requests.hasAny,
    },
    trainingMissing,
    requestsLastHour: requests.lastHour,
  }
}
