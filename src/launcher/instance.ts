import { randomBytes } from 'node:crypto'
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { buildClient, buildPages } from '#src/launcher/build.ts'
import { type Ingredients, processSpecs, stateDirOf } from '#src/launcher/environments.ts'
import { readJson } from '#src/launcher/files.ts'
import { type Guardian, startGuardian } from '#src/launcher/guardian.ts'
import { noteProcesses, stopLeftovers } from '#src/launcher/leftovers.ts'
import { checkDataFolder } from '#src/launcher/dataFolder.ts'
import { checkDatabase } from '#src/launcher/database.ts'
import { checkDataVersion, lockDataFolder } from '#src/launcher/locks.ts'
import { tailOf } from '#src/launcher/logs.ts'
import { inRoot } from '#src/launcher/paths.ts'
import { claimPort } from '#src/launcher/ports.ts'
import { type Postgres, startPostgres } from '#src/launcher/postgres.ts'
import { createSupervisor, type Supervisor } from '#src/launcher/processes.ts'
import { preparePython } from '#src/launcher/python.ts'
import { makeSecrets, type Secrets } from '#src/launcher/secrets.ts'
import { findSettingsProblem, localUrls, logDirOf, type ProcessName, publicUrl, type Settings } from '#src/launcher/settings.ts'
import { LauncherError, say, step, stoppedStatus } from '#src/launcher/terminal.ts'
import { delay, stopTools, waitFor } from '#src/launcher/tools.ts'

/** A whole installation that runs on this machine. */
export type Instance = {
  settings: Settings
  secrets: Secrets
  /** The address that people open. */
  url: string
  /** What runs here. */
  processes: ProcessName[]
  /** Stops everything in order: runtimes, worker, web, Postgres. */
  stop(): Promise<void>
  /** Kills everything at once; the next start recovers. */
  kill(): void
}

const readyLimitMs = 180_000
/** That many deaths before a process was ever ready mean that it will not be. */
const hopelessCrashes = 5

/** Everything that was started so far, to be undone in the opposite order; `isOver` when nothing more may be started. */
type Undo = { instance: string; isOver: boolean; steps: (() => Promise<void> | void)[]; supervisor?: Supervisor; postgres?: Postgres }

async function undo(done: Undo): Promise<void> {
  for (const stepBack of done.steps.splice(0).reverse()) await stepBack()
}

function refuseWhenOver(done: Undo): void {
  if (done.isOver) throw new LauncherError('Stopped during set-up.', stoppedStatus)
}

async function claimPorts(settings: Settings): Promise<Settings> {
  const { processes, host, port, inferencePort } = settings
  if (port === inferencePort && port !== 0) {
    throw new LauncherError(`PORT and INFERENCE_PORT are both ${port}. Choose another one for one of them.`, 78)
  }
  return {
    ...settings,
    port: processes.has('web') ? await claimPort('PORT', host, port) : port,
    inferencePort: processes.has('inference') ? await claimPort('INFERENCE_PORT', host, inferencePort) : inferencePort,
  }
}

function needsDatabase(settings: Settings): boolean {
  return settings.processes.has('web') || settings.processes.has('worker')
}

async function migrateDatabase(url: string): Promise<void> {
  await checkDatabase(url)
  const { migrate } = await import('#src/server/migrate.ts')
  try {
    await migrate(url)
  } catch (error) {
    const place = new URL(url)
    throw new LauncherError(`The database at ${place.host}${place.pathname} could not be brought up to date: ${reasonOf(error)}`)
  }
}

/** The innermost reason, without the text of the query that met it. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const { code, message } = cause as { code?: string; message?: string }
  return [message, code && !message?.includes(code) ? `(${code})` : ''].filter(Boolean).join(' ') || String(error)
}

/** @returns the address of a database that is up to date; undefined when this start needs none. */
async function prepareDatabase(settings: Settings, done: Undo): Promise<string | undefined> {
  if (!needsDatabase(settings)) return undefined
  let url = settings.databaseUrl
  if (!url) {
    const dir = join(settings.dataDir, 'postgres')
    const postgres = await step('Starting PostgreSQL', () => startPostgres({ dir }))
    done.postgres = postgres
    done.steps.push(() => done.postgres?.stop())
    url = postgres.url
  }
  refuseWhenOver(done)
  const databaseUrl = url
  await step('Bringing the database up to date', () => migrateDatabase(databaseUrl))
  return databaseUrl
}

/** Checks the settings that the processes will parse, so that what is wrong is said once and before anything is started. */
function checkSettings(settings: Settings, secrets: Secrets): void {
  const problem = findSettingsProblem({ ...settings.source, ...secrets })
  if (problem) throw new LauncherError(problem, 78)
}

const answers = async (url: string): Promise<true | undefined> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3_000) })
    await response.body?.cancel()
    return response.ok ? true : undefined
  } catch {
    return undefined
  }
}

/** The agent writes the file when the control plane has accepted its heartbeat. */
function hasBeaten(settings: Settings, startedAt: number): true | undefined {
  const file = join(stateDirOf(settings, 'training'), 'heartbeat.json')
  const writtenAt = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return writtenAt > startedAt ? true : undefined
}

function readiness(settings: Settings, supervisor: Supervisor): Record<ProcessName, () => true | undefined | Promise<true | undefined>> {
  const urls = localUrls(settings)
  return {
    web: () => answers(`${urls.web}/health`),
    // Alone it is of use when web has told it what to serve; beside web it does not keep people waiting for that.
    inference: () => answers(`${urls.inference}/v2/health/${settings.processes.has('web') ? 'live' : 'ready'}`),
    training: () => hasBeaten(settings, supervisor.state('training')?.startedAt ?? 0),
    worker: () => (supervisor.state('worker')?.pid ? true : undefined),
  }
}

/** @throws LauncherError with the end of its log when the process will not get ready. */
async function waitUntilReady(settings: Settings, supervisor: Supervisor, name: ProcessName, done: Undo): Promise<void> {
  const isReady = readiness(settings, supervisor)[name]
  const outcome = await waitFor(async () => {
    refuseWhenOver(done)
    const state = supervisor.state(name)
    if (state?.failure || (state?.crashes ?? 0) >= hopelessCrashes) return 'hopeless'
    return (await isReady()) ? 'ready' : undefined
  }, readyLimitMs)
  if (outcome === 'ready') return
  const log = join(logDirOf(settings), `${name}.log`)
  const problem = outcome === 'hopeless' ? 'does not start' : `was not ready after ${readyLimitMs / 1000} s`
  throw new LauncherError(`${name} ${problem}. The end of ${log}:\n${tailOf(log)}`)
}

/** A killed embedded server is started again, on the same address if that can be had. */
function watchPostgres(ingredients: Ingredients, done: Undo, guardian: Guardian): () => void {
  const { settings } = ingredients
  let isOver = false
  const watch = async () => {
    while (!isOver) {
      await delay(500)
      if (isOver || !done.postgres || done.postgres.isAlive()) continue
      say('PostgreSQL has ended unexpectedly and is started again.')
      try {
        const before = done.postgres.url
        done.postgres = await startPostgres({ dir: join(settings.dataDir, 'postgres') })
        guardian.setPostgres(done.postgres.pid)
        if (done.postgres.url !== before) await moveTo(done.postgres.url, ingredients, done)
      } catch (error) {
        say(`PostgreSQL could not be started again: ${(error as Error).message}`)
      }
    }
  }
  void watch()
  return () => {
    isOver = true
  }
}

/** The server had to take another port: those who use it are started anew with its address. */
async function moveTo(databaseUrl: string, ingredients: Ingredients, done: Undo): Promise<void> {
  const users = processSpecs({ ...ingredients, databaseUrl }).filter(({ name }) => name === 'web' || name === 'worker')
  await Promise.all(users.map((spec) => done.supervisor?.replace(spec)))
}

function supervise(ingredients: Ingredients, done: Undo): Supervisor {
  const { settings, instance } = ingredients
  const guardian = startGuardian()
  const onChange = (pids: Record<string, number>) => {
    try {
      noteProcesses(settings.dataDir, instance, guardian.pid ? { ...pids, guardian: guardian.pid } : pids)
    } catch (error) {
      say(`The list of processes could not be written: ${(error as Error).message}`)
    }
  }
  const supervisor = createSupervisor({ logDir: logDirOf(settings), guardian, report: say, isVerbose: settings.isDev, onChange })
  done.supervisor = supervisor
  done.steps.push(() => guardian.dismiss())
  if (done.postgres) {
    guardian.setPostgres(done.postgres.pid)
    done.steps.push(watchPostgres(ingredients, done, guardian))
  }
  done.steps.push(() => supervisor.stop())
  for (const name of ['training', 'inference'] as const) mkdirSync(stateDirOf(settings, name), { recursive: true, mode: 0o700 })
  return supervisor
}

/** Runtimes start when web answers: they would only report that they cannot enrol. @returns what runs. */
async function runAll(ingredients: Ingredients, supervisor: Supervisor, done: Undo): Promise<ProcessName[]> {
  const specs = processSpecs(ingredients)
  const controlPlane = specs.filter(({ name }) => name === 'web' || name === 'worker')
  for (const part of [controlPlane, specs.filter((spec) => !controlPlane.includes(spec))]) {
    for (const spec of part) supervisor.run(spec)
    await Promise.all(part.map(({ name }) => waitUntilReady(ingredients.settings, supervisor, name, done)))
  }
  return specs.map(({ name }) => name)
}

/** @throws LauncherError when nothing but training was wished for. */
function sayNoTraining({ processes }: Settings, reason: string): void {
  if (processes.size === 1) throw new LauncherError(reason)
  say(`Everything but training runs. ${reason}`)
}

type BroughtUp = Pick<Instance, 'settings' | 'secrets' | 'processes'>

async function bringUp(wished: Settings, done: Undo): Promise<BroughtUp> {
  checkDataFolder(wished.dataDir)
  done.steps.push(lockDataFolder(wished.dataDir, publicUrl(wished)))
  checkDataVersion(wished.dataDir, (readJson(inRoot('package.json')) as { version: string }).version)
  const count = await stopLeftovers(wished.dataDir)
  if (count > 0) say(`Stopped ${count} processes that an earlier start had left behind.`)
  const settings = await claimPorts(wished)
  const secrets = makeSecrets(settings.dataDir, settings.source, settings.host)
  checkSettings(settings, secrets)
  const [databaseUrl, python] = await Promise.all([
    prepareDatabase(settings, done),
    settings.processes.has('training')
      ? preparePython(undefined, settings.source.NEUROWEAVER_PYTHON)
      : { reason: 'Training does not run on this machine.' },
    settings.processes.has('web') && !settings.isDev && settings.source.NEUROWEAVER_NO_PAGES !== '1' ? buildPages() : undefined,
    settings.processes.has('web') ? buildClient() : undefined,
  ])
  refuseWhenOver(done)
  if ('reason' in python && settings.processes.has('training')) sayNoTraining(settings, python.reason)
  // The set-up may have taken minutes, and what listens there by now would be taken for ours.
  await claimPorts(settings)
  const ingredients = { settings, secrets, instance: done.instance, databaseUrl, python }
  const supervisor = supervise(ingredients, done)
  const processes = await step('Starting the processes', () => runAll(ingredients, supervisor, done))
  return { settings, secrets, processes }
}

/**
 * Sets up what is missing and starts an installation; settles when everything answers.
 * @throws LauncherError when something cannot be started; what had been started is stopped again.
 */
export async function startInstance(
  wished: Settings,
  onProgress?: (partial: { stop(): Promise<void>; kill(): void }) => void,
): Promise<Instance> {
  const done: Undo = { instance: randomBytes(12).toString('hex'), isOver: false, steps: [] }
  const starting = bringUp(wished, done)
  const stop = async () => {
    done.isOver = true
    stopTools()
    // What is just being started must be known before it can be stopped.
    await starting.catch(() => {})
    await undo(done)
  }
  const kill = () => {
    done.isOver = true
    stopTools()
    done.supervisor?.kill()
  }
  onProgress?.({ stop, kill })
  try {
    const broughtUp = await starting
    return { ...broughtUp, url: publicUrl(broughtUp.settings), stop, kill }
  } catch (error) {
    await stop()
    throw error
  }
}
