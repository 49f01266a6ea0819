import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readText } from '#src/launcher/files.ts'
import { type Instance, startInstance } from '#src/launcher/instance.ts'
import { inRoot, root } from '#src/launcher/paths.ts'
import { freePort } from '#src/launcher/ports.ts'
import { findPython } from '#src/launcher/python.ts'
import { bootstrapKeyFile } from '#src/launcher/secrets.ts'
import { localUrls, readSettings, readSource, type Settings } from '#src/launcher/settings.ts'
import { LauncherError, say, sayOnStderr } from '#src/launcher/terminal.ts'

const demoProgram = 'src/testing/demo/main.ts'

/** Where an installation answers and what opens it. */
type Target = { url: string; apiKey: string | undefined; inferenceUrl: string | undefined }

async function isHealthy(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5_000) })
    // Another program may have the port: ours answers JSON.
    return response.ok && (response.headers.get('content-type') ?? '').includes('json')
  } catch {
    return false
  }
}

/** The installation that runs already: the one that NEUROWEAVER_URL names, or the one of this folder. */
async function findRunning(settings: Settings): Promise<Target | undefined> {
  const { source } = settings
  const url = (source.NEUROWEAVER_URL ?? localUrls(settings).web).replace(/\/$/, '')
  if (!(await isHealthy(url))) return undefined
  const ownKey = source.NEUROWEAVER_BOOTSTRAP_API_KEY ?? readText(join(settings.dataDir, bootstrapKeyFile))
  return { url, apiKey: source.NEUROWEAVER_API_KEY ?? ownKey, inferenceUrl: source.NEUROWEAVER_INFERENCE_URL }
}

/** Runs one of our programs with what opens the installation in its environment. @returns its exit status. */
async function runProgram(file: string, args: string[], target: Target | undefined): Promise<number> {
  const env: Record<string, string> = { ...readSource() }
  // The demo reads its data with whatever Python the training runtime would use.
  const python = env.NEUROWEAVER_PYTHON ?? (file === demoProgram ? (await findPython())?.path : undefined)
  if (python) env.NEUROWEAVER_PYTHON = python
  if (target) env.NEUROWEAVER_URL = target.url
  if (target?.apiKey) env.NEUROWEAVER_API_KEY = target.apiKey
  if (target?.inferenceUrl) env.NEUROWEAVER_INFERENCE_URL = target.inferenceUrl
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [inRoot(file), ...args], { cwd: root, env: env as NodeJS.ProcessEnv, stdio: 'inherit' })
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => child.kill(name))
    child.once('error', (error) => {
      say(`${file} could not be started: ${error.message}`)
      resolve(127)
    })
    child.once('exit', (code) => resolve(code ?? 130))
  })
}

async function startThrowaway(dataDir: string): Promise<Instance> {
  const { NEUROWEAVER_URL: _url, NEUROWEAVER_INFERENCE_URL: _inference, DATABASE_URL: _database, ...source } = readSource()
  const [port, inferencePort] = [await freePort(), await freePort()]
  const own = { HOST: '127.0.0.1', PORT: String(port), INFERENCE_PORT: String(inferencePort), NEUROWEAVER_DATA_DIR: dataDir }
  const all = { NEUROWEAVER_PROCESSES: 'web,worker,training,inference' }
  let current: { stop(): Promise<void> } | undefined
  const end = async () => {
    await current?.stop()
    rmSync(dataDir, { recursive: true, force: true })
    process.exit(130)
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => void end())
  return startInstance(readSettings({ source: { ...source, ...own, ...all } }), (partial) => {
    current = partial
  })
}

/** Starts an installation of its own in a temporary folder, lends it to `work` and removes it. */
async function withThrowaway(work: (target: Target) => Promise<number>): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), 'neuroweaver-'))
  try {
    const instance = await startThrowaway(dataDir)
    try {
      const { secrets, settings, url } = instance
      return await work({ url, apiKey: secrets.NEUROWEAVER_BOOTSTRAP_API_KEY, inferenceUrl: localUrls(settings).inference })
    } finally {
      await instance.stop()
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** `npm run demo`: against the installation that runs, or against one of its own that is removed afterwards. */
export async function demo(args: string[]): Promise<number> {
  sayOnStderr()
  const running = await findRunning(readSettings())
  if (!running) {
    say('No NeuroWeaver is running: the demo starts one of its own in a temporary folder.')
    return withThrowaway((target) => runProgram(demoProgram, args, target))
  }
  if (!running.apiKey) throw new LauncherError(`${running.url} needs a key: set NEUROWEAVER_API_KEY to one that may write and deploy.`, 78)
  return runProgram(demoProgram, args, running)
}

/** `npm run bench`: the benchmarks bring up what they measure; standard output is theirs alone. */
export async function bench(args: string[]): Promise<number> {
  sayOnStderr()
  return runProgram('src/testing/bench/main.ts', args, undefined)
}

/** `npm run nw`: the command line, against the installation that runs. */
export async function nw(args: string[]): Promise<number> {
  sayOnStderr()
  // The doctor is asked when settings may be wrong: it reads them itself.
  const target = args[0] === 'doctor' ? undefined : await findRunning(readSettings())
  return runProgram('src/launcher/nw.ts', args, target)
}
