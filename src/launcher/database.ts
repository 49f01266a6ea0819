import { join } from 'node:path'
import { Client } from 'pg'
import { readText } from '#src/launcher/files.ts'
import type { Settings } from '#src/launcher/settings.ts'
import { LauncherError } from '#src/launcher/terminal.ts'

const oldestVersion = 15
const connectMs = 5_000

/** Address of the database that an installation uses: the one that is set, or the embedded one of its data folder; undefined when that was never made. */
export function databaseUrlOf(settings: Settings): string | undefined {
  if (settings.databaseUrl) return settings.databaseUrl
  const dir = join(settings.dataDir, 'postgres')
  const [password, port] = [readText(join(dir, 'password')), readText(join(dir, 'port'))]
  return password && port ? `postgres://neuroweaver:${password}@127.0.0.1:${port}/neuroweaver` : undefined
}

/** Codes of the operating system and of PostgreSQL (appendix A of its manual), and what to do about them. */
const explanations: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there. Start PostgreSQL, or correct host and port in DATABASE_URL.',
  ENOTFOUND: 'there is no host of that name. Correct the host in DATABASE_URL.',
  EAI_AGAIN: 'the name of the host can not be looked up. Check the network, or correct the host in DATABASE_URL.',
  ECONNRESET: 'the connection was broken off. Check that PostgreSQL listens there, and whether it wants TLS (?sslmode=require).',
  '28P01': 'the password is not the right one. Correct it in DATABASE_URL.',
  '28000': 'it does not let this user in from here. Correct the user in DATABASE_URL, or pg_hba.conf on its machine.',
  '3D000': 'there is no database of that name. Create it (createdb), or correct the name in DATABASE_URL.',
  '53300': 'all of its connections are taken. Raise max_connections, or stop what holds them.',
  '53100': 'its disk is full. Free some space on the machine of the database.',
}

function sentenceFor(url: string, error: unknown): string {
  const { code = '', message } = error as { code?: string; message?: string }
  const place = new URL(url)
  const why = /timeout/i.test(message ?? '') ? 'it does not answer in time. Check the network, and host and port in DATABASE_URL.' : message
  return `The database at ${place.host}${place.pathname} can not be used: ${explanations[code] ?? why}`
}

type Database = { version: string } | { problem: string }

/** Connects once: the server's version, or what is wrong and how to mend it. */
export async function tryDatabase(url: string): Promise<Database> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: connectMs })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version')
    const version = rows[0]?.server_version ?? ''
    if (Number.parseInt(version, 10) >= oldestVersion) return { version }
    const place = new URL(url)
    return {
      problem: `The database at ${place.host} is PostgreSQL ${version}; ${oldestVersion} or newer is needed. Upgrade it, or name another in DATABASE_URL.`,
    }
  } catch (error) {
    return { problem: sentenceFor(url, error) }
  } finally {
    await client.end().catch(() => {})
  }
}

/** @throws LauncherError that says what is wrong and how to mend it. */
export async function checkDatabase(url: string): Promise<void> {
  const found = await tryDatabase(url)
  if ('problem' in found) throw new LauncherError(found.problem)
}
