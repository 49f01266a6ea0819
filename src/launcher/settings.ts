import { join, resolve } from 'node:path'
import { closest, distance } from 'fastest-levenshtein'
import { inRoot } from '#src/launcher/paths.ts'
import { LauncherError } from '#src/launcher/terminal.ts'
import { findStrayLines, parseEnv, readDotEnv, settingNames } from '#src/server/env.ts'

export const processNames = ['web', 'worker', 'training', 'inference'] as const
export type ProcessName = (typeof processNames)[number]

export type Settings = {
  /** What `.env` and the environment say; the environment wins, an empty value counts as not set. */
  source: Record<string, string>
  host: string
  port: number
  inferencePort: number
  dataDir: string
  databaseUrl: string | undefined
  processes: Set<ProcessName>
  isDev: boolean
}

/** The environment over `.env`, without what is empty. */
export function readSource(environment: NodeJS.Dict<string> = process.env, dotEnvPath = inRoot('.env')): Record<string, string> {
  const merged = { ...readDotEnv(dotEnvPath), ...environment }
  return Object.fromEntries(Object.entries(merged).filter((entry): entry is [string, string] => Boolean(entry[1])))
}

function parsePort(source: Record<string, string>, name: string, fallback: number): number {
  const port = Number(source[name] ?? fallback)
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port
  throw new LauncherError(`${name} must be a port number from 0 (any free one) to 65535; it is "${source[name]}".`, 78)
}

function parseProcesses(text: string | undefined): Set<ProcessName> {
  const names = (text ?? processNames.join(','))
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  const unknown = names.filter((name) => !processNames.includes(name as ProcessName))
  if (unknown.length === 0 && names.length > 0) return new Set(names as ProcessName[])
  throw new LauncherError(`NEUROWEAVER_PROCESSES may name ${processNames.join(', ')}; it is "${text}".`, 78)
}

/** What is not set is embedded, or made at the first start. */
const standIns = {
  DATABASE_URL: 'postgres://localhost/embedded',
  RUNTIME_TOKEN: 'made at the first start',
  NEXTAUTH_SECRET: 'made at the first start and kept',
}

/** The list of settings that web and worker will refuse, and why, in the words of their own parser; undefined when there are none. */
export function findSettingsProblem(source: Record<string, string>): string | undefined {
  try {
    parseEnv({ ...standIns, ...source })
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

const prefix = /^(NEUROWEAVER|UNIFIED|OIDC|RELAYCORE|SMTP|LOG_SINK|NEXTAUTH)_/
/** What a runtime reads that neither web nor worker does. */
export const runtimeSettings = ['NEUROWEAVER_RUNTIME_NAME', 'NEUROWEAVER_STATE_DIR', 'NEUROWEAVER_INTERNAL_URL', 'NEUROWEAVER_ARTIFACT_DIR']
/** What other parts than web and worker read: this program itself, its client, and the runtimes. */
export const furtherNames = ['API_KEY', 'PROCESSES', 'PYTHON', 'NO_PYTHON', 'NO_PAGES', 'DEV', 'BIND']
  .concat(['CHECKPOINT_SECONDS', 'BEAT_PATH', 'INSTANCE'])
  .map((name) => `NEUROWEAVER_${name}`)
  .concat(runtimeSettings)
/** What docker-compose.yml reads from the same `.env`. */
const composeNames = ['DB', 'WEB', 'WORKER', 'INFERENCE', 'TRAINING'].map((name) => `${name}_MEMORY`).concat('DB_IMAGE', 'OMP_NUM_THREADS')
const knownNames = [...settingNames, ...furtherNames, ...composeNames]
const mostTypos = 3

function findMeant(name: string): string | undefined {
  const meant = closest(name.toUpperCase(), knownNames)
  // Short names are close to each other without being meant.
  return distance(name.toUpperCase(), meant) <= Math.min(mostTypos, Math.floor(name.length / 4)) ? meant : undefined
}

/**
 * What has no effect, though it was meant to, and nothing else tells: lines of `.env` that are none, and names that are almost those
 * of settings. In the environment, names of other programs are left alone.
 */
export function findMisspelt(source: Record<string, string>, dotEnvPath = inRoot('.env')): string[] {
  const ours = readDotEnv(dotEnvPath)
  const names = Object.keys(source).filter((name) => prefix.test(name) || name in ours)
  const misspelt = names.flatMap((name) => {
    const meant = knownNames.includes(name.replace(/_FILE$/, '')) ? undefined : findMeant(name)
    return meant ? [`${name} is no setting, so it has no effect. Write ${meant}, if that is meant.`] : []
  })
  return [
    ...findStrayLines(dotEnvPath).map((line) => `Line ${line} of .env is neither NAME=value nor a comment, so it has no effect.`),
    ...misspelt,
  ]
}

/** A runtime alone on its machine must be told where web is and how to enrol. */
function refuseLonelyRuntimes(settings: Settings): void {
  if (settings.processes.has('web') || settings.processes.has('worker')) return
  const missing = ['NEUROWEAVER_CONTROL_URL', 'RUNTIME_TOKEN'].filter((name) => !settings.source[name])
  if (missing.length === 0) return
  throw new LauncherError(`A start that runs runtimes only needs ${missing.join(' and ')}: where web is, and its enrolment token.`, 78)
}

/**
 * What this start was asked to be.
 * @throws LauncherError that names the setting which is wrong.
 */
export function readSettings(options: { isDev?: boolean; source?: Record<string, string> } = {}): Settings {
  const source = options.source ?? readSource()
  const settings: Settings = {
    source,
    host: source.HOST ?? '127.0.0.1',
    port: parsePort(source, 'PORT', 3000),
    inferencePort: parsePort(source, 'INFERENCE_PORT', 3001),
    dataDir: resolve(inRoot(), source.NEUROWEAVER_DATA_DIR ?? 'data'),
    databaseUrl: source.DATABASE_URL,
    processes: parseProcesses(source.NEUROWEAVER_PROCESSES),
    isDev: options.isDev ?? false,
  }
  refuseLonelyRuntimes(settings)
  return settings
}

export const isLoopback = (host: string): boolean => ['localhost', '::1', '[::1]'].includes(host) || host.startsWith('127.')

/** Host part of an address under which this machine itself reaches its servers. */
export function localHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

/** Where the processes of this start find each other. */
export function localUrls(settings: Settings): { web: string; inference: string } {
  const host = localHost(settings.host)
  return { web: `http://${host}:${settings.port}`, inference: `http://${host}:${settings.inferencePort}` }
}

/** The address that people open. */
export const publicUrl = (settings: Settings): string => (settings.source.NEUROWEAVER_URL ?? localUrls(settings).web).replace(/\/$/, '')

export const logDirOf = (settings: Settings): string => join(settings.dataDir, 'logs')
