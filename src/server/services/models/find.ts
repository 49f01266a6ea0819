import { and, asc, desc, eq, getTableColumns, sql } from 'drizzle-orm'
import { isUuid, type Page } from '#src/contracts/common.ts'
import type { ListModels, Model } from '#src/contracts/model.ts'
import { executeNamed, type Queryable, rawPool, type Tx } from '#src/server/db/client.ts'
import { models, users } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from '../access.ts'
import { filterCondition } from '../facts.ts'
import { afterCursor, countCap, encodeCursor, likePattern, listPlace } from '../paging.ts'
import { searching } from '../searching.ts'
import { type ModelRow, viewModel } from './view.ts'

export const modelNotFound = (ref: string) =>
  new AppError('not_found', `There is no model "${ref.slice(0, 100)}" in this project. Look at the list of models for its name.`)

/** The row of a model in the caller's project, by id or name; `lock` holds it until the transaction ends. */
export async function findModelRow(on: Queryable, caller: Caller, ref: string, lock = false): Promise<ModelRow> {
  const byRef = isUuid(ref) ? eq(models.id, ref) : eq(models.name, ref)
  const query = on
    .select()
    .from(models)
    .where(and(eq(models.projectId, caller.project.id), byRef))
  const [row] = lock ? await query.for('update') : await query
  if (!row) throw modelNotFound(ref)
  return row
}

const selectList = `m.id, m.name, m.description, m.specialization, m.base_model as "baseModel", m.cost_per_token as "costPerToken", m.cost_per_request as "costPerRequest",
  m.max_tokens as "maxTokens", m.capabilities, m.tags, m.metadata, m.status,
  m.latest_version as "latestVersion", m.metrics, m.task, m.aliases, m.created_at as "createdAt", m.updated_at as "updatedAt", u.email as "createdBy"`
const getStatements = {
  id: {
    name: 'model-by-id',
    text: `select ${selectList} from models m left join users u on u.id = m.created_by where m.project_id = $1 and m.id = $2`,
  },
  name: {
    name: 'model-by-name',
    text: `select ${selectList} from models m left join users u on u.id = m.created_by where m.project_id = $1 and m.name = $2`,
  },
}

/**
 * One model, by a statement that is prepared once a connection: this is the hottest read of the registry.
 * @param tx the transaction that changed it, where the answer to the change must not need a connection of its own.
 */
export async function getModel(caller: Caller, ref: string, tx?: Tx): Promise<Model> {
  const { name, text } = isUuid(ref) ? getStatements.id : getStatements.name
  const values = [caller.project.id, ref]
  const { rows } = tx ? await executeNamed(tx, name, text, values) : await rawPool().query({ name, text, values })
  const row = rows[0]
  if (!row) throw modelNotFound(ref)
  return { ...row, project: caller.project.name, createdAt: isoOf(row.createdAt), updatedAt: isoOf(row.updatedAt) }
}

/** A moment as the driver gives it, or as Drizzle lets it pass as text. */
const isoOf = (moment: Date | string) => new Date(moment).toISOString()

const orders = {
  updated_at: { column: models.updatedAt, sortValue: (row: ModelRow) => row.updatedAt },
  created_at: { column: models.createdAt, sortValue: (row: ModelRow) => row.createdAt },
  name: { column: models.name, sortValue: (row: ModelRow) => row.name },
}

export async function listModels(caller: Caller, input: ListModels): Promise<Page<Model>> {
  const place = listPlace('models', caller.project.id, input)
  const [field, direction] = input.orderBy.split(' ') as [keyof typeof orders, 'asc' | 'desc']
  const { column, sortValue } = orders[field]
  const sort = direction === 'desc' ? desc : asc
  const where = and(
    eq(models.projectId, caller.project.id),
    input.q ? sql`${models.name} ilike ${likePattern(input.q)}` : undefined,
    filterCondition(input.filter, caller.project.id),
  )
  const [rows, total] = await searching({ filter: input.filter, q: input.q }, (on) =>
    Promise.all([
      on
        .select({ ...getTableColumns(models), email: users.email })
        .from(models)
        .leftJoin(users, eq(users.id, models.createdBy))
        .where(and(where, afterCursor(place, input.cursor, column, models.id, direction)))
        .orderBy(sort(column), sort(models.id))
        .limit(input.limit + 1)
        .offset(input.cursor ? 0 : input.skip),
      countModels(on, where),
    ]),
  )
  const shown = rows.slice(0, input.limit)
  const last = rows.length > input.limit ? shown.at(-1) : undefined
  return {
    items: shown.map((row) => viewModel(row, caller.project.name, row.email)),
    nextCursor: last ? encodeCursor(place, sortValue(last), last.id) : null,
    total,
  }
}

async function countModels(on: Queryable, where: ReturnType<typeof and>): Promise<number> {
  const some = on.select({ one: sql`1` }).from(models).where(where).limit(countCap).as('some')
  const [row] = await on.select({ count: sql<number>`count(*)::int` }).from(some)
  return row?.count ?? 0
}
