import { join } from 'node:path'
import { instanceVariable } from '#src/launcher/leftovers.ts'
import { inRoot, root } from '#src/launcher/paths.ts'
import type { ProcessSpec } from '#src/launcher/processes.ts'
import type { Secrets } from '#src/launcher/secrets.ts'
import { localHost, localUrls, type ProcessName, publicUrl, type Settings } from '#src/launcher/settings.ts'

export type Ingredients = {
  settings: Settings
  secrets: Secrets
  /** Mark of this start, by which its leftovers are known. */
  instance: string
  databaseUrl: string | undefined
  /** Path of the Python interpreter, or why there is none. */
  python: { path: string } | { reason: string }
}

/** Runtimes run models and training code of others: nothing that opens the control plane may be in their environment. */
const secretName =
  /SECRET|PASSWORD|PASSPHRASE|API_KEY|PRIVATE_KEY|CREDENTIAL|DATABASE_URL|SETUP_CODE|^PG|^S3_|^AWS_|^npm_|^UNIFIED_|^RELAYCORE_|^SMTP_|^OIDC_|_ADMIN_/i

function withoutSecrets(source: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(source).filter(([name]) => !secretName.test(name) && name !== 'NEUROWEAVER_STATE_DIR'))
}

/** Where callers reach the inference runtime: on the same host as web's public address, if that was given. */
function inferenceUrl(settings: Settings): string {
  const given = settings.source.NEUROWEAVER_INFERENCE_URL
  if (given) return given.replace(/\/$/, '')
  const host = settings.source.NEUROWEAVER_URL ? new URL(settings.source.NEUROWEAVER_URL).hostname : localHost(settings.host)
  return `http://${host}:${settings.inferencePort}`
}

function shared({ settings, secrets, instance }: Ingredients): Record<string, string> {
  return {
    HOST: settings.host,
    PORT: String(settings.port),
    INFERENCE_PORT: String(settings.inferencePort),
    NEUROWEAVER_DATA_DIR: settings.dataDir,
    NEUROWEAVER_CONTROL_URL: settings.source.NEUROWEAVER_CONTROL_URL ?? localUrls(settings).web,
    NEUROWEAVER_INFERENCE_URL: inferenceUrl(settings),
    RUNTIME_TOKEN: secrets.RUNTIME_TOKEN,
    NODE_ENV: settings.isDev ? 'development' : 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    [instanceVariable]: instance,
  }
}

function controlPlane(ingredients: Ingredients): Record<string, string> {
  const { settings, secrets, databaseUrl, python } = ingredients
  const { NEUROWEAVER_API_KEY: _ours, ...source } = settings.source
  return {
    ...source,
    ...shared(ingredients),
    ...secrets,
    NEUROWEAVER_URL: publicUrl(settings),
    ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}),
    ...(settings.isDev ? { NEUROWEAVER_DEV: '1' } : {}),
    ...('reason' in python ? { NEUROWEAVER_NO_PYTHON: python.reason } : {}),
  }
}

/** Folder of what a runtime keeps for itself: its credential, its cache, its heartbeat. */
export const stateDirOf = (settings: Settings, name: 'training' | 'inference'): string => join(settings.dataDir, name)

function runtime(ingredients: Ingredients, name: 'training' | 'inference'): Record<string, string> {
  const { settings } = ingredients
  // Only a runtime beside web shares its disk; another one fetches by digest.
  const artifactDir =
    settings.source.NEUROWEAVER_ARTIFACT_DIR ?? (settings.processes.has('web') ? join(settings.dataDir, 'artifacts') : undefined)
  return {
    ...withoutSecrets(settings.source),
    ...shared(ingredients),
    NEUROWEAVER_STATE_DIR: stateDirOf(settings, name),
    ...(artifactDir ? { NEUROWEAVER_ARTIFACT_DIR: artifactDir } : {}),
  }
}

function training(ingredients: Ingredients): Record<string, string> {
  const { OMP_NUM_THREADS = '1' } = ingredients.settings.source
  return {
    ...runtime(ingredients, 'training'),
    PYTHONPATH: inRoot('runtimes/training'),
    PYTHONUNBUFFERED: '1',
    // On shared cores, threads that spin while they wait make two threads many times slower than one.
    OMP_NUM_THREADS,
    OMP_WAIT_POLICY: 'PASSIVE',
  }
}

type NamedSpec = ProcessSpec & { name: ProcessName }

/** The processes that this start runs, with what each may know. */
export function processSpecs(ingredients: Ingredients): NamedSpec[] {
  const { settings, python } = ingredients
  const node = (file: string, isWatched: boolean) => ({
    command: process.execPath,
    args: [...(settings.isDev && isWatched ? ['--watch', '--watch-preserve-output'] : []), inRoot(file)],
    cwd: root,
  })
  const specs: Record<ProcessName, () => NamedSpec | undefined> = {
    web: () => ({ name: 'web', ...node('src/server/web.ts', false), env: controlPlane(ingredients), stopStage: 3 }),
    worker: () => ({ name: 'worker', ...node('src/server/worker.ts', true), env: controlPlane(ingredients), stopStage: 2 }),
    inference: () => ({
      name: 'inference',
      ...node('runtimes/inference/server.ts', true),
      env: runtime(ingredients, 'inference'),
      stopStage: 1,
    }),
    training: () =>
      'path' in python
        ? {
            name: 'training',
            command: python.path,
            args: ['-m', 'neuroweaver_training', 'agent'],
            cwd: inRoot('runtimes/training'),
            env: training(ingredients),
            stopStage: 1,
          }
        : undefined,
  }
  return [...settings.processes].map((name) => specs[name]()).filter((spec) => spec !== undefined)
}
