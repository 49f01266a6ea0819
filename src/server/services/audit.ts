import { newId } from '#src/server/db/ids.ts'
import { notify, type Queryable } from '#src/server/db/client.ts'
import { auditEvents } from '#src/server/db/schema.ts'
import type { Change } from '#src/contracts/home.ts'
import type { Caller } from './access.ts'

export type Audited = {
  action: string
  targetType: string
  targetId: string
  before?: Record<string, unknown>
  after?: Record<string, unknown>
  projectId?: string | null
}

/** Writes down who changed what, in the change's own transaction. */
export async function recordAudit(tx: Queryable, caller: Caller, event: Audited): Promise<void> {
  await tx.insert(auditEvents).values({
    id: newId(),
    projectId: event.projectId === undefined ? (caller.project.name ? caller.project.id : null) : event.projectId,
    userId: caller.userId,
    apiKeyId: caller.apiKeyId,
    runtimeId: caller.runtimeId,
    address: caller.address,
    action: event.action,
    targetType: event.targetType,
    targetId: event.targetId,
    before: event.before ?? null,
    after: event.after ?? null,
    correlationId: caller.correlationId,
  })
}

/** Tells open pages, once the transaction commits, that a thing changed. */
export const announce = (tx: Queryable, kind: Change['kind'], projectId: string, id: string) =>
  notify(tx, 'nw_change', `${kind}:${projectId}:${id}`)
