import { z } from 'zod'
import { id, pageOf, text } from './common.ts'

/** What RelayCore is told. */
export const outboxKind = z.enum(['provider', 'register', 'remove', 'performance', 'status'])
export type OutboxKind = z.infer<typeof outboxKind>
/** `refused` was answered with a 4xx that no repetition mends; `dropped` was given up by a person. */
export const outboxStatus = z.enum(['waiting', 'delivered', 'refused', 'dropped'])
export type OutboxStatus = z.infer<typeof outboxStatus>

export const outboxEntry = z.object({
  seq: z.number().int(),
  modelId: z.string().nullable(),
  model: z.string().nullable(),
  kind: outboxKind,
  status: outboxStatus,
  payload: z.record(z.string(), z.unknown()),
  attempts: z.number().int(),
  nextAt: z.iso.datetime(),
  /** It is on its way: the answer is waited for. */
  isHeld: z.boolean(),
  lastError: z.string().nullable(),
  createdAt: z.iso.datetime(),
  deliveredAt: z.iso.datetime().nullable(),
})
export type OutboxEntry = z.infer<typeof outboxEntry>
export const outboxPage = pageOf(outboxEntry)
export const listOutbox = z.object({
  status: outboxStatus.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: text(500).optional(),
})
export const outboxRef = z.object({ seq: z.number().int().min(1) })

export const relaycoreLink = z.object({
  /** Null when no RELAYCORE_URL is set. */
  url: z.string().nullable(),
  state: z.enum(['off', 'up', 'down', 'unknown']),
  since: z.iso.datetime().nullable(),
  checkedAt: z.iso.datetime().nullable(),
  lastError: z.string().nullable(),
  registeredAt: z.iso.datetime().nullable(),
  waiting: z.number().int(),
  oldestWaitingAt: z.iso.datetime().nullable(),
  delivered: z.number().int(),
  refused: z.number().int(),
})
export type RelaycoreLink = z.infer<typeof relaycoreLink>

/** Routing analytics of one model, as RelayCore answers; its shape is RelayCore's own. */
export const analyticsRef = z.object({ modelId: id })
export const analytics = z.object({ model: z.string(), data: z.unknown() })
