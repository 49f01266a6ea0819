import type { AuditSource } from '#src/contracts/audit.ts'
import { isUuid } from '#src/contracts/common.ts'
import type { Change } from '#src/contracts/home.ts'
import { executeNamed, notify, type Queryable, trail } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { requestScope } from '#src/server/log.ts'
import type { Caller } from './access.ts'
import { factsText } from './audit/facts.ts'
import { insertOf } from './audit/statement.ts'

export type Audited = {
  /** `noun.verb` */
  action: string
  targetType: string
  targetId: string
  /** By default what `after` or `before` calls it, else what its row is called now. */
  targetName?: string
  before?: Record<string, unknown>
  after?: Record<string, unknown>
  projectId?: string | null
}

/** Of a caller, what an entry keeps. */
type Actor = Pick<Caller, 'kind' | 'userId' | 'email' | 'apiKeyId' | 'runtimeId' | 'address' | 'source' | 'project'> & {
  correlationId: string | null
}

/** Writes down who changed what, in the change's own transaction: an entry is there when, and only when, the change is. */
export async function recordAudit(tx: Queryable, caller: Actor, event: Audited): Promise<void> {
  const entry = {
    id: newId(),
    project_id: event.projectId === undefined ? (caller.project.name ? caller.project.id : null) : event.projectId,
    user_id: caller.userId,
    api_key_id: caller.apiKeyId,
    runtime_id: caller.runtimeId,
    address: caller.address,
    source: caller.source ?? sourceOf(caller),
    action: event.action,
    target_type: event.targetType,
    target_id: event.targetId,
    before: factsText(event.before),
    after: factsText(event.after),
    correlation_id: caller.correlationId,
    actor_name: caller.email,
    target_name: saidName(event),
  }
  const { name, text, params } = insertOf(entry, isUuid(event.targetId))
  await trail(tx, executeNamed(tx, name, text, params))
}

/** Writes down what the installation did by itself; a request that it did it for gives its correlation id. */
export const recordSystemAudit = (tx: Queryable, event: Audited, correlationId = requestScope.getStore()?.correlationId): Promise<void> =>
  recordAudit(
    tx,
    {
      kind: 'anonymous',
      userId: null,
      email: null,
      apiKeyId: null,
      runtimeId: null,
      address: null,
      source: 'system',
      project: { id: '', name: '' },
      correlationId: correlationId ?? null,
    },
    event,
  )

function sourceOf({ kind, runtimeId, address }: Actor): AuditSource {
  if (runtimeId !== null) return 'runtime'
  if (kind === 'key' || kind === 'token') return 'client'
  return kind === 'user' || address !== null ? 'web' : 'system'
}

const maxName = 500

function saidName({ targetType, targetName, before, after }: Audited): string | null {
  const keys = targetType === 'user' ? ['email'] : ['name', 'filename']
  const said = [targetName, ...[after, before].flatMap((facts) => keys.map((key) => facts?.[key]))]
  const name = said.find((value) => typeof value === 'string' && value !== '') as string | undefined
  return name?.slice(0, maxName) ?? null
}

/** In place of a project, for what is in none: told to every page. */
export const everywhere = '00000000-0000-0000-0000-000000000000'

/** Tells open pages, once the transaction commits, that a thing changed. */
export const announce = (tx: Queryable, kind: Change['kind'], projectId: string, id: string) =>
  notify(tx, 'nw_change', `${kind}:${projectId}:${id}`)

/** Projects are listed on pages of other projects too. Which one it was is not said there: it may be one that they must not know of. */
export const announceProjects = (tx: Queryable) => announce(tx, 'project', everywhere, '*')
