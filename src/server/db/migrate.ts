import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'

/** Any number that all installations share: one migration at a time, whoever starts it. */
const migrationLock = 7_203_311

/**
 * Brings the database to the schema of this program, under an advisory lock; drizzle's own migrator takes none.
 * @param afterwards what else needs the lock: the queues' own schema.
 * @throws Error when the database is older than PostgreSQL 15 or was migrated by a newer program.
 */
export async function migrateTables(url: string, folder: string, afterwards: () => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [migrationLock])
    await refuseOtherVersions(client, folder)
    await applyMigrations(drizzle(client), { migrationsFolder: folder })
    await afterwards()
  } finally {
    await client.end()
  }
}

async function refuseOtherVersions(client: pg.Client, folder: string): Promise<void> {
  const server = await client.query<{ server_version_num: string }>('show server_version_num')
  const version = Number(server.rows[0]?.server_version_num)
  if (version < 150_000) throw new Error(`PostgreSQL 15 or newer is needed; this one is ${Math.floor(version / 10_000)}.`)
  const known = await newestKnown(folder)
  const table = await client.query(`select to_regclass('drizzle.__drizzle_migrations') as name`)
  if (table.rows[0]?.name === null) return
  const applied = await client.query<{ newest: string | null }>('select max(created_at) as newest from drizzle.__drizzle_migrations')
  if (Number(applied.rows[0]?.newest ?? 0) > known) {
    throw new Error('The database was migrated by a newer NeuroWeaver. Start that version, or restore a backup made by this one.')
  }
}

async function newestKnown(folder: string): Promise<number> {
  const { readFile } = await import('node:fs/promises')
  const journal = JSON.parse(await readFile(`${folder}/meta/_journal.json`, 'utf8')) as { entries: { when: number }[] }
  return Math.max(...journal.entries.map((entry) => entry.when))
}
