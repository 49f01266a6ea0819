/** The Postgres that tests run on, and the migrated template that every test file's database is copied from. */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startPostgres } from '#src/launcher/postgres.ts'
import { newId } from '#src/server/db/ids.ts'
import { migrate } from '#src/server/migrate.ts'

export type TestCluster = {
  /** The database `postgres` as a superuser, who may create databases. */
  adminUrl: string
  /** Name of the database with all migrations and the project `default`. */
  template: string
}

export const urlOf = (adminUrl: string, database: string): string => {
  const url = new URL(adminUrl)
  url.pathname = `/${database}`
  return url.href
}

export async function asAdmin<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

export const randomName = (prefix: string): string => `${prefix}_${randomBytes(6).toString('hex')}`

/** Creates the template; everybody's connections to it end before it is returned, since a copy allows none. */
async function createTemplate(adminUrl: string): Promise<string> {
  const template = randomName('nw_template')
  const url = urlOf(adminUrl, template)
  await asAdmin(adminUrl, (client) => client.query(`create database ${template}`))
  await migrate(url)
  await asAdmin(url, (client) => client.query(`insert into projects (id, name) values ($1, 'default') on conflict do nothing`, [newId()]))
  return template
}

export const dropDatabase = (adminUrl: string, name: string) =>
  asAdmin(adminUrl, (client) => client.query(`drop database if exists ${name} with (force)`))

/** The cluster that TEST_DATABASE_URL names, else a throwaway one in memory; `stop` leaves nothing behind. */
export async function startTestCluster(): Promise<TestCluster & { stop: () => Promise<void> }> {
  const given = process.env.TEST_DATABASE_URL
  if (given) {
    const template = await createTemplate(given)
    const stop = async () => void (await dropDatabase(given, template))
    return { adminUrl: given, template, stop }
  }
  const dir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'neuroweaver-test-'))
  const postgres = await startPostgres({ dir, fsync: false })
  const stop = async () => {
    await postgres.stop()
    rmSync(dir, { recursive: true, force: true })
  }
  try {
    return { adminUrl: postgres.adminUrl, template: await createTemplate(postgres.adminUrl), stop }
  } catch (error) {
    await stop()
    throw error
  }
}
