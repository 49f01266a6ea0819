/** Tags, metadata and metrics as rows of their own, so that filters walk an index instead of every model. */
import { and, eq, type SQL, sql } from 'drizzle-orm'
import { type FilterClause, FilterError, parseFilter } from '#src/contracts/filter.ts'
import type { Queryable } from '#src/server/db/client.ts'
import { modelFacts, models } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'

type Described = {
  id: string
  projectId: string
  tags: Record<string, string>
  metadata: Record<string, unknown>
  metrics: Record<string, number | null>
}
type Fact = typeof modelFacts.$inferInsert

const maxIndexedText = 500

function flatten(value: unknown, prefix: string, into: Map<string, string | number | boolean>): void {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') into.set(prefix, value)
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return
  for (const [key, inner] of Object.entries(value)) flatten(inner, prefix ? `${prefix}.${key}` : key, into)
}

function factsOf(model: Described): Fact[] {
  return (['tags', 'metadata', 'metrics'] as const).flatMap((kind) => {
    const flat = new Map<string, string | number | boolean>()
    flatten(model[kind], '', flat)
    return [...flat].map(([key, value]) => ({
      projectId: model.projectId,
      modelId: model.id,
      kind,
      key: key.slice(0, maxIndexedText),
      text: String(value).slice(0, maxIndexedText),
      number: numberOf(value),
    }))
  })
}

function numberOf(value: string | number | boolean): number | null {
  if (typeof value === 'boolean' || value === '') return null
  const number = Number(value)
  return Number.isFinite(number) ? number : null
}

/** Writes a model's facts anew, in the transaction that changed them. */
export async function writeFacts(tx: Queryable, model: Described): Promise<void> {
  await tx.delete(modelFacts).where(eq(modelFacts.modelId, model.id))
  const facts = factsOf(model)
  if (facts.length > 0) await tx.insert(modelFacts).values(facts).onConflictDoNothing()
}

/** @throws AppError bad_request that says what the filter should have been. */
export function filterCondition(filter: string | undefined, projectId: string): SQL | undefined {
  if (!filter?.trim()) return undefined
  try {
    return and(...parseFilter(filter).map((clause) => clauseCondition(clause, projectId)))
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    throw new AppError('bad_request', `filter: ${error.message}`, { details: [{ path: 'filter', message: error.message }] })
  }
}

const operators: Record<FilterClause['operator'], SQL> = {
  '=': sql`=`,
  '!=': sql`<>`,
  '>': sql`>`,
  '>=': sql`>=`,
  '<': sql`<`,
  '<=': sql`<=`,
}

function clauseCondition(clause: FilterClause, projectId: string): SQL {
  if (clause.kind === 'status') return sql`${models.status} ${operators[clause.operator]} ${String(clause.value)}`
  const column = typeof clause.value === 'number' ? modelFacts.number : modelFacts.text
  const value = typeof clause.value === 'number' ? sql`${clause.value}::double precision` : sql`${clause.value.slice(0, maxIndexedText)}`
  return sql`${models.id} in (select ${modelFacts.modelId} from ${modelFacts} where ${modelFacts.projectId} = ${projectId}
    and ${modelFacts.kind} = ${clause.kind} and ${modelFacts.key} = ${clause.key} and ${column} ${operators[clause.operator]} ${value})`
}
