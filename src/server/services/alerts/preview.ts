/** What a rule would have done: its figure over the past, and when it would have fired. */
import { and, asc, desc, eq, gte, inArray, ne } from 'drizzle-orm'
import { type AlertFigure, alertFigures, type PreviewRule, type RulePreview } from '#src/contracts/alert.ts'
import { emptyHistogram, mergeHistograms, percentileMs } from '#src/contracts/latency.ts'
import { db } from '#src/server/db/client.ts'
import { deployments, performanceMetrics, qualityReports } from '#src/server/db/schema.ts'
import type { Caller } from '../access.ts'
import { findDeploymentRow } from '../deployments/row.ts'
import { findModelRow } from '../models/find.ts'
import { breachOf, isClear } from './figure.ts'
import { figuresOfRound, readFigure } from './readings.ts'
import { checkReach } from './rules.ts'
import { listRuntimes, theDisk } from './subjects.ts'

type Bucket = typeof performanceMetrics.$inferSelect
type Report = Pick<typeof qualityReports.$inferSelect, 'at' | 'accuracyScore' | 'costPerRequest'>
type Point = RulePreview['deployments'][number]['points'][number]
type Firing = RulePreview['deployments'][number]['firings'][number]

const maxPoints = 240
const maxDeployments = 6
const maxPresent = 20
const minuteMs = 60_000

const latencyOf = (rows: Bucket[], field: 'latencyCounts' | 'queueCounts') =>
  percentileMs(
    rows.reduce((all, row) => mergeHistograms(all, row[field]), emptyHistogram()),
    0.95,
  )

/** The field of the reports that a figure is made of, for those that others report. */
const reportedBy: Partial<Record<AlertFigure, 'accuracyScore' | 'costPerRequest'>> = {
  accuracy: 'accuracyScore',
  cost_per_request: 'costPerRequest',
}

function meanOf(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : null
}

/** Minutes from the end of the last minute with a request to `at`. */
function sinceLast(rows: Bucket[], at: number): number | null {
  const last = rows.reduce((latest, row) => (row.requests > 0 ? Math.max(latest, row.minute.getTime()) : latest), 0)
  return last === 0 ? null : Math.max(0, (at - last - minuteMs) / minuteMs)
}

type Past = { rows: Bucket[]; reports: Report[]; windowMinutes: number; at: number }

function figureOf(
  figure: AlertFigure,
  { rows, reports, windowMinutes, at }: Past,
): { value: number | null; count: number; requests: number } {
  const requests = rows.reduce((sum, row) => sum + row.requests, 0)
  const errors = rows.reduce((sum, row) => sum + row.errors, 0)
  const values: Record<AlertFigure, () => number | null> = {
    latency_p95: () => latencyOf(rows, 'latencyCounts'),
    queue_p95: () => latencyOf(rows, 'queueCounts'),
    success_rate: () => (requests > 0 ? (requests - errors) / requests : null),
    error_rate: () => (requests > 0 ? errors / requests : null),
    throughput: () => requests / (windowMinutes * 60),
    accuracy: () => meanOf(reports.map(({ accuracyScore }) => accuracyScore)),
    cost_per_request: () => meanOf(reports.map(({ costPerRequest }) => costPerRequest)),
    no_requests: () => sinceLast(rows, at),
    runtime_silent: () => null,
    disk_free: () => null,
  }
  const field = reportedBy[figure]
  const count = field ? reports.filter((report) => report[field] !== null).length : requests
  return { value: values[figure](), count, requests: Math.max(requests, field ? reports.length : 0) }
}

/** The figure at each step, each over the window that ends there; null where there were too few requests for a verdict. */
function pointsOf(input: PreviewRule, rows: Bucket[], reports: Report[], now: number): Point[] {
  const fromMs = now - input.hours * 60 * minuteMs
  const stepMs = Math.max(minuteMs, Math.ceil((now - fromMs) / maxPoints / minuteMs) * minuteMs)
  const windowMs = input.windowMinutes * minuteMs
  const points: Point[] = []
  for (let at = fromMs + stepMs; at <= now; at += stepMs) {
    const isInside = (time: Date) => time.getTime() > at - windowMs && time.getTime() <= at
    const inside = rows.filter((row) => isInside(row.minute))
    const { value, count, requests } = figureOf(input.figure, {
      rows: inside,
      reports: reports.filter((report) => isInside(report.at)),
      windowMinutes: input.windowMinutes,
      at,
    })
    points.push({ at: new Date(at).toISOString(), value: count >= input.minRequests && count > 0 ? value : null, requests })
  }
  return points
}

/** Stretches over which it would have fired, each with its worst severity: from when the breach had lasted, until the figure was well clear. */
function firingsOf(input: PreviewRule, points: Point[]): Firing[] {
  const firings: Firing[] = []
  let open: Firing | undefined
  let since: string | undefined
  for (const { at, value, requests } of points) {
    const breach = value === null ? undefined : breachOf(input, value)
    since = breach ? (since ?? at) : undefined
    if (open) open.to = at
    const isSilent = requests === 0 && value === null && !alertFigures[input.figure].isState
    if (open && (isSilent || (value !== null && isClear(input, value)))) open = undefined
    if (!breach || !since || Date.parse(at) - Date.parse(since) < input.forMinutes * minuteMs) continue
    if (open) {
      if (breach.severity === 'critical') open.severity = 'critical'
      continue
    }
    open = { from: at, to: at, severity: breach.severity }
    firings.push(open)
  }
  return firings
}

/** Heartbeats and free space are not kept; what is seen of them now at least shows on which side of the thresholds they are. */
async function presentOf(input: PreviewRule, subject: 'runtime' | 'disk'): Promise<RulePreview> {
  const subjects = subject === 'disk' ? [theDisk] : await listRuntimes()
  const figuresOf = figuresOfRound(Date.now())
  const now = await Promise.all(
    subjects.slice(0, maxPresent).map(async (one) => ({ name: one.name, value: (await readFigure(input, one, figuresOf)).value })),
  )
  return { deployments: [], hasPast: false, now }
}

/** The deployments that a rule would watch, the busiest few when there are many. */
export async function previewRule(caller: Caller, input: PreviewRule): Promise<RulePreview> {
  checkReach(input.figure, input)
  const { subject } = alertFigures[input.figure]
  if (subject) return presentOf(input, subject)
  const now = Date.now()
  const model = input.model ? await findModelRow(db(), caller, input.model) : undefined
  const watched = input.deployment
    ? [await findDeploymentRow(db(), caller, input.deployment)]
    : await db()
        .select()
        .from(deployments)
        .where(
          and(
            eq(deployments.projectId, caller.project.id),
            ne(deployments.status, 'stopped'),
            model ? eq(deployments.modelId, model.id) : undefined,
          ),
        )
        .orderBy(desc(deployments.updatedAt))
        .limit(maxDeployments)
  if (watched.length === 0) return { deployments: [], hasPast: true, now: [] }
  const since = new Date(now - input.hours * 60 * minuteMs - input.windowMinutes * minuteMs)
  const [rows, reports] = await Promise.all([
    db()
      .select()
      .from(performanceMetrics)
      .where(
        and(
          inArray(
            performanceMetrics.deploymentId,
            watched.map(({ id }) => id),
          ),
          gte(performanceMetrics.minute, since),
        ),
      )
      .orderBy(asc(performanceMetrics.minute)),
    db()
      .select({
        modelId: qualityReports.modelId,
        at: qualityReports.at,
        accuracyScore: qualityReports.accuracyScore,
        costPerRequest: qualityReports.costPerRequest,
      })
      .from(qualityReports)
      .where(
        and(
          inArray(
            qualityReports.modelId,
            watched.map(({ modelId }) => modelId),
          ),
          gte(qualityReports.at, since),
        ),
      )
      .limit(50_000),
  ])
  return {
    hasPast: true,
    now: [],
    deployments: watched.map(({ id, name, modelId }) => {
      const points = pointsOf(
        input,
        rows.filter((row) => row.deploymentId === id),
        reports.filter((report) => report.modelId === modelId),
        now,
      )
      return { id, name, points, firings: firingsOf(input, points) }
    }),
  }
}
