import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { z } from 'zod'

const portWords = 'must be a number from 0 to 65535'
const port = z.coerce.number(portWords).int(portWords).min(0, portWords).max(65_535, portWords)
const origin = z.url({ protocol: /^https?$/, error: 'must be an address that begins with http:// or https://' })

/** Another start would find them so again. */
export class WrongSettings extends Error {}

const schema = z.object({
  /** Address to listen on. */
  HOST: z.string().min(1).default('127.0.0.1'),
  /** Port to listen on; 0 takes a free one. */
  INFERENCE_PORT: port.default(3001),
  /** Origin of web, where this runtime enrols. */
  NEUROWEAVER_CONTROL_URL: origin.default('http://127.0.0.1:3000'),
  /** Enrols this runtime; not needed while its own credential is still good. */
  RUNTIME_TOKEN: z.string().min(1).optional(),
  /** Folder for downloaded files, the credential and the last desired state. */
  NEUROWEAVER_STATE_DIR: z.string().min(1).default('./data/inference'),
  /** Artifact directory shared with web, read in place. */
  NEUROWEAVER_ARTIFACT_DIR: z.string().min(1).optional(),
  /** Origin at which callers reach this runtime. */
  NEUROWEAVER_INFERENCE_URL: origin.optional(),
  /** Origin at which web reaches this runtime, where that is another one: inside a network of containers. */
  NEUROWEAVER_INTERNAL_URL: origin.optional(),
  /** Name under which it enrols. */
  NEUROWEAVER_RUNTIME_NAME: z.string().min(1).max(100).default(`inference@${hostname()}`.slice(0, 100)),
})

export type RuntimeEnv = {
  host: string
  port: number
  controlUrl: string
  runtimeToken: string | undefined
  stateDir: string
  artifactDir: string | undefined
  inferenceUrl: string | undefined
  internalUrl?: string | undefined
  name: string
}

/** @throws WrongSettings that lists every variable that is wrong. */
export function readEnv(source: NodeJS.ProcessEnv = process.env): RuntimeEnv {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''))
  const parsed = schema.safeParse(given)
  if (!parsed.success) throw new WrongSettings(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'))
  const env = parsed.data
  return {
    host: env.HOST,
    port: env.INFERENCE_PORT,
    controlUrl: env.NEUROWEAVER_CONTROL_URL.replace(/\/+$/, ''),
    runtimeToken: env.RUNTIME_TOKEN,
    stateDir: resolve(env.NEUROWEAVER_STATE_DIR),
    artifactDir: env.NEUROWEAVER_ARTIFACT_DIR ? resolve(env.NEUROWEAVER_ARTIFACT_DIR) : undefined,
    inferenceUrl: env.NEUROWEAVER_INFERENCE_URL?.replace(/\/+$/, ''),
    internalUrl: env.NEUROWEAVER_INTERNAL_URL?.replace(/\/+$/, ''),
    name: env.NEUROWEAVER_RUNTIME_NAME,
  }
}

/** The origin to tell callers when none is set: a wildcard address is no use to them, the machine's name is. */
export function advertisedUrl(env: RuntimeEnv, listeningPort: number): string {
  if (env.inferenceUrl) return env.inferenceUrl
  const host = env.host === '0.0.0.0' || env.host === '::' ? hostname() : env.host
  return `http://${host.includes(':') ? `[${host}]` : host}:${listeningPort}`
}
