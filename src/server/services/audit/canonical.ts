/** The bytes that a seal covers, so that anybody can compute the chain from an export again. */
import { createHash } from 'node:crypto'
import type { auditEvents } from '#src/server/db/schema.ts'

type Row = typeof auditEvents.$inferSelect

/**
 * JSON in one form only, as RFC 8785 (JSON Canonicalization Scheme) writes it: no white space, names sorted by UTF-16 code
 * unit, numbers and strings as ECMAScript serialises them.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const names = Object.keys(value).sort()
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalJson((value as Record<string, unknown>)[name])}`).join(',')}}`
}

/** Columns as SQL names them, the empty ones left out: a column that is added later changes no seal of today. */
function entryOf(row: Row): Record<string, unknown> {
  const columns = {
    id: row.id,
    at: row.at.toISOString(),
    project_id: row.projectId,
    user_id: row.userId,
    api_key_id: row.apiKeyId,
    runtime_id: row.runtimeId,
    actor_name: row.actorName,
    api_key_name: row.apiKeyName,
    address: row.address,
    source: row.source,
    action: row.action,
    target_type: row.targetType,
    target_id: row.targetId,
    target_name: row.targetName,
    before: row.before,
    after: row.after,
    correlation_id: row.correlationId,
    transaction_id: row.transactionId,
  }
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== null))
}

/** What the first seal chains to: 32 zero bytes. */
export const genesis = Buffer.alloc(32)

/** SHA-256 over the 32 bytes of the seal before and the UTF-8 of the entry's canonical JSON. */
export const sealHash = (previous: Buffer, row: Row): Buffer =>
  createHash('sha256')
    .update(previous)
    .update(canonicalJson(entryOf(row)), 'utf8')
    .digest()
