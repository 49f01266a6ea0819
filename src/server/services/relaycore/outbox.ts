/** What RelayCore must be told: written in the transaction that causes it, delivered by the worker in order for each model. */
import { and, eq, gt, inArray, ne, sql } from 'drizzle-orm'
import type { OutboxKind } from '#src/contracts/relaycore.ts'
import type { Queryable } from '#src/server/db/client.ts'
import { deployments, deploymentTargets, modelVersions, relaycoreOutbox } from '#src/server/db/schema.ts'
import { env } from '#src/server/env.ts'
import type { ModelRow } from '../models/view.ts'
import { lastMinutes, type MeasuredFigures, windowFigures } from '../performance/figures.ts'

type Message = { model: Pick<ModelRow, 'id' | 'name'> | null; kind: OutboxKind; payload: Record<string, unknown>; correlationId: string }

/** Without an address nothing is written, so that nothing piles up where there is no RelayCore. */
export const isOn = (): boolean => env().RELAYCORE_URL !== undefined

/**
 * Until the transaction ends nobody else writes of this model: numbers are given before transactions end, and a later one that ended
 * first would be delivered first. Two that end a model's last deployments also see each other this way.
 */
export const holdOrder = (tx: Queryable, modelId: string) =>
  tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`relaycore ${modelId}`}, 0))`)

export async function enqueue(tx: Queryable, { model, kind, payload, correlationId }: Message): Promise<void> {
  if (!isOn()) return
  if (model) await holdOrder(tx, model.id)
  await tx.insert(relaycoreOutbox).values({ modelId: model?.id ?? null, modelName: model?.name ?? null, kind, payload, correlationId })
}

const windowMinutes = 10

/** Figures as the wire carries them: numbers only, what is not known is left out. */
export function wireFigures(figures: MeasuredFigures): Record<string, number> {
  const all = {
    accuracy_score: figures.accuracy,
    success_rate: figures.successRate,
    latency_ms: figures.latencyMs.p50 ?? figures.reportedLatencyMs,
    latency_p95_ms: figures.latencyMs.p95,
    throughput_rps: figures.throughputRps,
    cost_per_request: figures.costPerRequest,
    requests: figures.requests,
  }
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, number] => entry[1] !== null))
}

const specializationsOf = (model: ModelRow) =>
  (model.specialization ?? '')
    .split(',')
    .map((text) => text.trim())
    .filter(Boolean)

/** The most that every language model takes which serves under a model's name. */
async function servedMaxTokens(on: Queryable, modelId: string): Promise<number | null> {
  const [row] = await on
    .select({ least: sql<number | null>`min((${modelVersions.external} ->> 'maxTokens')::int)` })
    .from(deployments)
    .innerJoin(deploymentTargets, eq(deploymentTargets.deploymentId, deployments.id))
    .innerJoin(modelVersions, eq(modelVersions.id, deploymentTargets.versionId))
    .where(and(eq(deployments.modelId, modelId), ne(deployments.status, 'stopped'), gt(deploymentTargets.weight, 0)))
  return row?.least ?? null
}

/** A model as RelayCore registers it. */
export async function registrationOf(on: Queryable, model: ModelRow): Promise<Record<string, unknown>> {
  const figures = await windowFigures(on, { modelId: model.id }, lastMinutes(windowMinutes))
  return {
    model_id: model.id,
    name: model.name,
    provider: 'neuroweaver',
    specialization: specializationsOf(model),
    endpoint: `${env().webUrl}/api/v1/inference`,
    cost_per_token: model.costPerToken ?? 0,
    max_tokens: model.maxTokens ?? (await servedMaxTokens(on, model.id)) ?? 0,
    capabilities: model.capabilities.length > 0 ? model.capabilities : [model.task ?? 'inference'],
    performance_metrics: wireFigures(figures),
  }
}

export async function tellRegistered(tx: Queryable, model: ModelRow, correlationId: string): Promise<void> {
  if (!isOn()) return
  await enqueue(tx, { model, kind: 'register', payload: await registrationOf(tx, model), correlationId })
}

/** `switched` is an event: the new state follows it. */
export async function tellStatus(
  tx: Queryable,
  model: Pick<ModelRow, 'id' | 'name'>,
  status: 'ready' | 'degraded' | 'switched' | 'failed',
  reason: string,
  correlationId: string,
): Promise<void> {
  const payload = { model_id: model.id, status, reason, timestamp: new Date().toISOString() }
  await enqueue(tx, { model, kind: 'status', payload, correlationId })
}

/** Takes a model from RelayCore when its last deployment is gone. */
export async function tellRemovedIfLast(tx: Queryable, model: Pick<ModelRow, 'id' | 'name'>, correlationId: string): Promise<void> {
  if (!isOn()) return
  await holdOrder(tx, model.id)
  const left = await tx.$count(deployments, and(eq(deployments.modelId, model.id), ne(deployments.status, 'stopped')))
  if (left === 0) await enqueue(tx, { model, kind: 'remove', payload: { model_id: model.id }, correlationId })
}

/** Tells a model's figures; a message that still waits gets the newer ones instead of a second one behind it. */
export async function tellPerformance(tx: Queryable, model: ModelRow, figures: MeasuredFigures, correlationId: string): Promise<void> {
  if (!isOn()) return
  await holdOrder(tx, model.id)
  const payload = { model_id: model.id, performance_metrics: wireFigures(figures), updated_at: new Date().toISOString() }
  const isWaiting = and(
    eq(relaycoreOutbox.modelId, model.id),
    eq(relaycoreOutbox.kind, 'performance'),
    eq(relaycoreOutbox.status, 'waiting'),
  )
  const newest = tx
    .select({ seq: sql`max(${relaycoreOutbox.seq})` })
    .from(relaycoreOutbox)
    .where(isWaiting)
  const updated = await tx
    .update(relaycoreOutbox)
    .set({ payload })
    .where(and(isWaiting, inArray(relaycoreOutbox.seq, newest)))
    .returning({ seq: relaycoreOutbox.seq })
  if (updated.length === 0) await enqueue(tx, { model, kind: 'performance', payload, correlationId })
}
