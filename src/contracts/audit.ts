import { z } from 'zod'
import { id, isoTime, pageOf, text } from './common.ts'

/** Which door a change came in by; `client` is a key at tRPC or at the upload address, `system` the installation itself. */
export const auditSource = z.enum(['web', 'rest', 'client', 'runtime', 'system'])
export type AuditSource = z.infer<typeof auditSource>

const facts = z.record(z.string(), z.unknown()).nullable()

/** One entry of the record. Names are those of the time. */
export const auditEvent = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  source: auditSource,
  action: z.string(),
  actor: z.object({ kind: z.enum(['user', 'runtime', 'system']), id: z.string().nullable(), name: z.string().nullable() }),
  apiKey: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
  address: z.string().nullable(),
  target: z.object({ type: z.string(), id: z.string(), name: z.string().nullable() }),
  project: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
  before: facts,
  after: facts,
  correlationId: z.string().nullable(),
  /** The database's number of the transaction that made the change; part of what is sealed. */
  transactionId: z.string(),
  /** Its place in the chain; null for the moment until it is sealed. */
  seal: z.object({ seq: z.number(), hash: z.string(), sealedAt: z.iso.datetime() }).nullable(),
})
export type AuditEvent = z.infer<typeof auditEvent>

const word = text(200).min(1).optional()

export const auditFilter = z.object({
  /** Part of the actor's e-mail or name, or a whole id. */
  actor: word,
  /** Part of the key's name or prefix, or its whole id. */
  apiKey: word,
  /** A whole action (`model.update`), or what it begins with (`model`, `model.`). */
  action: word,
  targetType: word,
  /** Part of the target's name, or its whole id. */
  target: word,
  source: auditSource.optional(),
  correlationId: word,
  /** Id or name of a project; for admins of the installation, who see all. */
  project: word,
  /** Part of any of the names, or of what changed. */
  q: word,
  from: isoTime.optional(),
  to: isoTime.optional(),
})
export type AuditFilter = z.infer<typeof auditFilter>

const paging = {
  limit: z.number().int().min(1).max(1000).default(50),
  skip: z.number().int().min(0).max(10_000).default(0),
  cursor: text(500).optional(),
}
export const listAudit = auditFilter.extend({ ...paging })
export const auditPage = pageOf(auditEvent)

export const historyTypes = ['model', 'dataset', 'job', 'deployment', 'project', 'runtime', 'user', 'alert_rule', 'channel'] as const
export const auditHistory = z.object({
  targetType: z.enum(historyTypes),
  targetId: id,
  ...paging,
})

/** Entries a step of time and kind of target, for the plot. */
export const auditActivity = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  stepMs: z.number(),
  groups: z.array(z.object({ name: z.string(), counts: z.array(z.number()) })),
})
export type AuditActivity = z.infer<typeof auditActivity>

const digest = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits')
/** A head of the chain that somebody kept, as `SEQ:HASH`. */
export const auditHead = z
  .string()
  .regex(/^\d{1,15}:[0-9a-f]{64}$/, 'must be a number, a colon and 64 lower-case hex digits')
  .transform((value) => ({ seq: Number(value.split(':')[0]), hash: value.split(':')[1] as string }))

export const auditBreak = z.object({
  kind: z.enum(['entry-changed', 'entry-missing', 'seal-changed', 'seal-missing', 'entry-unsealed', 'head-missing']),
  seq: z.number().nullable(),
  eventId: z.string().nullable(),
  message: z.string(),
})
export type AuditBreak = z.infer<typeof auditBreak>

export const auditVerdict = z.object({
  isIntact: z.boolean(),
  /** Seals that hold, from the first one on. */
  checked: z.number(),
  head: z.object({ seq: z.number(), hash: digest, sealedAt: z.iso.datetime() }).nullable(),
  firstBreak: auditBreak.nullable(),
  unsealed: z.object({ count: z.number(), oldestAt: z.iso.datetime().nullable() }),
  durationMs: z.number(),
})
export type AuditVerdict = z.infer<typeof auditVerdict>
export const auditProgress = z.object({ checked: z.number(), total: z.number(), verdict: auditVerdict.nullable() })
