import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import './issueText.ts'

const optional = <T extends z.ZodType>(schema: T) => schema.optional()

const portWords = 'must be a number from 0 to 65535'
const port = z.coerce.number(portWords).int(portWords).min(0, portWords).max(65535, portWords)

const originWords = 'must be an origin without a path, like https://neuroweaver.example.org'
const origin = z
  .url({ protocol: /^https?$/, error: originWords, abort: true })
  .refine((text) => /^\/*$/.test(new URL(text).pathname + new URL(text).search + new URL(text).hash), originWords)

/** What is between commas, each of which must be good: one that is not would be looked past in silence. */
const listed = (isGood: (entry: string) => boolean, words: string) =>
  z
    .string()
    .max(4000)
    .superRefine((text, context) => {
      const entries = text.split(',').map((entry) => entry.trim())
      for (const entry of entries.filter((one) => one && !isGood(one)))
        context.addIssue({ code: 'custom', message: `${JSON.stringify(entry)} is no ${words}` })
    })

const bare = (entry: string) => entry.replace(/^\[|\]$/g, '')
const isAddress = (entry: string) => ipaddr.isValid(entry) || ipaddr.isValidCIDR(entry)
const isHostName = (entry: string) => /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?\.?$/i.test(entry)
const isHost = (entry: string) => isHostName(entry) || ipaddr.isValid(bare(entry))

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
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be like postgres://user:password@host:5432/name' }),
  /** Web's public origin, as people and services reach it. */
  NEUROWEAVER_URL: optional(origin),
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
  /** What NEXTAUTH_SECRET was before, comma-separated: what was sealed under one of these still opens, and is sealed anew by the worker. */
  NEUROWEAVER_PREVIOUS_SECRETS: z.preprocess(
    (value) =>
      String(value ?? '')
        .split(',')
        .map((one) => one.trim())
        .filter(Boolean),
    z.array(z.string().min(32, 'each must have at least 32 characters')).max(20),
  ),
  /** Hosts and CIDRs, comma-separated, that calls to user-given addresses may reach although they are private. */
  NEUROWEAVER_OUTBOUND_ALLOW: optional(listed((entry) => isHost(entry) || isAddress(entry), 'host, address or CIDR')),
  /** Verifies unified tokens that are signed HS256 with a secret which the systems share. */
  UNIFIED_JWT_SECRET: optional(z.string().min(16, 'must have at least 16 characters')),
  /** Keys that verify unified tokens signed RS256 or ES256. */
  UNIFIED_JWKS_URL: optional(z.url({ protocol: /^https?$/ })),
  /** What `iss` and `aud` of a unified token must be; each is checked only when set. */
  UNIFIED_JWT_ISSUER: optional(z.string().max(500)),
  UNIFIED_JWT_AUDIENCE: optional(z.string().max(500)),
  /** An OpenID Connect provider that people sign in with; its redirect address is NEUROWEAVER_URL/api/auth/callback/oidc. */
  OIDC_ISSUER: optional(z.url({ protocol: /^https?$/ })),
  OIDC_CLIENT_ID: optional(z.string().max(500)),
  OIDC_CLIENT_SECRET: optional(z.string().max(2000)),
  /** What its button is called. */
  OIDC_NAME: z.string().min(1).max(60).default('single sign-on'),
  OIDC_SCOPES: z.string().min(6).max(500).default('openid email profile'),
  OIDC_GROUPS_CLAIM: z.string().min(1).max(200).default('groups'),
  /** Groups and the roles they give: `ml-admins=admin,ml=manager`. Whoever is in none of them is a viewer. */
  OIDC_ROLE_MAP: optional(
    z
      .string()
      .regex(
        /^\s*[^=,]+=(viewer|user|manager|admin)\s*(,\s*[^=,]+=(viewer|user|manager|admin)\s*)*$/,
        'must be like "ml-admins=admin,ml=manager"',
      ),
  ),
  /** The router that is told of our models; off when no address is set. */
  RELAYCORE_URL: optional(z.url({ protocol: /^https?$/ })),
  RELAYCORE_API_KEY: optional(z.string().max(16_384)),
  /** How long a call to it may take, in milliseconds. */
  RELAYCORE_TIMEOUT_MS: z.preprocess(
    (value) => (value === '' ? undefined : value),
    z.coerce.number().int().min(100).max(60_000).default(10_000),
  ),
  /** The server that sends e-mail: smtp://user:password@host:587, or smtps://. */
  SMTP_URL: optional(z.url({ protocol: /^smtps?$/, error: 'must be like smtp://user:password@host:587, or smtps://' })),
  SMTP_FROM: z.string().min(3).max(320).default('NeuroWeaver <neuroweaver@localhost>'),
  /** Host names, comma-separated, that web answers to beside those of NEUROWEAVER_URL and this machine. */
  NEUROWEAVER_ALLOWED_HOSTS: optional(listed((entry) => isHost(entry.replace(/:\d{1,5}$/, '')), 'host name')),
  /** Addresses or CIDRs of proxies, comma-separated, whose X-Forwarded-For is believed. */
  NEUROWEAVER_TRUSTED_PROXIES: optional(listed(isAddress, 'address or CIDR, like 10.0.0.0/8')),
  /** Where every process sends its log lines, in batches; they stay on standard output too. */
  LOG_SINK_URL: optional(z.url({ protocol: /^https?$/ })),
  /** Sent there as a Bearer token. */
  LOG_SINK_TOKEN: optional(z.string().max(16_384)),
  /** Where traces go, by OTLP over HTTP; off when no address is set. */
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(z.url({ protocol: /^https?$/ })),
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

const assignment = /^\s*(?:export\s+)?([A-Za-z0-9_]+)\s*=\s*(.*?)\s*$/
const quoted = /^(['"])(.*?)\1\s*(?:#.*)?$/

const linesOf = (path: string): string[] => (existsSync(path) ? readFileSync(path, 'utf8').split(/\r?\n/) : [])

/** What `.env` says, read as compose does: NAME=value, perhaps in quotes, and perhaps with a comment behind a blank. */
export function readDotEnv(path: string): Record<string, string> {
  const pairs = linesOf(path).flatMap((line) => {
    const [, name, text = ''] = assignment.exec(line) ?? []
    return name ? [[name, quoted.exec(text)?.[2] ?? text.replace(/(^|\s+)#.*$/, '')]] : []
  })
  return Object.fromEntries(pairs)
}

/** The numbers of the lines that say nothing to us, though they were meant to. */
export const findStrayLines = (path: string): number[] =>
  linesOf(path).flatMap((line, index) => (assignment.test(line) || /^\s*(#|$)/.test(line) ? [] : [index + 1]))

type Source = Record<string, string | undefined>

/** An empty setting counts as not set, as in most shells and compose files. */
const parse = (source: Source) => settings.safeParse(Object.fromEntries(Object.entries(source).filter(([, value]) => value !== '')))

export const settingNames = Object.keys(settings.shape)

/** One of these alone does nothing. */
const companions = [
  ['NEUROWEAVER_ADMIN_EMAIL', 'NEUROWEAVER_ADMIN_PASSWORD'],
  ['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET'],
]

function findHalves(source: Source): string[] {
  return companions.flatMap((names) => {
    const set = names.filter((name) => source[name])
    if (set.length === 0) return []
    return names.filter((name) => !source[name]).map((name) => `${name}: is missing, beside ${set.join(' and ')}`)
  })
}

/**
 * Parses the settings once.
 * @throws Error whose message lists every setting that is wrong, and why.
 */
export function parseEnv(source: Source): Env {
  const result = parse(source)
  const wrong = [...(result.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`), ...findHalves(source)]
  if (!result.success || wrong.length > 0) {
    throw new Error(
      `These settings are missing or wrong:\n${wrong.map((line) => `  ${line}`).join('\n')}\n` +
        'Correct them in .env or in the environment; docker/OPERATIONS.md describes each.',
    )
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
