/** Backup and restore as docker/OPERATIONS.md describes them, from an installation that holds something and goes on working meanwhile. */
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inRoot } from '#src/launcher/paths.ts'
import { asPostgresUser, choosePostgresUser, type PostgresUser } from '#src/launcher/postgres-files.ts'
import { isRoot, waitFor } from '#src/launcher/tools.ts'
import { migrate } from '#src/server/migrate.ts'
import { freePort } from '#src/testing/ports.ts'
import { asAdmin, urlOf } from './cluster.ts'
import { findDebianProgram } from './debian.ts'
import { uploadBytes } from './upload.ts'
import { startWeb, type TestWeb } from './web.ts'

const run = promisify(execFile)
const found = await findDebianProgram(['postgresql-15', 'postgresql-client-15'], 'usr/lib/postgresql/1[5-8]/bin/initdb')
if ('reason' in found) console.warn(`skipped: backup with pg_dump: ${found.reason}`)

/** @returns exit status and output of the command line, as somebody at a terminal has them. */
async function nw(args: string[], env: Record<string, string>): Promise<{ status: number; output: string }> {
  const { NODE_OPTIONS: _options, ...inherited } = process.env
  const done = run(process.execPath, [inRoot('src/launcher/nw.ts'), ...args], { env: { ...inherited, ...env } })
  return done.then(
    ({ stdout, stderr }) => ({ status: 0, output: stdout + stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({ status: error.code, output: error.stdout + error.stderr }),
  )
}

type Asked = { url: string; key: string }

async function ask<T>({ url, key }: Asked, path: string, body?: unknown): Promise<T> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const init = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) }
  const response = await fetch(`${url}/api/v1${path}`, init)
  const text = await response.text()
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
  return JSON.parse(text) as T
}

async function until<T>(what: string, look: () => Promise<T>, isDone: (value: T) => boolean): Promise<T> {
  const value = await waitFor(async () => {
    const now = await look()
    return isDone(now) ? now : undefined
  }, 20_000)
  if (value === undefined) throw new Error(`${what}: not within 20 s`)
  return value
}

const content = randomBytes(3_000_000)

/** A model whose file is known byte for byte; its entries in the record are sealed when this settles. @returns the head of the record. */
async function fill(target: Asked): Promise<string> {
  const id = await uploadBytes(target.url, target.key, 'weights.bin', content)
  await ask(target, '/models/register', { name: 'kept', files: [{ path: 'weights.bin', upload_id: id }] })
  await until(
    'the version',
    () => ask<{ status: string }[]>(target, '/models/kept/versions'),
    ([version]) => version !== undefined && version.status !== 'pending',
  )
  type Verdict = { head: { seq: number; hash: string } | null; unsealed: { count: number } }
  const isSealed = ({ head, unsealed }: Verdict) => head !== null && unsealed.count === 0
  const { head } = await until('the seals', () => ask<Verdict>(target, '/audit/verify'), isSealed)
  return `${head?.seq}:${head?.hash}`
}

async function expectKept({ url, key }: Asked): Promise<void> {
  const response = await fetch(`${url}/api/v1/models/kept/versions/1/files/weights.bin`, { headers: { authorization: `Bearer ${key}` } })
  expect(response.status).toBe(200)
  expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true)
}

/** The one artifact that is large enough to be the model's file. */
function artifactIn(dataDir: string): string {
  const folder = join(dataDir, 'artifacts')
  const file = readdirSync(folder, { recursive: true, withFileTypes: true }).find((entry) => /^[0-9a-f]{64}$/.test(entry.name))
  if (!file) throw new Error('there is no artifact')
  return join(file.parentPath, file.name)
}

describe.skipIf('reason' in found)('with pg_dump and a copy of the files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-backup-'))
  const bin = 'path' in found ? dirname(found.path) : ''
  const secret = randomBytes(32).toString('base64url')
  const [first, second] = [join(folder, 'first'), join(folder, 'second')]
  let user: PostgresUser
  let stopServer: () => Promise<void> = async () => {}
  let adminUrl = ''
  let web: TestWeb | undefined

  const asUser = (name: string, args: string[]) => asPostgresUser(user, join(bin, name), args)

  async function startServer(): Promise<void> {
    user = await choosePostgresUser()
    const home = join(folder, 'postgres')
    mkdirSync(home)
    for (const path of [folder, home]) chmodSync(path, isRoot() ? 0o777 : 0o700)
    const data = join(home, 'data')
    const made = asUser('initdb', ['-D', data, '-U', 'neuroweaver', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'])
    await run(made.command, made.args, { ...made.options, cwd: home })
    const port = await freePort()
    const options = ['-c', `port=${port}`, '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'fsync=off']
    const { command, args, options: spawning } = asUser('postgres', ['-D', data, ...options])
    const log = openSync(join(folder, 'postgres.log'), 'a')
    const child = spawn(command, args, { ...spawning, cwd: home, stdio: ['ignore', log, log] })
    stopServer = async () => {
      const gone = once(child, 'exit')
      child.kill('SIGQUIT')
      await gone
    }
    adminUrl = `postgres://neuroweaver@127.0.0.1:${port}/postgres`
    await until('PostgreSQL', () => asAdmin(adminUrl, async () => true).catch(() => false), Boolean)
  }

  const startOn = (database: string, dataDir: string, key?: string) =>
    startWeb({
      databaseUrl: urlOf(adminUrl, database),
      dataDir,
      worker: true,
      env: { NEXTAUTH_SECRET: secret, ...(key ? { NEUROWEAVER_BOOTSTRAP_API_KEY: key } : {}) },
    })

  beforeAll(async () => {
    await startServer()
    await asAdmin(adminUrl, (client) => client.query('create database first'))
    await migrate(urlOf(adminUrl, 'first'))
    web = await startOn('first', first)
  })
  afterAll(async () => {
    await web?.stop()
    await stopServer()
    rmSync(folder, { recursive: true, force: true })
  })

  it('a fresh installation has all of it, and proves it', async () => {
    const from = { url: (web as TestWeb).url, key: (web as TestWeb).adminKey }
    const head = await fill(from)
    const dump = join(folder, 'neuroweaver.dump')
    // While it runs: the database first, since what it names lies in the store already and stays there.
    await run(join(bin, 'pg_dump'), ['--format=custom', `--file=${dump}`, urlOf(adminUrl, 'first')])
    await ask(from, '/models/register', { name: 'later', external: { url: 'https://models.example.org', model: 'x' } })
    cpSync(join(first, 'artifacts'), join(second, 'artifacts'), { recursive: true })
    await web?.stop()
    web = undefined

    await asAdmin(adminUrl, (client) => client.query('create database second'))
    await run(join(bin, 'pg_restore'), ['--no-owner', '--exit-on-error', `--dbname=${urlOf(adminUrl, 'second')}`, dump])
    const restored = { DATABASE_URL: urlOf(adminUrl, 'second'), NEUROWEAVER_DATA_DIR: second }
    const whole = await nw(['verify', head], restored)
    expect(whole, whole.output).toMatchObject({ status: 0 })
    expect(whole.output).toMatch(/artifacts {2}1 read, 3000000 bytes .*: all are what their digests say/)
    expect(whole.output).toMatch(/record {5}intact: \d+ seals checked/)

    web = await startOn('second', second, from.key)
    await expectKept({ url: web.url, key: from.key })
    const names = (await ask<{ name: string }[]>({ url: web.url, key: from.key }, '/models')).map(({ name }) => name)
    expect(names).toEqual(['kept'])
    await ask({ url: web.url, key: from.key }, '/models/register', {
      name: 'after',
      external: { url: 'https://models.example.org', model: 'x' },
    })
  })

  it('a changed byte, a missing file and a record that was cut off are found', async () => {
    const restored = { DATABASE_URL: urlOf(adminUrl, 'second'), NEUROWEAVER_DATA_DIR: second }
    const path = artifactIn(second)
    const changed = Buffer.from(content)
    changed[1_000_000] = (changed[1_000_000] ?? 0) ^ 1
    chmodSync(path, 0o600)
    writeFileSync(path, changed)
    expect(await nw(['verify'], restored)).toMatchObject({
      status: 1,
      output: expect.stringMatching(/DAMAGED .*its content is another one/),
    })
    rmSync(path)
    const cut = await nw(['verify', `999999:${'0'.repeat(64)}`], restored)
    expect(cut).toMatchObject({ status: 1, output: expect.stringMatching(/DAMAGED .*its bytes are not in the store/) })
    expect(cut.output).toContain('its end was cut off')
  })

  it('a database that does not answer is said, with what to do', async () => {
    const nowhere = { DATABASE_URL: `postgres://neuroweaver@127.0.0.1:${await freePort()}/second`, NEUROWEAVER_DATA_DIR: second }
    expect(await nw(['verify'], nowhere)).toMatchObject({
      status: 69,
      output: expect.stringContaining('nothing listens there. Start PostgreSQL'),
    })
  })
})

describe('the embedded database', () => {
  const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-moved-'))
  const key = `moved-${randomBytes(24).toString('base64url')}`
  let stop: () => Promise<void> = async () => {}

  /** `npm start` without pages and runtimes, which have nothing to do with it. */
  async function start(dataDir: string): Promise<Asked> {
    const port = await freePort()
    const { DATABASE_URL: _database, RUNTIME_TOKEN: _token, NEXTAUTH_SECRET: _secret, ...inherited } = process.env
    const own = { HOST: '127.0.0.1', PORT: String(port), NEUROWEAVER_DATA_DIR: dataDir, NEUROWEAVER_BOOTSTRAP_API_KEY: key }
    const parts = { NEUROWEAVER_PROCESSES: 'web,worker', NEUROWEAVER_NO_PAGES: '1' }
    const child = spawn(process.execPath, [inRoot('src/launcher/main.ts'), 'start'], {
      env: { ...inherited, ...own, ...parts },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
    stop = async () => {
      if (child.exitCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
    }
    const isReady = await waitFor(
      () => (said.includes('NeuroWeaver is ready') ? true : child.exitCode === null ? undefined : false),
      100_000,
    )
    if (!isReady) throw new Error(`the launcher did not get ready:\n${said}`)
    return { url: `http://127.0.0.1:${port}`, key }
  }

  afterAll(async () => {
    await stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('is stopped, copied with the folder and started elsewhere', { timeout: 240_000 }, async () => {
    const [before, after] = [join(folder, 'before'), join(folder, 'after')]
    const head = await fill(await start(before))
    await stop()
    // As `cp -a` does: owners, modes and times stay.
    await run('cp', ['-a', before, after])
    rmSync(before, { recursive: true })
    const moved = await start(after)
    await expectKept(moved)
    const { status, output } = await nw(['verify', head], { NEUROWEAVER_DATA_DIR: after, DATABASE_URL: '' })
    expect(status, output).toBe(0)
  })
})
