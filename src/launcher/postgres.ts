import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { readText } from '#src/launcher/files.ts'
import { folderOf, identityOf, isRunning, isSameProcess, signal } from '#src/launcher/identity.ts'
import { freePort, isPortFree } from '#src/launcher/ports.ts'
import { asPostgresUser, type Cluster, postgresBinary, prepareCluster } from '#src/launcher/postgres-files.ts'
import { LauncherError } from '#src/launcher/terminal.ts'
import { delay, waitFor } from '#src/launcher/tools.ts'

export type PostgresOptions = {
  /** Folder of the cluster, its port, password and log. */
  dir: string
  /** false only for throwaway clusters: a crash then loses data. */
  fsync?: boolean
}

export type Postgres = {
  /** The application's database, as its owner, who is no superuser. */
  url: string
  /** The database `postgres`, as the superuser. */
  adminUrl: string
  pid: number
  /** True while this very server runs. */
  isAlive(): boolean
  /** Stops it and waits until it is gone; nothing acknowledged is lost. */
  stop(): Promise<void>
}

const application = 'neuroweaver'
const retryMs = 10_000
const recoveryMs = 120_000
const logLimitBytes = 10_000_000

const urlOf = (cluster: Cluster, port: number, user: string, database: string): string =>
  `postgres://${user}:${cluster.password}@127.0.0.1:${port}/${database}`

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}

type Answer = 'ready' | 'starting' | 'silent' | 'stranger'

/** Asks the server on a port whether it is ours; the port may be somebody else's, also that of another PostgreSQL. */
async function ask(cluster: Cluster, port: number): Promise<Answer> {
  try {
    const folder = await withClient(urlOf(cluster, port, 'postgres', 'postgres'), async (client) => {
      const result = await client.query<{ data_directory: string }>('SHOW data_directory')
      return result.rows[0]?.data_directory
    })
    return folder === cluster.dataDir ? 'ready' : 'stranger'
  } catch (error) {
    const code = (error as { code?: string }).code ?? ''
    if (code === '57P03') return 'starting'
    return /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]/.test(code) && !code.startsWith('53') ? 'stranger' : 'silent'
  }
}

type PidFile = { pid: number; port: number }

function readPidFile(cluster: Cluster): PidFile | undefined {
  const lines = readText(join(cluster.dataDir, 'postmaster.pid'))?.split('\n')
  if (!lines) return undefined
  return { pid: Number(lines[0]), port: Number(lines[3]) }
}

/** A postmaster works in its data folder; where that cannot be seen, a live pid counts as one. */
function isPostmaster(cluster: Cluster, pid: number): boolean {
  if (!isRunning(pid)) return false
  return process.platform === 'linux' ? folderOf(pid) === cluster.dataDir : true
}

/** Takes over the server that an earlier start left running; undefined when none runs. */
async function adopt(cluster: Cluster): Promise<PidFile | undefined> {
  const left = readPidFile(cluster)
  if (!left) return undefined
  const outcome = await waitFor(async () => {
    if (!isPostmaster(cluster, left.pid)) return 'gone'
    return (await ask(cluster, left.port)) === 'ready' ? 'ready' : undefined
  }, recoveryMs)
  if (outcome === 'ready') return left
  if (outcome === undefined) throw new LauncherError(`The PostgreSQL of ${cluster.dataDir} (pid ${left.pid}) runs but does not answer.`)
  // Another process may have got the pid by now, and PostgreSQL would take that for a running server.
  if (!isPostmaster(cluster, left.pid)) rmSync(join(cluster.dataDir, 'postmaster.pid'), { force: true })
  return undefined
}

/** The port of the last time, so that addresses stay the same over restarts; another one when somebody has it now. */
async function choosePort(cluster: Cluster): Promise<number> {
  const kept = Number(readText(cluster.portFile))
  if (kept && (await isPortFree('127.0.0.1', kept))) return kept
  const port = await freePort()
  writeFileSync(cluster.portFile, `${port}\n`, { mode: 0o600 })
  return port
}

function serverSettings(port: number, isDurable: boolean): string[] {
  const settings: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    password_encryption: 'scram-sha-256',
    max_connections: 100,
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    log_line_prefix: '%m [%p] ',
    ...(isDurable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', wal_level: 'minimal', max_wal_senders: 0 }),
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

function openLog(cluster: Cluster): number {
  const size = statSync(cluster.logFile, { throwIfNoEntry: false })?.size ?? 0
  if (size > logLimitBytes) renameSync(cluster.logFile, `${cluster.logFile}.1`)
  return openSync(cluster.logFile, 'a', 0o600)
}

/** Detached, so that Ctrl-C reaches the launcher alone and the order of stopping stays in its hands. */
function spawnServer(cluster: Cluster, port: number, isDurable: boolean): ChildProcess {
  const { command, args, options } = asPostgresUser(cluster.user, postgresBinary('postgres'), [
    '-D',
    cluster.dataDir,
    ...serverSettings(port, isDurable),
  ])
  const log = openLog(cluster)
  const child = spawn(command, args, { ...options, cwd: cluster.dir, detached: true, stdio: ['ignore', log, log] })
  child.on('error', () => {})
  child.unref()
  closeSync(log)
  return child
}

const logTail = (cluster: Cluster): string => (readText(cluster.logFile) ?? '').split('\n').slice(-6).join('\n')

/** Waits until the server that was just started answers; 'gone' when it gave up. */
async function waitUntilReady(cluster: Cluster, child: ChildProcess, port: number): Promise<'ready' | 'gone' | 'stranger'> {
  const outcome = await waitFor(async () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return 'gone'
    const answer = await ask(cluster, port)
    return answer === 'ready' || answer === 'stranger' ? answer : undefined
  }, recoveryMs)
  if (outcome) return outcome
  child.kill('SIGQUIT')
  throw new LauncherError(`The embedded PostgreSQL did not become ready in ${recoveryMs / 1000} s:\n${logTail(cluster)}`)
}

/** Starts a server; for a while again and again, because after a crash the last one's processes may still hold its memory. */
async function launch(cluster: Cluster, isDurable: boolean): Promise<PidFile> {
  const deadline = performance.now() + retryMs
  for (;;) {
    const port = await choosePort(cluster)
    const child = spawnServer(cluster, port, isDurable)
    const outcome = await waitUntilReady(cluster, child, port)
    if (outcome === 'ready') return { pid: child.pid as number, port }
    if (outcome === 'stranger') child.kill('SIGQUIT')
    if (performance.now() > deadline) throw new LauncherError(`The embedded PostgreSQL does not start:\n${logTail(cluster)}`)
    await delay(250)
  }
}

/** The application owns its database and can do no more: no reading of files, no programs. */
async function ensureDatabase(cluster: Cluster, port: number): Promise<void> {
  await withClient(urlOf(cluster, port, 'postgres', 'postgres'), async (client) => {
    const known = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [application])
    if (known.rowCount) return
    const role = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [application])
    if (!role.rowCount) await client.query(`CREATE ROLE ${application} LOGIN CREATEDB PASSWORD '${cluster.password}'`)
    await client.query(`CREATE DATABASE ${application} OWNER ${application}`)
  })
}

/** SIGINT ends sessions and writes everything out; SIGQUIT, after half a minute, leaves that to the next start. */
async function stopServer(pid: number, identity: string): Promise<void> {
  if (!isSameProcess(pid, identity)) return
  const isGone = () => (isSameProcess(pid, identity) ? undefined : true)
  signal(pid, 'SIGINT')
  if (await waitFor(isGone, 30_000)) return
  signal(pid, 'SIGQUIT')
  await waitFor(isGone, 10_000)
}

/**
 * Brings up the embedded PostgreSQL of a folder: makes it when there is none, takes over a running one, recovers a crashed one.
 * It listens on 127.0.0.1 on a port of its own choice, with a password that is kept in the folder.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const isDurable = options.fsync ?? true
  const cluster = await prepareCluster(options.dir, isDurable)
  const { pid, port } = (await adopt(cluster)) ?? (await launch(cluster, isDurable))
  const identity = identityOf(pid) ?? ''
  await ensureDatabase(cluster, port)
  return {
    url: urlOf(cluster, port, application, application),
    adminUrl: urlOf(cluster, port, 'postgres', 'postgres'),
    pid,
    isAlive: () => isSameProcess(pid, identity),
    stop: () => stopServer(pid, identity),
  }
}
