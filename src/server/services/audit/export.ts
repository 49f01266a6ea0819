import type { AuditEvent, AuditFilter } from '#src/contracts/audit.ts'
import { db } from '#src/server/db/client.ts'
import type { Caller } from '../access.ts'
import { cursorOf, readEvents, whereOf } from './find.ts'
import { listPlace } from '../paging.ts'

const batchSize = 1000

/** Every entry that the filter leaves, newest first, a batch at a time: what is written meanwhile does not come in. */
export async function* exportAudit(caller: Caller, filter: AuditFilter): AsyncGenerator<AuditEvent[]> {
  const where = whereOf(caller, filter)
  const place = listPlace('audit export', caller.project.id, filter)
  for (let cursor: string | undefined; ; ) {
    const events = await readEvents(db(), place, where, { limit: batchSize, skip: 0, cursor })
    if (events.length > 0) yield events
    const last = events.at(-1)
    if (!last || events.length < batchSize) return
    cursor = cursorOf(place, last)
  }
}
