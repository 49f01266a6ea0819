/**
 * The statements that write an entry: few texts, so that the server plans each once a connection. What things are called at this
 * moment they read themselves, where the change does not say it, so that no change needs another round to the server.
 */

const columns = {
  id: 'uuid',
  project_id: 'uuid',
  user_id: 'uuid',
  api_key_id: 'uuid',
  runtime_id: 'uuid',
  address: 'text',
  source: 'text',
  action: 'text',
  target_type: 'text',
  target_id: 'text',
  before: 'jsonb',
  after: 'jsonb',
  correlation_id: 'text',
  actor_name: 'text',
  target_name: 'text',
} as const
type Column = keyof typeof columns
export type Entry = Record<Column, string | null>

const names = Object.keys(columns) as Column[]
const parameter = (column: Column) => `$${names.indexOf(column) + 1}::${columns[column]}`

const actors = {
  said: 'null',
  runtime: `(select name from runtimes where id = ${parameter('runtime_id')})`,
  user: `(select email from users where id = ${parameter('user_id')})`,
}

/** Where the name of a target stands, by its type. */
const targets: Record<string, string> = {
  model: 'select name from models',
  dataset: 'select name from datasets',
  job: 'select name from training_jobs',
  deployment: 'select name from deployments',
  upload: 'select filename from uploads',
  project: 'select name from projects',
  runtime: 'select name from runtimes',
  user: 'select email from users',
  api_key: 'select name from api_keys',
}

const keyName = `(select name || ' (' || prefix || '…)' from api_keys where id = ${parameter('api_key_id')})`

function textOf(actor: keyof typeof actors, target: string | null, isKeyed: boolean): string {
  const looked: Partial<Record<Column, string>> = {
    actor_name: actors[actor],
    target_name: target ? `(${targets[target]} where id = ${parameter('target_id')}::uuid)` : 'null',
  }
  const values = names.map((column) => (looked[column] ? `coalesce(${parameter(column)}, ${looked[column]})` : parameter(column)))
  return `insert into audit_events (${names.join(', ')}, api_key_name) values (${values.join(', ')}, ${isKeyed ? keyName : 'null'})`
}

const texts = new Map<string, string>()

/**
 * @param entry with null for a name that is to be looked up.
 * @param isId whether `target_id` is a UUID: nothing else is looked up.
 * @returns the statement under a name of its own, with its parameters.
 */
export function insertOf(entry: Entry, isId: boolean): { name: string; text: string; params: (string | null)[] } {
  const actor = entry.actor_name !== null ? 'said' : entry.runtime_id !== null ? 'runtime' : entry.user_id !== null ? 'user' : 'said'
  const target = entry.target_name === null && isId && targets[entry.target_type ?? ''] ? entry.target_type : null
  const isKeyed = entry.api_key_id !== null
  const name = `audit ${actor} ${target ?? 'said'} ${isKeyed}`
  const text = texts.get(name) ?? textOf(actor, target, isKeyed)
  texts.set(name, text)
  return { name, text, params: names.map((column) => entry[column]) }
}
