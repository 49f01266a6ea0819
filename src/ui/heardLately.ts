import type { Change } from '#src/contracts/home.ts'

/** Longer than a page takes to be rendered on the server and to come alive here. */
const windowMs = 15_000

/** The first part of the keys of the queries that show a noun. */
const roots: Record<Change['kind'], readonly string[]> = {
  model: ['models', 'performance', 'home'],
  dataset: ['datasets', 'home'],
  job: ['training', 'home'],
  deployment: ['deployments', 'models', 'home'],
  upload: ['uploads'],
  runtime: ['runtimes', 'deployments', 'home'],
  user: ['users', 'me', 'apiKeys'],
  project: ['projects', 'members', 'me'],
  alert: ['alerts'],
  channel: ['channels'],
}

const heardAt = new Map<string, number>()

/** Remembers that these nouns were announced as changed. */
export function noteHeard(nouns: readonly Change['kind'][]): void {
  for (const root of nouns.flatMap((noun) => roots[noun])) heardAt.set(root, Date.now())
}

/**
 * True when what a query shows was announced as changed a moment ago. A page that was rendered just before the announcement and
 * came alive just after it would otherwise show the state before for as long as it is open.
 */
export function isHeardLately(queryKey: readonly unknown[]): boolean {
  const [path] = queryKey
  const root = Array.isArray(path) ? path[0] : path
  return Date.now() - (heardAt.get(String(root)) ?? 0) < windowMs
}
