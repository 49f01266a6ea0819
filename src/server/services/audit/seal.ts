import { asc, desc, eq, or, sql } from 'drizzle-orm'
import { type Tx, transaction } from '#src/server/db/client.ts'
import { auditEvents, auditPending, auditSeals } from '#src/server/db/schema.ts'
import { createLog } from '#src/server/log.ts'
import { genesis, sealHash } from './canonical.ts'

/** Any number that all installations share: one sealer at a time, whichever worker runs it. */
const sealerLock = 7_203_313
const batchSize = 500
const headLoggedMs = 60_000

const log = createLog('audit')
let headLoggedAt = 0

/**
 * A transaction that is not over yet may still add an entry; all below the snapshot's xmin are over (PostgreSQL, "System
 * Information Functions", pg_snapshot_xmin), so nothing can slip in before what is sealed here. Numbers from xmax on were
 * given by another server, from which these rows were restored.
 */
const isSettled = or(
  sql`${auditPending.transactionId} < pg_snapshot_xmin(pg_current_snapshot())`,
  sql`${auditPending.transactionId} >= pg_snapshot_xmax(pg_current_snapshot())`,
)

/**
 * Seals what waits, in the order of the transactions: of two that did not overlap, the one that committed first comes first.
 * Takes no lock that a change could wait for. A transaction that stays open holds back the seals of those after it; it
 * never loses its place.
 * @returns how many entries were sealed.
 */
export async function sealEntries(): Promise<number> {
  let sealed = 0
  while (true) {
    const count = await transaction(sealBatch)
    sealed += count
    if (count < batchSize) return sealed
  }
}

async function sealBatch(tx: Tx): Promise<number> {
  const { rows: locks } = await tx.execute<{ isMine: boolean }>(sql`select pg_try_advisory_xact_lock(${sealerLock}) as "isMine"`)
  if (!locks[0]?.isMine) return 0
  const waiting = await tx
    .select({ event: auditEvents })
    .from(auditPending)
    .innerJoin(auditEvents, eq(auditEvents.id, auditPending.eventId))
    .where(isSettled)
    .orderBy(asc(auditPending.transactionId), asc(auditPending.eventId))
    .limit(batchSize)
  if (waiting.length === 0) return 0
  const [last] = await tx.select().from(auditSeals).orderBy(desc(auditSeals.seq)).limit(1)
  let [seq, previous] = last ? [last.seq, last.hash] : [0, genesis]
  const seals = waiting.map(({ event }) => {
    const seal = { seq: seq + 1, eventId: event.id, previous, hash: sealHash(previous, event), sealedAt: sql`clock_timestamp()` }
    seq = seal.seq
    previous = seal.hash
    return seal
  })
  await tx.insert(auditSeals).values(seals)
  const done = waiting.map(({ event }) => sql`(${event.transactionId}::xid8, ${event.id}::uuid)`)
  await tx.delete(auditPending).where(sql`(${auditPending.transactionId}, ${auditPending.eventId}) in (${sql.join(done, sql`, `)})`)
  noteHead(seq, previous)
  return waiting.length
}

/** A head in a log that is kept elsewhere shows later that nothing was cut off the end of the chain. */
function noteHead(seq: number, hash: Buffer): void {
  if (Date.now() - headLoggedAt < headLoggedMs) return
  headLoggedAt = Date.now()
  log.info('the head of the audit chain', { data: { head: `${seq}:${hash.toString('hex')}` } })
}
