/** The record as REST shows it: the columns of an entry, and its seal. */
import { z } from 'zod'
import { type AuditEvent, type AuditVerdict, auditBreak, auditSource } from '#src/contracts/audit.ts'

const facts = z.record(z.string(), z.unknown()).nullable()
const seal = z.object({ seq: z.int(), hash: z.string(), sealed_at: z.iso.datetime() })

export const auditEvent = z
  .object({
    id: z.uuid(),
    at: z.iso.datetime(),
    source: auditSource,
    action: z.string(),
    user_id: z.uuid().nullable(),
    runtime_id: z.uuid().nullable(),
    actor_name: z
      .string()
      .nullable()
      .meta({ description: 'E-mail of the person or name of the runtime; null when the installation acted' }),
    api_key_id: z.uuid().nullable(),
    api_key_name: z.string().nullable(),
    address: z.string().nullable(),
    target_type: z.string(),
    target_id: z.string(),
    target_name: z.string().nullable(),
    project_id: z.uuid().nullable(),
    project: z.string().nullable(),
    before: facts,
    after: facts,
    correlation_id: z.string().nullable(),
    transaction_id: z.string(),
    seal: seal.nullable().meta({ description: 'Its place in the chain; null for the moment until it is sealed' }),
  })
  .meta({ title: 'AuditEvent' })

export const presentAuditEvent = (of: AuditEvent): z.infer<typeof auditEvent> => ({
  id: of.id,
  at: of.at,
  source: of.source,
  action: of.action,
  user_id: of.actor.kind === 'user' ? of.actor.id : null,
  runtime_id: of.actor.kind === 'runtime' ? of.actor.id : null,
  actor_name: of.actor.name,
  api_key_id: of.apiKey?.id ?? null,
  api_key_name: of.apiKey?.name ?? null,
  address: of.address,
  target_type: of.target.type,
  target_id: of.target.id,
  target_name: of.target.name,
  project_id: of.project?.id ?? null,
  project: of.project?.name ?? null,
  before: of.before,
  after: of.after,
  correlation_id: of.correlationId,
  transaction_id: of.transactionId,
  seal: of.seal && { seq: of.seal.seq, hash: of.seal.hash, sealed_at: of.seal.sealedAt },
})

export const auditVerdict = z
  .object({
    intact: z.boolean(),
    checked: z.int().meta({ description: 'Seals that hold, from the first one on' }),
    head: seal.nullable().meta({ description: 'Keep "seq:hash" elsewhere: a later check against it shows an end that was cut off' }),
    first_break: z
      .object({ kind: auditBreak.shape.kind, seq: z.int().nullable(), event_id: z.string().nullable(), message: z.string() })
      .nullable(),
    unsealed: z.object({ count: z.int(), oldest_at: z.iso.datetime().nullable() }),
    duration_ms: z.int(),
  })
  .meta({ title: 'AuditVerdict' })

export const presentVerdict = (of: AuditVerdict): z.infer<typeof auditVerdict> => ({
  intact: of.isIntact,
  checked: of.checked,
  head: of.head && { seq: of.head.seq, hash: of.head.hash, sealed_at: of.head.sealedAt },
  first_break: of.firstBreak && {
    kind: of.firstBreak.kind,
    seq: of.firstBreak.seq,
    event_id: of.firstBreak.eventId,
    message: of.firstBreak.message,
  },
  unsealed: { count: of.unsealed.count, oldest_at: of.unsealed.oldestAt },
  duration_ms: of.durationMs,
})
