import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signal } from '#src/launcher/identity.ts'
import { type Postgres, startPostgres } from '#src/launcher/postgres.ts'
import { waitFor } from '#src/launcher/tools.ts'

const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'neuroweaver-postgres-'))
let postgres: Postgres

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

beforeAll(async () => {
  postgres = await startPostgres({ dir: folder })
}, 60_000)

afterAll(async () => {
  await postgres.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe('embedded Postgres', () => {
  it('serves a database that its owner can extend but not leave', async () => {
    await query(postgres.url, 'CREATE EXTENSION IF NOT EXISTS pg_trgm')
    await query(postgres.url, 'CREATE TABLE kept (id int)')
    await expect(query(postgres.url, "COPY kept FROM PROGRAM 'echo 1'")).rejects.toThrow(/permission denied/)
  })

  it('keeps its password to its owner and refuses others', async () => {
    expect(statSync(join(folder, 'password')).mode & 0o777).toBe(0o600)
    const other = new URL(postgres.url)
    other.password = 'guess'
    await expect(query(other.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/)
  })

  it('is taken over by a second start', async () => {
    const second = await startPostgres({ dir: folder })
    expect(second.pid).toBe(postgres.pid)
    expect(second.url).toBe(postgres.url)
  })

  it('comes back with its data on the same address after kill -9', async () => {
    await query(postgres.url, 'INSERT INTO kept VALUES (42)')
    signal(postgres.pid, 'SIGKILL')
    await waitFor(() => (postgres.isAlive() ? undefined : true), 5_000)
    const again = await startPostgres({ dir: folder })
    expect(again.pid).not.toBe(postgres.pid)
    expect(again.url).toBe(postgres.url)
    expect(await query(again.url, 'SELECT id FROM kept')).toEqual([{ id: 42 }])
    postgres = again
  }, 30_000)

  it('stops, and starts although its pid file names another process', async () => {
    await postgres.stop()
    expect(postgres.isAlive()).toBe(false)
    const stale = [process.pid, join(folder, 'data'), 0, Number(new URL(postgres.url).port), '', '127.0.0.1', '', 'ready']
    writeFileSync(join(folder, 'data', 'postmaster.pid'), `${stale.join('\n')}\n`)
    postgres = await startPostgres({ dir: folder })
    expect(await query(postgres.url, 'SELECT id FROM kept')).toEqual([{ id: 42 }])
  }, 30_000)
})
