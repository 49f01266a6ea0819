/** What a model must keep to, what others report of it, and how it does. */
import { and, desc, eq, gte } from 'drizzle-orm'
import {
  type ModelPerformance,
  type QualityReport,
  type SetThresholds,
  type Thresholds,
  verdictDefaults,
} from '#src/contracts/performance.ts'
import { db, type Queryable, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { modelThresholds, qualityReports } from '#src/server/db/schema.ts'
import type { Caller } from '../access.ts'
import { announce, recordAudit } from '../audit.ts'
import { tellState } from '../deployments/state.ts'
import { findModelRow } from '../models/find.ts'
import { interfaceOf } from '../models/interface.ts'
import { findCandidates, listBackups, servingVersion } from './backups.ts'
import { lastMinutes, publicFigures, windowFigures } from './figures.ts'
import { judge } from './verdict.ts'

type Row = typeof modelThresholds.$inferSelect

const none: Omit<Row, 'modelId' | 'updatedAt'> = {
  minAccuracy: null,
  maxLatencyMs: null,
  minThroughputRps: null,
  maxCostPerRequest: null,
  ...verdictDefaults,
  autoSwitch: true,
  health: 'unknown',
  healthReason: null,
  healthAt: null,
}

export const limitsOf = ({ minAccuracy, maxLatencyMs, minThroughputRps, maxCostPerRequest }: Thresholds): Thresholds => ({
  minAccuracy,
  maxLatencyMs,
  minThroughputRps,
  maxCostPerRequest,
})

export async function readThresholds(on: Queryable, modelId: string): Promise<Omit<Row, 'modelId' | 'updatedAt'>> {
  const [row] = await on.select().from(modelThresholds).where(eq(modelThresholds.modelId, modelId))
  return row ?? none
}

/** Changes the thresholds that are given and leaves the others; null takes one away. */
export async function setThresholds(caller: Caller, { model: ref, ...input }: SetThresholds): Promise<void> {
  await transaction(async (tx) => {
    const model = await findModelRow(tx, caller, ref, true)
    const before = await readThresholds(tx, model.id)
    const set = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
    // A new limit is a new question: the old answer to it does not hold.
    const fresh = { ...set, health: 'unknown' as const, healthReason: null, updatedAt: new Date() }
    await tx
      .insert(modelThresholds)
      .values({ modelId: model.id, ...fresh })
      .onConflictDoUpdate({ target: modelThresholds.modelId, set: fresh })
    const facts = (of: typeof before) => ({
      ...limitsOf(of),
      windowMinutes: of.windowMinutes,
      minRequests: of.minRequests,
      autoSwitch: of.autoSwitch,
    })
    await recordAudit(tx, caller, {
      action: 'model.thresholds',
      targetType: 'model',
      targetId: model.id,
      targetName: model.name,
      before: facts(before),
      after: facts({ ...before, ...set }),
    })
    await tellState(tx, model, caller.correlationId, { why: 'Its thresholds were changed; it is held to them anew.' })
    await announce(tx, 'model', model.projectId, model.id)
  })
}

/** Takes what a router or a judge found of a model. */
export async function reportQuality(caller: Caller, { model: ref, ...report }: QualityReport): Promise<void> {
  const model = await findModelRow(db(), caller, ref)
  await db()
    .insert(qualityReports)
    .values({ id: newId(), modelId: model.id, reportedBy: caller.userId, ...report })
}

const shownHours = 24

/** How a model does: its figures over its window, held to its thresholds just now. */
export async function getPerformance(caller: Caller, ref: string): Promise<ModelPerformance> {
  const model = await findModelRow(db(), caller, ref)
  const row = await readThresholds(db(), model.id)
  const [figures, backups, version, quality] = await Promise.all([
    windowFigures(db(), { modelId: model.id }, lastMinutes(row.windowMinutes)),
    listBackups(db(), model.id),
    servingVersion(db(), model),
    db()
      .select()
      .from(qualityReports)
      .where(and(eq(qualityReports.modelId, model.id), gte(qualityReports.at, new Date(Date.now() - shownHours * 3_600_000))))
      .orderBy(desc(qualityReports.at))
      .limit(1000),
  ])
  const verdict = judge(figures, limitsOf(row), row.minRequests)
  const candidates = version?.signature ? await findCandidates(db(), model, interfaceOf(version)) : []
  return {
    modelId: model.id,
    model: model.name,
    health: verdict.health,
    reason: verdict.reason,
    since: row.health === verdict.health ? (row.healthAt?.toISOString() ?? null) : null,
    figures: publicFigures(figures),
    thresholds: limitsOf(row),
    windowMinutes: row.windowMinutes,
    minRequests: row.minRequests,
    autoSwitch: row.autoSwitch,
    backups,
    candidates: candidates.map((found) => ({
      id: found.model.id,
      name: found.model.name,
      version: found.version.version,
      health: found.health,
    })),
    quality: quality
      .reverse()
      .map((report) => ({ at: report.at.toISOString(), accuracy: report.accuracyScore, latencyMs: report.latencyMs })),
  }
}
