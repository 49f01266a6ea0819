import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'

/** An empty setting counts as not set, as in most shells and compose files. */
const optional = <T extends z.ZodType>(schema: T) => z.preprocess((value) => (value === '' ? undefined : value), schema.optional())

const port = z.coerce.number().int().min(0).max(65535)

const settings = z.object({
  /** Address that servers listen on; container images set 0.0.0.0. */
  HOST: z.string().default('127.0.0.1'),
  /** Port of the web process. */
  PORT: port.default(3000),
  /** Port of the inference runtime. */
  INFERENCE_PORT: port.default(3001),
  /** Where the database, the artifacts and the secrets of this installation live. */
  NEUROWEAVER_DATA_DIR: z.string().default('./data'),
  /** A PostgreSQL 15 or newer; without it the launcher starts an embedded one. */
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** Web's public origin, as people and services reach it. */
  NEUROWEAVER_URL: optional(z.url({ protocol: /^https?$/ })),
  /** How callers reach this inference runtime. */
  NEUROWEAVER_INFERENCE_URL: optional(z.url({ protocol: /^https?$/ })),
  /** Where a runtime finds web. */
  NEUROWEAVER_CONTROL_URL: optional(z.url({ protocol: /^https?$/ })),
  /** An admin's key made at start. */
  NEUROWEAVER_BOOTSTRAP_API_KEY: optional(z.string().regex(/^[\x21-\x7e]{24,128}$/, 'must be 24 to 128 visible ASCII characters')),
  /** The first admin; else the first page asks. */
  NEUROWEAVER_ADMIN_EMAIL: optional(z.email()),
  NEUROWEAVER_ADMIN_PASSWORD: optional(z.string().min(10, 'must have at least 10 characters')),
  /** The code that the first page asks for when HOST is not loopback; the launcher makes and prints it. */
  NEUROWEAVER_SETUP_CODE: optional(z.string().min(8)),
  /** Enrols runtimes; the launcher makes one at first start and keeps it in the data folder. */
  RUNTIME_TOKEN: z.string().min(16),
  /** Signs browser sessions; the launcher makes one at first start and keeps it in the data folder. */
  NEXTAUTH_SECRET: z.string().min(32),
  /** Least severe level that is logged. */
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
})

export type Env = z.infer<typeof settings> & {
  dataDir: string
  artifactDir: string
  uploadDir: string
  /** Origin that people and services use. */
  webUrl: string
}

/** Minimal `.env` reader: KEY=VALUE lines, optional quotes; what the process already has wins. */
function readDotEnv(path: string): Record<string, string> {
  if (!existsSync(path)) return {}
  const pairs = readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => /^\s*(?:export\s+)?([A-Z0-9_]+)\s*=\s*(.*?)\s*$/.exec(line))
    .filter((match) => match !== null)
  return Object.fromEntries(pairs.map((match) => [match[1] as string, (match[2] as string).replace(/^(['"])(.*)\1$/, '$2')]))
}

/**
 * Parses the settings once.
 * @throws Error whose message lists every setting that is wrong, and why.
 */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const result = settings.safeParse(source)
  if (!result.success) {
    const lines = result.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`)
    throw new Error(`These settings are missing or wrong:\n${lines.join('\n')}`)
  }
  const dataDir = resolve(result.data.NEUROWEAVER_DATA_DIR)
  const host = ['0.0.0.0', '::'].includes(result.data.HOST) ? '127.0.0.1' : result.data.HOST
  return {
    ...result.data,
    dataDir,
    artifactDir: resolve(dataDir, 'artifacts'),
    uploadDir: resolve(dataDir, 'uploads'),
    webUrl: (result.data.NEUROWEAVER_URL ?? `http://${host}:${result.data.PORT}`).replace(/\/$/, ''),
  }
}

let cached: Env | undefined

/** The settings of this process; a wrong one ends it with the whole list. */
export function env(): Env {
  if (cached) return cached
  try {
    cached = parseEnv({ ...readDotEnv('.env'), ...process.env })
  } catch (error) {
    console.error((error as Error).message)
    process.exit(78)
  }
  return cached
}
