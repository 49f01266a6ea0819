import type { Model } from '#src/contracts/model.ts'
import type { models } from '#src/server/db/schema.ts'

export type ModelRow = typeof models.$inferSelect

/** The version that an alias names. An alias may be called `constructor`, which every object has. */
export const aliasOf = ({ aliases }: Pick<ModelRow, 'aliases'>, alias: string): number | undefined =>
  Object.hasOwn(aliases, alias) ? aliases[alias] : undefined

export const viewModel = (row: ModelRow, project: string, createdBy: string | null): Model => ({
  id: row.id,
  name: row.name,
  description: row.description,
  specialization: row.specialization,
  baseModel: row.baseModel,
  costPerToken: row.costPerToken,
  costPerRequest: row.costPerRequest,
  maxTokens: row.maxTokens,
  capabilities: row.capabilities,
  tags: row.tags,
  metadata: row.metadata,
  status: row.status,
  latestVersion: row.latestVersion,
  metrics: row.metrics,
  task: row.task,
  aliases: row.aliases,
  project,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
  createdBy,
})

type Routing = Partial<Pick<ModelRow, 'costPerToken' | 'costPerRequest' | 'maxTokens' | 'capabilities'>>

/** What was given of the fields that a router weighs. */
export function routingOf({
  costPerToken,
  costPerRequest,
  maxTokens,
  capabilities,
}: { [Key in keyof Routing]?: Routing[Key] | undefined }): Routing {
  const all = { costPerToken, costPerRequest, maxTokens, capabilities }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}
