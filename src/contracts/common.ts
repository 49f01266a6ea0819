import { z } from 'zod'

const uuidLike = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
export const isUuid = (value: string) => uuidLike.test(value)

export const id = z
  .string()
  .regex(uuidLike, 'must be a UUID')
  .transform((value) => value.toLowerCase())

/** Text that Postgres can hold: no NUL, no lone surrogate. */
export const text = (max: number) =>
  z
    .string()
    .max(max)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what is looked for
    .refine((value) => !/\u0000/.test(value) && value.isWellFormed(), 'must not contain NUL or broken Unicode')

/** Names of models, data sets, deployments and projects. */
export const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
    'must start with a letter or digit and have at most 100 letters, digits, dots, dashes and underscores',
  )
  .refine((value) => !isUuid(value) && value !== 'register', 'is reserved: choose another name')

/** An id or a name, as addresses carry it. */
export const idOrName = text(200).min(1)

export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits')

/** A path inside a version or a data set: a display name with `/`, never joined to a folder of ours. */
export const filePath = text(500)
  .min(1)
  .refine((value) => value.split('/').every((part) => part !== '' && part !== '.' && part !== '..'), 'must have no empty, "." or ".." part')
  .refine((value) => !/[\\:\p{Cc}]/u.test(value), 'must have no backslash, colon or control character')

/** Times that the text of Postgres and of ISO 8601 writes alike, with four digits of the year. */
export const firstTimeMs = Date.parse('0001-01-01T00:00:00Z')
export const lastTimeMs = Date.parse('9999-12-31T23:59:59.999Z')

export const isoTime = z.iso.datetime({ offset: true }).refine((value) => {
  const ms = Date.parse(value)
  // What is no time at all has been refused already, and is not named twice.
  return !(ms < firstTimeMs || ms > lastTimeMs)
}, 'must be a time of the years 1 to 9999')

const maxMapBytes = 64 * 1024

/** A map of a size that a row should hold. The parser drops a key `__proto__`, so that none reaches a prototype. */
const safeMap = <T extends z.ZodType>(value: T) =>
  z
    .record(text(100).min(1), value)
    .refine((map) => Object.keys(map).length <= 200, 'must have at most 200 keys')
    .refine((map) => JSON.stringify(map).length <= maxMapBytes, 'must be at most 64 KiB of JSON')

export const tags = safeMap(text(500))

const depthOf = (value: unknown): number =>
  value !== null && typeof value === 'object' ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0

export const metadata = safeMap(z.json()).refine((map) => depthOf(map) <= 20, 'must be nested at most 20 deep')

export type Page<T> = { items: T[]; nextCursor: string | null; total: number }
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable(), total: z.number() })

export const limits = {
  uploadBytes: 1024 ** 4,
  jsonBodyBytes: 1024 * 1024,
  runtimeBodyBytes: 16 * 1024 * 1024,
  inferBodyBytes: 64 * 1024 * 1024,
  filesAVersion: 1000,
  replicaQueue: 64,
} as const
