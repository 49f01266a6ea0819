/** The log of a job: what its trainer says and what the server adds, in one order over all attempts. */
import { and, asc, eq, gt, max, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { EventBody, metricSeries, TrainingEvent } from '#src/contracts/training.ts'
import { db, notify, type Tx } from '#src/server/db/client.ts'
import { trainingEvents, trainingJobs } from '#src/server/db/schema.ts'
import type { JobRow } from './view.ts'

type Numbered = EventBody & { n: number | null }

/** Appends events to a job whose row the caller has locked, and wakes who watches. */
export async function appendEvents(tx: Tx, job: Pick<JobRow, 'id' | 'attempt' | 'lastSeq'>, events: readonly Numbered[]): Promise<void> {
  if (events.length === 0) return
  const rows = events.map(({ n, ...body }, index) => ({
    jobId: job.id,
    seq: job.lastSeq + index + 1,
    attempt: job.attempt,
    n,
    at: new Date(body.at),
    type: body.type,
    body: body as EventBody,
  }))
  await tx.insert(trainingEvents).values(rows)
  await tx
    .update(trainingJobs)
    .set({ lastSeq: job.lastSeq + rows.length })
    .where(eq(trainingJobs.id, job.id))
  await notify(tx, 'nw_events', job.id)
}

/** What the server itself says of a job. */
export const stateEvent = (state: string, message?: string): Numbered => ({
  n: null,
  type: 'state',
  at: new Date().toISOString(),
  state,
  ...(message ? { message } : {}),
})

/** The highest number that this attempt has been heard to say: what comes again up to it is dropped. */
export async function lastNumber(tx: Tx, jobId: string, attempt: number): Promise<number> {
  const [row] = await tx
    .select({ n: max(trainingEvents.n) })
    .from(trainingEvents)
    .where(and(eq(trainingEvents.jobId, jobId), eq(trainingEvents.attempt, attempt)))
  return row?.n ?? 0
}

/** Events after a sequence number, in order; whoever calls has checked that the job may be read. */
export async function readEvents(jobId: string, after: number, limit: number, type?: EventBody['type']): Promise<TrainingEvent[]> {
  const rows = await db()
    .select({ seq: trainingEvents.seq, attempt: trainingEvents.attempt, body: trainingEvents.body })
    .from(trainingEvents)
    .where(and(eq(trainingEvents.jobId, jobId), gt(trainingEvents.seq, after), type ? eq(trainingEvents.type, type) : undefined))
    .orderBy(asc(trainingEvents.seq))
    .limit(limit)
  return rows.map(({ seq, attempt, body }) => ({ seq, attempt, ...body }) as TrainingEvent)
}

type Point = { step: number; value: number | null; at: string }

/**
 * Every series of a job, thinned to at most `points` buckets a series. Each bucket keeps its first, smallest, largest and last point
 * (Jugel et al., "M4", VLDB 2014), so no spike is lost. Of points of one step, those of the latest attempt count.
 */
export async function readSeries(jobId: string, points: number): Promise<z.infer<typeof metricSeries>[]> {
  const rows = await db()
    .select({
      name: sql<string>`${trainingEvents.body}->>'name'`,
      step: sql<number>`(${trainingEvents.body}->>'step')::float8`,
      value: sql<number | null>`(${trainingEvents.body}->>'value')::float8`,
      at: trainingEvents.at,
    })
    .from(trainingEvents)
    .where(and(eq(trainingEvents.jobId, jobId), eq(trainingEvents.type, 'metric')))
    .orderBy(asc(trainingEvents.seq))
    .limit(500_000)
  const series = new Map<string, Map<number, Point>>()
  for (const { name, step, value, at } of rows) {
    const ofName = series.get(name) ?? new Map<number, Point>()
    ofName.set(step, { step, value, at: at.toISOString() })
    series.set(name, ofName)
  }
  return [...series].map(([name, bySteps]) => ({
    name,
    points: thin(
      [...bySteps.values()].sort((left, right) => left.step - right.step),
      points,
    ),
  }))
}

function thin(points: Point[], buckets: number): Point[] {
  if (points.length <= buckets * 4) return points
  const width = points.length / buckets
  return Array.from({ length: buckets }, (_, index) =>
    extremes(points.slice(Math.floor(index * width), Math.floor((index + 1) * width))),
  ).flat()
}

function extremes(bucket: Point[]): Point[] {
  const finite = bucket.filter((point) => point.value !== null)
  const by = (better: (value: number, than: number) => boolean) =>
    finite.reduce<Point | undefined>(
      (best, point) => (!best || better(point.value as number, best.value as number) ? point : best),
      undefined,
    )
  const kept = new Set([bucket[0], by((value, than) => value < than), by((value, than) => value > than), bucket.at(-1)])
  return bucket.filter((point) => kept.has(point))
}
