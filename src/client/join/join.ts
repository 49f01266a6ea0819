import { mkdirSync, statSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import { handOver, isOutdated } from '#src/client/join/handOver.ts'
import type { JoinOptions } from '#src/client/join/options.ts'
import { prepareInference, prepareTraining } from '#src/client/join/prepare.ts'
import { addressTowards, checkJoining, fetchProgram } from '#src/client/join/web.ts'
import { checkDataFolder } from '#src/launcher/dataFolder.ts'
import { startGuardian } from '#src/launcher/guardian.ts'
import { lockDataFolder } from '#src/launcher/locks.ts'
import { tailOf } from '#src/launcher/logs.ts'
import { checkPortOption } from '#src/launcher/ports.ts'
import { createSupervisor, type ProcessSpec, type Supervisor } from '#src/launcher/processes.ts'
import { LauncherError, say } from '#src/launcher/terminal.ts'
import { waitFor } from '#src/launcher/tools.ts'

const readyMs = 60_000
const hopelessCrashes = 3

const isLoopback = (host: string) => ['127.0.0.1', 'localhost', '::1', '[::1]'].includes(host)
/** What belongs to other programs has no business in a process that runs models and training code of others. */
const isSecret = (name: string) => /SECRET|PASSWORD|PASSPHRASE|API_KEY|PRIVATE_KEY|CREDENTIAL|DATABASE_URL|^PG|^AWS_|^npm_/i.test(name)

function environment({ webUrl, token, name, stateDir }: JoinOptions): Record<string, string> {
  const own = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined && !isSecret(entry[0]))
  return {
    ...Object.fromEntries(own),
    NODE_ENV: 'production',
    NEUROWEAVER_CONTROL_URL: webUrl,
    NEUROWEAVER_STATE_DIR: stateDir,
    NEUROWEAVER_RUNTIME_NAME: name,
    NEUROWEAVER_ARTIFACT_DIR: '',
    RUNTIME_TOKEN: token,
  }
}

/** Where an inference runtime listens. */
const hostOf = ({ host, webUrl }: JoinOptions) => host ?? (isLoopback(new URL(webUrl).hostname) ? '127.0.0.1' : '0.0.0.0')
/** Where to ask what listens on every address; what listens on one is reached there alone. */
const everywhere: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
const bracketed = (host: string) => (host.includes(':') ? `[${host}]` : host)

async function inferenceSpec(program: string, options: JoinOptions): Promise<ProcessSpec> {
  const host = hostOf(options)
  await checkPortOption(host, options.port)
  const reached = host in everywhere ? await addressTowards(options.webUrl) : host
  const origin = `http://${bracketed(reached)}:${options.port}`
  const env = {
    ...environment(options),
    HOST: host,
    INFERENCE_PORT: String(options.port),
    NEUROWEAVER_INFERENCE_URL: options.advertise ?? origin,
  }
  const cwd = joinPath(program, 'inference')
  return { name: 'inference', command: process.execPath, args: ['server.js'], cwd, env, stopStage: 1 }
}

/** The agent offers these alone, and the trainer sees no others. */
const chosenDevices = (devices: string | undefined): Record<string, string> =>
  devices === undefined ? {} : { CUDA_VISIBLE_DEVICES: devices === 'cpu' ? '' : devices }

function trainingSpec(program: string, python: string, options: JoinOptions): ProcessSpec {
  const cwd = joinPath(program, 'training')
  const { OMP_NUM_THREADS = '1' } = process.env
  const env = {
    ...environment(options),
    ...chosenDevices(options.devices),
    PYTHONPATH: cwd,
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    OMP_NUM_THREADS,
    OMP_WAIT_POLICY: 'PASSIVE',
  }
  return { name: 'training', command: python, args: ['-m', 'neuroweaver_training', 'agent'], cwd, env, stopStage: 1 }
}

async function prepare(program: string, options: JoinOptions): Promise<() => Promise<ProcessSpec>> {
  if (options.kind === 'inference') {
    await prepareInference(program, options)
    return () => inferenceSpec(program, options)
  }
  const python = await prepareTraining(program, options)
  return async () => trainingSpec(program, python, options)
}

/** Web has answered it: the agent writes the file at an accepted heartbeat, the server is ready once it knows what to serve. */
async function isReady(options: JoinOptions, startedAt: number): Promise<true | undefined> {
  const { kind, stateDir, port } = options
  const host = hostOf(options)
  if (kind === 'training') {
    const beatAt = statSync(joinPath(stateDir, 'heartbeat.json'), { throwIfNoEntry: false })?.mtimeMs ?? 0
    return beatAt >= startedAt ? true : undefined
  }
  const response = await fetch(`http://${bracketed(everywhere[host] ?? host)}:${port}/v2/health/ready`).catch(() => undefined)
  await response?.body?.cancel()
  return response?.ok ? true : undefined
}

async function waitUntilReady(options: JoinOptions, supervisor: Supervisor, signal: AbortSignal): Promise<void> {
  const startedAt = Date.now()
  const outcome = await waitFor(async () => {
    const state = supervisor.state(options.kind)
    if (signal.aborted) return 'stopped'
    if (state?.failure || (state?.crashes ?? 0) >= hopelessCrashes) return 'hopeless'
    return (await isReady(options, startedAt)) ? 'ready' : undefined
  }, readyMs)
  if (outcome === 'ready' || outcome === 'stopped') return
  const log = joinPath(options.stateDir, 'logs', `${options.kind}.log`)
  throw new LauncherError(`The runtime could not join. The end of ${log}:\n${tailOf(log)}`)
}

/** Runs until the person stops it, or until it must not be started again: removed, or too old. */
async function untilStopped({ kind, stateDir }: JoinOptions, supervisor: Supervisor, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (supervisor.state(kind)?.failure)
      throw new LauncherError(`The runtime has ended:\n${tailOf(joinPath(stateDir, 'logs', `${kind}.log`), 3)}`, 78)
    await waitFor(() => (signal.aborted || supervisor.state(kind)?.failure ? true : undefined), 60_000, 200)
  }
}

/** Joins an installation and runs the runtime until it is stopped. @returns the exit status. @throws LauncherError */
export async function join(options: JoinOptions, signal: AbortSignal): Promise<number> {
  if (!options.isPrepareOnly) await checkJoining(options)
  checkDataFolder(options.home, { noun: 'folder', setting: '--home' })
  const program = await fetchProgram(options)
  if (isOutdated(program)) return handOver(program, signal)
  const makeSpec = await prepare(program, options)
  if (options.isPrepareOnly) say(`Everything that the ${options.kind} runtime needs is in ${options.home}.`)
  else await run(options, makeSpec, signal)
  return 0
}

async function run(options: JoinOptions, makeSpec: () => Promise<ProcessSpec>, signal: AbortSignal): Promise<void> {
  const { kind, name, webUrl, stateDir } = options
  if (!webUrl.startsWith('https:') && !isLoopback(new URL(webUrl).hostname))
    say(`Note: ${webUrl} is not encrypted. Data, models and the token travel in the clear; use HTTPS outside a trusted network.`)
  mkdirSync(stateDir, { recursive: true, mode: 0o700 })
  const release = lockDataFolder(stateDir, webUrl, 'Stop that one first, or choose another name with --name.')
  const guardian = startGuardian()
  const supervisor = createSupervisor({ logDir: joinPath(stateDir, 'logs'), guardian, report: say })
  try {
    supervisor.run(await makeSpec())
    await waitUntilReady(options, supervisor, signal)
    if (!signal.aborted) say(`The ${kind} runtime "${name}" has joined ${webUrl}. Ctrl-C stops it; Settings → Runtimes shows it.`)
    await untilStopped(options, supervisor, signal)
  } finally {
    await supervisor.stop()
    guardian.dismiss()
    release()
  }
}
