import type { AuditEvent, AuditSource } from '#src/contracts/audit.ts'

export const sourceNames: Record<AuditSource, string> = {
  web: 'Web page',
  rest: 'REST API',
  client: 'Client or upload',
  runtime: 'Runtime',
  system: 'Installation',
}

export const actorText = ({ actor }: Pick<AuditEvent, 'actor'>): string =>
  actor.name ?? (actor.kind === 'system' ? 'The installation' : `A ${actor.kind} that is gone`)

export const targetText = ({ target }: Pick<AuditEvent, 'target'>): string => target.name ?? target.id

const typeNames: Record<string, string> = { dataset: 'data set', job: 'training job', api_key: 'API key' }
export const typeText = (type: string): string => typeNames[type] ?? type.replaceAll('_', ' ')

const pages: Record<string, (id: string) => string> = {
  model: (id) => `/models/${id}`,
  dataset: (id) => `/datasets/${id}`,
  job: (id) => `/training/${id}`,
  deployment: (id) => `/deployments/${id}`,
  runtime: () => '/settings/runtimes',
  user: () => '/settings/users',
  project: () => '/settings/projects',
  api_key: () => '/settings/keys',
}
/** The page of what an entry is about; none for what has no page. */
export const targetHref = ({ target }: Pick<AuditEvent, 'target'>): string | null => pages[target.type]?.(target.id) ?? null

/** The record with these filters. */
export const auditHref = (filter: Record<string, string>): string => `/settings/audit?${new URLSearchParams(filter)}`
