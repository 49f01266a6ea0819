/** Walks the chain of seals and says where it breaks first. */
import { asc, desc, eq, gt, sql } from 'drizzle-orm'
import type { AuditBreak, AuditVerdict } from '#src/contracts/audit.ts'
import { db } from '#src/server/db/client.ts'
import { auditEvents, auditPending, auditSeals } from '#src/server/db/schema.ts'
import { genesis, sealHash } from './canonical.ts'

type Seal = typeof auditSeals.$inferSelect
type Link = { seal: Seal; event: typeof auditEvents.$inferSelect | null }
type Head = { seq: number; hash: string }
type Progress = { checked: number; total: number; verdict: AuditVerdict | null }

const batchSize = 1000
const entriesABatch = 10_000
const firstId = '00000000-0000-0000-0000-000000000000'

/**
 * Checks every seal from the first on, then that no entry stands outside the chain. Yields after each batch; the last value
 * carries the verdict. What was cut off the end together with its seals shows only against `kept`, a head that somebody
 * wrote down before; a chain computed anew by somebody who may write the tables shows only so, too.
 */
export async function* verifyChain(kept?: Head): AsyncGenerator<Progress> {
  const started = performance.now()
  const total = await lastSeq()
  const walk: Walk = { seq: 0, hash: genesis, sealedAt: null, isKeptSeen: kept === undefined, firstBreak: null }
  while (!walk.firstBreak) {
    const links = await readLinks(walk.seq)
    for (const [index, link] of links.entries()) {
      walk.firstBreak = breakAt(walk, link, links[index + 1])
      if (walk.firstBreak) break
      Object.assign(walk, { seq: link.seal.seq, hash: link.seal.hash, sealedAt: link.seal.sealedAt })
      if (kept?.seq === walk.seq) walk.isKeptSeen = walk.hash.toString('hex') === kept.hash
    }
    if (links.length < batchSize) break
    yield { checked: walk.seq, total: Math.max(total, walk.seq), verdict: null }
  }
  const firstBreak = walk.firstBreak ?? (await findOutside()) ?? headBreak(walk, kept)
  const verdict: AuditVerdict = {
    isIntact: firstBreak === null,
    checked: walk.seq,
    head: walk.sealedAt && { seq: walk.seq, hash: walk.hash.toString('hex'), sealedAt: walk.sealedAt.toISOString() },
    firstBreak,
    unsealed: await readUnsealed(),
    durationMs: Math.round(performance.now() - started),
  }
  yield { checked: walk.seq, total: Math.max(total, walk.seq), verdict }
}

/** The verdict alone. */
export async function readVerdict(kept?: Head): Promise<AuditVerdict> {
  for await (const { verdict } of verifyChain(kept)) if (verdict) return verdict
  throw new Error('a walk over the chain ends with a verdict')
}

type Walk = { seq: number; hash: Buffer; sealedAt: Date | null; isKeptSeen: boolean; firstBreak: AuditBreak | null }

async function lastSeq(): Promise<number> {
  const [row] = await db().select({ seq: auditSeals.seq }).from(auditSeals).orderBy(desc(auditSeals.seq)).limit(1)
  return row?.seq ?? 0
}

const readLinks = (after: number): Promise<Link[]> =>
  db()
    .select({ seal: auditSeals, event: auditEvents })
    .from(auditSeals)
    .leftJoin(auditEvents, eq(auditEvents.id, auditSeals.eventId))
    .where(gt(auditSeals.seq, after))
    .orderBy(asc(auditSeals.seq))
    .limit(batchSize)

function breakAt(walk: Walk, { seal, event }: Link, next: Link | undefined): AuditBreak | null {
  const seq = walk.seq + 1
  if (seal.seq !== seq) {
    const gap = seal.seq - 1 === seq ? `Seal ${seq} is` : `Seals ${seq} to ${seal.seq - 1} are`
    return { kind: 'seal-missing', seq, eventId: null, message: `${gap} missing.` }
  }
  const at = { seq, eventId: seal.eventId }
  if (!seal.previous.equals(walk.hash))
    return { kind: 'seal-changed', ...at, message: `Seal ${seq} does not follow seal ${seq - 1}: one of them was changed.` }
  if (!event) return { kind: 'entry-missing', ...at, message: `The entry of seal ${seq} is missing.` }
  if (seal.hash.equals(sealHash(walk.hash, event))) return null
  // The next seal repeats this one's hash as it was written: it tells which of the two was touched.
  if (next && !next.seal.previous.equals(seal.hash)) return { kind: 'seal-changed', ...at, message: `The hash of seal ${seq} was changed.` }
  return { kind: 'entry-changed', ...at, message: `The entry of seal ${seq} is not the one that was sealed: it was changed or exchanged.` }
}

function headBreak(walk: Walk, kept: Head | undefined): AuditBreak | null {
  if (!kept || walk.isKeptSeen) return null
  const message =
    kept.seq > walk.seq
      ? `The chain ends at seal ${walk.seq}, before the head ${kept.seq} that was kept: its end was cut off.`
      : `Seal ${kept.seq} is not the head that was kept: the chain was written anew.`
  return { kind: 'head-missing', seq: kept.seq, eventId: null, message }
}

type Outside = { size: number; lastId: string | null; unsealed: string | null; vanished: string | null }

/** The first entry that has no seal and does not wait for one, or that waited and is gone. One statement a batch sees a sealing whole or not at all. */
async function findOutside(): Promise<AuditBreak | null> {
  for (let after = firstId; ; ) {
    const { rows } = await db().execute<Outside>(sql`
      with part as (select id from ${auditEvents} where id > ${after} order by id limit ${entriesABatch})
      select (select count(*)::int from part) as size,
        (select max(id::text) from part) as "lastId",
        (select min(part.id::text) from part
          left join ${auditSeals} on audit_seals.event_id = part.id
          left join ${auditPending} on audit_pending.event_id = part.id
          where audit_seals.seq is null and audit_pending.event_id is null) as unsealed,
        (select min(audit_pending.event_id::text) from ${auditPending}
          left join ${auditEvents} on audit_events.id = audit_pending.event_id where audit_events.id is null) as vanished`)
    const [found] = rows
    if (found?.unsealed)
      return {
        kind: 'entry-unsealed',
        seq: null,
        eventId: found.unsealed,
        message: 'An entry has no seal and waits for none: its seal was removed, or it was put in beside the program.',
      }
    if (found?.vanished)
      return { kind: 'entry-missing', seq: null, eventId: found.vanished, message: 'An entry was removed before it was sealed.' }
    if (!found?.lastId || found.size < entriesABatch) return null
    after = found.lastId
  }
}

async function readUnsealed(): Promise<AuditVerdict['unsealed']> {
  const [row] = await db()
    .select({ count: sql<number>`count(*)::int`, oldestAt: sql<string | null>`min(${auditEvents.at})` })
    .from(auditPending)
    .innerJoin(auditEvents, eq(auditEvents.id, auditPending.eventId))
  return { count: row?.count ?? 0, oldestAt: row?.oldestAt ? new Date(row.oldestAt).toISOString() : null }
}
