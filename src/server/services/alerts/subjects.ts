/** What rules watch: deployments, runtimes, the disk. */
import { and, eq, inArray, isNotNull, isNull, lt, ne, not, or, type SQL, sql } from 'drizzle-orm'
import { type AlertFigure, alertFigures } from '#src/contracts/alert.ts'
import { db, type Queryable } from '#src/server/db/client.ts'
import { alertRules, alerts, deployments, runtimes } from '#src/server/db/schema.ts'

type Rule = typeof alertRules.$inferSelect
type Alert = typeof alerts.$inferSelect
/** A deployment of a model, a runtime, or with neither id the disk that the data is on. */
export type Subject = { deploymentId: string | null; modelId: string | null; runtimeId: string | null; name: string }

const figuresOf = (subject: 'runtime' | 'disk' | undefined) =>
  (Object.keys(alertFigures) as AlertFigure[]).filter((figure) => alertFigures[figure].subject === subject)

const diskSubject: Subject = { deploymentId: null, modelId: null, runtimeId: null, name: 'the data disk' }
const ofDeployment = { deploymentId: deployments.id, modelId: deployments.modelId, name: deployments.name }
const ofRuntime = { runtimeId: runtimes.id, name: runtimes.name }

/** The alerts about a subject. */
export const isAbout = ({ deploymentId, runtimeId }: Subject) =>
  and(
    deploymentId ? eq(alerts.deploymentId, deploymentId) : isNull(alerts.deploymentId),
    runtimeId ? eq(alerts.runtimeId, runtimeId) : isNull(alerts.runtimeId),
  )

const isWatchedDeployment = and(
  eq(deployments.projectId, alertRules.projectId),
  ne(deployments.status, 'stopped'),
  or(isNull(alertRules.deploymentId), eq(alertRules.deploymentId, deployments.id)),
  or(isNull(alertRules.modelId), eq(alertRules.modelId, deployments.modelId)),
)
const isOn = and(eq(alertRules.isEnabled, true), or(isNull(alertRules.mutedUntil), lt(alertRules.mutedUntil, sql`now()`)))

/** Written with the tables' names: a select of one table alone leaves them out, and then the inner table's columns would be meant. */
const hasOpen = (id: 'deployments.id' | 'runtimes.id' | 'alert_rules.id') =>
  sql<boolean>`exists (select 1 from alerts a where a.rule_id = alert_rules.id and coalesce(a.deployment_id, a.runtime_id, a.rule_id) = ${sql.raw(id)} and a.status <> 'resolved')`

type Watched = { rule: Rule; subject: Subject; hasOpen: boolean }

/** Every rule that is on and not muted, with each thing that it watches. */
export async function listWatched(): Promise<Watched[]> {
  const isOf = (subject: 'runtime' | 'disk' | undefined) => and(isOn, inArray(alertRules.figure, figuresOf(subject)))
  const [ofDeployments, ofRuntimes, ofDisk] = await Promise.all([
    db()
      .select({ rule: alertRules, subject: ofDeployment, hasOpen: hasOpen('deployments.id') })
      .from(alertRules)
      .innerJoin(deployments, isWatchedDeployment)
      .where(isOf(undefined))
      .limit(20_000),
    db()
      .select({ rule: alertRules, subject: ofRuntime, hasOpen: hasOpen('runtimes.id') })
      .from(alertRules)
      .innerJoin(runtimes, isNull(runtimes.removedAt))
      .where(isOf('runtime'))
      .limit(20_000),
    db()
      .select({ rule: alertRules, hasOpen: hasOpen('alert_rules.id') })
      .from(alertRules)
      .where(isOf('disk')),
  ])
  return [
    ...ofDeployments.map(({ subject, ...rest }) => ({ ...rest, subject: { ...subject, runtimeId: null } })),
    ...ofRuntimes.map(({ subject, ...rest }) => ({ ...rest, subject: { ...subject, deploymentId: null, modelId: null } })),
    ...ofDisk.map((rest) => ({ ...rest, subject: diskSubject })),
  ]
}

type About = { alert: Alert; rule: Rule; subject: Subject }

/** Alerts with their rule and what they are about. */
async function readAbout(on: Queryable, where: SQL | undefined): Promise<About[]> {
  const rows = await on
    .select({ alert: alerts, rule: alertRules, deployment: ofDeployment, runtime: ofRuntime })
    .from(alerts)
    .innerJoin(alertRules, eq(alertRules.id, alerts.ruleId))
    .leftJoin(deployments, eq(deployments.id, alerts.deploymentId))
    .leftJoin(runtimes, eq(runtimes.id, alerts.runtimeId))
    .where(where)
    .limit(1000)
  return rows.map(({ alert, rule, deployment, runtime }) => ({ alert, rule, subject: { ...diskSubject, ...runtime, ...deployment } }))
}

export const findAbout = async (on: Queryable, alertId: string): Promise<About | undefined> =>
  (await readAbout(on, eq(alerts.id, alertId)))[0]

/** Open alerts of what no rule watches any more. */
export function listUnwatched(): Promise<About[]> {
  const isGone = or(
    eq(alertRules.isEnabled, false),
    and(isNotNull(alerts.deploymentId), not(isWatchedDeployment ?? sql`true`)),
    and(isNotNull(alerts.runtimeId), isNotNull(runtimes.removedAt)),
  )
  return readAbout(db(), and(ne(alerts.status, 'resolved'), isGone))
}

/** The runtimes that are not removed, each as a subject. */
export async function listRuntimes(): Promise<Subject[]> {
  const rows = await db().select(ofRuntime).from(runtimes).where(isNull(runtimes.removedAt)).limit(1000)
  return rows.map((row) => ({ ...diskSubject, ...row }))
}
export const theDisk = diskSubject
