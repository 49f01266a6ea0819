/** Reading the record: an admin of the installation sees all, an admin of a project what happened in it. */
import { and, desc, eq, gte, lt, or, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { z } from 'zod'
import type { AuditEvent, AuditFilter, auditHistory, listAudit as listInput } from '#src/contracts/audit.ts'
import { isUuid, type Page } from '#src/contracts/common.ts'
import { db, type Queryable } from '#src/server/db/client.ts'
import { auditEvents, auditSeals, projects } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from '../access.ts'
import { afterCursor, countCap, encodeCursor, type ListPlace, likePattern, listPlace } from '../paging.ts'
import { findProject } from '../projects.ts'
import { searching } from '../searching.ts'

type Paging = Pick<z.infer<typeof listInput>, 'limit' | 'skip' | 'cursor'>

const seesAll = (caller: Caller) => caller.installation.includes('admin')

const partOf = (value: string, ...columns: (PgColumn | SQL)[]) => or(...columns.map((column) => sql`${column} ilike ${likePattern(value)}`))

const inProject = (ref: string) =>
  isUuid(ref)
    ? eq(auditEvents.projectId, ref)
    : sql`${auditEvents.projectId} = (select ${projects.id} from ${projects} where ${projects.name} = ${ref})`

const given = <T>(value: T | undefined, make: (value: T) => SQL | undefined) => (value === undefined ? undefined : make(value))

/** A noun alone stands for all that was done to it. */
function actionIs(action: string): SQL | undefined {
  const whole = eq(auditEvents.action, action)
  if (action.includes('.') && !action.endsWith('.')) return whole
  return or(whole, sql`starts_with(${auditEvents.action}, ${action.replace(/\.?$/, '.')})`)
}

/** Whole ids find by index; anything else is looked for inside the names of the time. */
export function whereOf(caller: Caller, filter: AuditFilter): SQL | undefined {
  return and(
    seesAll(caller) ? undefined : eq(auditEvents.projectId, caller.project.id),
    given(filter.project, inProject),
    given(filter.actor, (actor) =>
      isUuid(actor) ? or(eq(auditEvents.userId, actor), eq(auditEvents.runtimeId, actor)) : partOf(actor, auditEvents.actorName),
    ),
    given(filter.apiKey, (key) => (isUuid(key) ? eq(auditEvents.apiKeyId, key) : partOf(key, auditEvents.apiKeyName))),
    given(filter.action, actionIs),
    given(filter.targetType, (type) => eq(auditEvents.targetType, type)),
    given(filter.target, (target) => (isUuid(target) ? eq(auditEvents.targetId, target) : partOf(target, auditEvents.targetName))),
    given(filter.source, (source) => eq(auditEvents.source, source)),
    given(filter.correlationId, (id) => eq(auditEvents.correlationId, id)),
    given(filter.from, (from) => gte(auditEvents.at, new Date(from))),
    given(filter.to, (to) => lt(auditEvents.at, new Date(to))),
    given(filter.q, anywhere),
  )
}

const anywhere = (q: string) =>
  partOf(
    q,
    auditEvents.actorName,
    auditEvents.targetName,
    auditEvents.action,
    auditEvents.apiKeyName,
    sql`${auditEvents.before}::text`,
    sql`${auditEvents.after}::text`,
  )

export const listAudit = (caller: Caller, input: z.infer<typeof listInput>): Promise<Page<AuditEvent>> =>
  searching(narrowing(input), (on) => readPage(on, listPlace('audit', caller.project.id, input), whereOf(caller, input), input))

/** Of a filter, what may have to look at every entry: all but the range of time, which an index walks. */
export const narrowing = ({ actor, apiKey, action, targetType, target, source, correlationId, project, q }: AuditFilter) => ({
  actor,
  api_key: apiKey,
  action,
  target_type: targetType,
  target,
  source,
  correlation_id: correlationId,
  project,
  q,
})

/** What happened to one thing, for whoever may read the thing. Addresses and keys are for admins. */
export async function readHistory(caller: Caller, input: z.infer<typeof auditHistory>): Promise<Page<AuditEvent>> {
  const isTarget = and(eq(auditEvents.targetType, input.targetType), eq(auditEvents.targetId, input.targetId))
  const { where, isAdmin } = await readableOf(caller, input)
  const page = await readPage(db(), listPlace('history', caller.project.id, input), and(isTarget, where), input)
  if (isAdmin) return page
  return { ...page, items: page.items.map((event) => ({ ...event, address: null, apiKey: null, correlationId: null })) }
}

/**
 * The entries that the caller may read, and whether as an admin of where the thing is: a project of itself, a runtime or a person of the
 * installation, all else of the open project.
 * @throws AppError not_found for a person that is not the caller, unless an admin asks; and for a project that the caller may not see.
 */
async function readableOf(
  caller: Caller,
  { targetType, targetId }: z.infer<typeof auditHistory>,
): Promise<{ where: SQL | undefined; isAdmin: boolean }> {
  if (seesAll(caller)) return { where: undefined, isAdmin: true }
  if (targetType === 'user' && targetId !== caller.userId) throw new AppError('not_found', 'There is no such user.')
  if (targetType === 'user' || targetType === 'runtime') return { where: undefined, isAdmin: false }
  const permissions = targetType === 'project' ? (await findProject(db(), caller, targetId)).permissions : caller.permissions
  const where = targetType === 'project' ? undefined : eq(auditEvents.projectId, caller.project.id)
  return { where, isAdmin: permissions.includes('admin') }
}

async function readPage(on: Queryable, place: ListPlace, where: SQL | undefined, paging: Paging): Promise<Page<AuditEvent>> {
  const some = on.select({ one: sql`1` }).from(auditEvents).where(where).limit(countCap).as('some')
  const [events, [count]] = await Promise.all([
    readEvents(on, place, where, { ...paging, limit: paging.limit + 1 }),
    on.select({ count: sql<number>`count(*)::int` }).from(some),
  ])
  const items = events.slice(0, paging.limit)
  const last = items.at(-1)
  const hasMore = events.length > paging.limit && last !== undefined
  return { items, total: count?.count ?? 0, nextCursor: hasMore ? cursorOf(place, last) : null }
}

export const cursorOf = (place: ListPlace, event: AuditEvent) => encodeCursor(place, event.at, event.id)

/** Newest first. */
export async function readEvents(
  on: Queryable,
  place: ListPlace,
  where: SQL | undefined,
  { limit, skip, cursor }: Paging,
): Promise<AuditEvent[]> {
  const rows = await on
    .select({ event: auditEvents, seal: auditSeals, projectName: projects.name })
    .from(auditEvents)
    .leftJoin(auditSeals, eq(auditSeals.eventId, auditEvents.id))
    .leftJoin(projects, eq(projects.id, auditEvents.projectId))
    .where(and(where, afterCursor(place, cursor, auditEvents.at, auditEvents.id, 'desc')))
    .orderBy(desc(auditEvents.at), desc(auditEvents.id))
    .limit(limit)
    .offset(cursor ? 0 : skip)
  return rows.map(({ event, seal, projectName }) => view(event, seal, projectName))
}

function actorOf({ userId, runtimeId, actorName: name }: typeof auditEvents.$inferSelect): AuditEvent['actor'] {
  if (runtimeId !== null) return { kind: 'runtime', id: runtimeId, name }
  return { kind: userId === null ? 'system' : 'user', id: userId, name }
}

const view = (
  event: typeof auditEvents.$inferSelect,
  seal: typeof auditSeals.$inferSelect | null,
  projectName: string | null,
): AuditEvent => ({
  id: event.id,
  at: event.at.toISOString(),
  source: event.source,
  action: event.action,
  actor: actorOf(event),
  apiKey: event.apiKeyId === null ? null : { id: event.apiKeyId, name: event.apiKeyName },
  address: event.address,
  target: { type: event.targetType, id: event.targetId, name: event.targetName },
  project: event.projectId === null ? null : { id: event.projectId, name: projectName },
  before: event.before,
  after: event.after,
  correlationId: event.correlationId,
  transactionId: event.transactionId,
  seal: seal && { seq: seal.seq, hash: seal.hash.toString('hex'), sealedAt: seal.sealedAt.toISOString() },
})
