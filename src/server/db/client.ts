import { AsyncLocalStorage } from 'node:async_hooks'
import { type ExtractTablesWithRelations, sql } from 'drizzle-orm'
import { drizzle, type NodePgDatabase, type NodePgQueryResultHKT } from 'drizzle-orm/node-postgres'
import type { PgTransaction } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { createLog } from '#src/server/log.ts'
import * as schema from './schema.ts'

export type Db = NodePgDatabase<typeof schema>
export type Tx = PgTransaction<NodePgQueryResultHKT, typeof schema, ExtractTablesWithRelations<typeof schema>>
/** What a query runs on: the pool, or the transaction that it is part of. */
export type Queryable = Db | Tx

const log = createLog('db')
let pool: pg.Pool | undefined
let client: Db | undefined
let searchPool: pg.Pool | undefined
let searchClient: Db | undefined
let isClosed = false

/** What is still under way when the process stops is refused like anything else while the database is away. */
const closedOr = (early: string) => new Error(isClosed ? 'Connection terminated: this process is stopping' : early)

/** Opens the pool of this process once. `statementTimeoutMs` ends a runaway query on the server's side. */
export function connect(url: string, options: { max?: number; statementTimeoutMs?: number } = {}): Db {
  if (client) return client
  isClosed = false
  pool = openPool(url, options.max ?? 16, options.statementTimeoutMs ?? 10_000)
  client = drizzle(pool, { schema })
  searchPool = openPool(url, searchConnections, searchTimeoutMs)
  searchClient = drizzle(searchPool, { schema })
  return client
}

function openPool(url: string, max: number, statementTimeoutMs: number): pg.Pool {
  const opened = new pg.Pool({
    connectionString: url,
    max,
    // What a change writes last need not be waited for before COMMIT is sent behind it.
    pipeline: true,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    statement_timeout: statementTimeoutMs,
    // A half-open connection would otherwise hold its request for as long as TCP retries.
    query_timeout: statementTimeoutMs + 2_000,
  })
  // A connection that is lost while a transaction holds it tells so itself; unheard, that would end the process. Its statements fail anyway.
  opened.on('connect', (connection) => connection.on('error', () => {}))
  opened.on('error', (error) => log.warn('an idle database connection was lost', { error }))
  return opened
}

/** How long one statement may take that looks for what somebody typed. */
export const searchTimeoutMs = 2_000
/** Searches take turns on so many connections, which are opened when they are needed, so that slow ones keep nobody else waiting. */
const searchConnections = 4

/** For reading what somebody searches for. Its time-out is part of the connection, so that it costs no round trip. */
export function searchDb(): Db {
  if (!searchClient) throw closedOr('connect() comes before searchDb()')
  return searchClient
}

export function db(): Db {
  if (!client) throw closedOr('connect() comes before db()')
  return client
}

/** The driver's pool, for the few statements that are prepared by name for speed. */
export function rawPool(): pg.Pool {
  if (!pool) throw closedOr('connect() comes before rawPool()')
  return pool
}

export async function disconnect(): Promise<void> {
  isClosed ||= client !== undefined
  const closing = [pool, searchPool]
  pool = searchPool = undefined
  client = searchClient = undefined
  await Promise.all(closing.map((each) => each?.end()))
}

const retryable = new Set(['40001', '40P01'])

/** Of each open transaction, the statements that were sent and not waited for. */
const trailing = new WeakMap<Queryable, Promise<unknown>[]>()

/**
 * Sends a statement whose answer nobody reads as part of the caller's transaction, which waits for it at its end; outside of
 * `transaction()` it is waited for here. What fails takes the transaction with it, as any statement does.
 */
export async function trail(on: Queryable, statement: Promise<unknown>): Promise<void> {
  const sent = trailing.get(on)
  if (!sent) return void (await statement)
  statement.catch(() => {})
  sent.push(statement)
}

/** What each transaction that is begun inside of it writes last. */
export const withEachTransaction = new AsyncLocalStorage<(tx: Tx) => Promise<unknown>>()

/** COMMIT answers a broken transaction with ROLLBACK and no error: what trailed must have gone well too. */
async function runOnce<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  const sent: Promise<unknown>[] = []
  try {
    return await db().transaction(async (tx) => {
      trailing.set(tx, sent)
      const result = await work(tx)
      const last = withEachTransaction.getStore()
      await last?.(tx)
      return result
    })
  } finally {
    // The first failure is the reason for those that came behind it.
    await Promise.all(sent)
  }
}

/** Runs `work` in one transaction; a serialization failure or a deadlock is tried again, at most four times. */
export async function transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await runOnce(work)
    } catch (error) {
      const code = sqlState(error)
      if (attempt === 5 || !code || !retryable.has(code)) throw error
    }
  }
}

/** The SQLSTATE of a driver error, wherever in the chain of causes it stands. */
export function sqlState(error: unknown): string | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    const code = (current as { code?: unknown }).code
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return code
  }
  return undefined
}

export const isUniqueViolation = (error: unknown) => sqlState(error) === '23505'

/** Wakes whoever listens on `channel` when the transaction commits. A hint only: rows are the truth. */
export const notify = (tx: Queryable, channel: string, payload: string) => tx.execute(sql`select pg_notify(${channel}, ${payload})`)

/**
 * Runs a statement that the server parses and plans once a connection, as part of the caller's transaction: for what many changes share.
 * It is on its way when this returns, before anything that is asked of the same transaction afterwards.
 * @param name one for each text.
 */
export const executeNamed = (on: Queryable, name: string, text: string, params: unknown[]): Promise<pg.QueryResult> =>
  on._.session.prepareQuery({ sql: text, params }, undefined, name, false).execute() as Promise<pg.QueryResult>
