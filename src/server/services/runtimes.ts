import { and, asc, eq, isNull, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { RuntimeView } from '#src/contracts/access.ts'
import { type heartbeatRequest, type heartbeatResponse, runtimeSilentMs } from '#src/contracts/runtime.ts'
import { db, transaction } from '#src/server/db/client.ts'
import { runtimes } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import { type Caller, sha256Of } from './access.ts'
import { announce, everywhere, recordAudit } from './audit.ts'
import { writeReplicas } from './deployments/desired.ts'
import { recordMetrics } from './deployments/metrics.ts'
import { isHeard } from './enrolment.ts'
import { forgetIdentities } from './identities.ts'

/**
 * Takes a heartbeat with all that travels on it, in one transaction.
 * @throws AppError unauthorized for a credential that is no longer the runtime's: what is known of callers may be seconds old, and one
 * that was replaced must not keep the name alive.
 */
export async function recordHeartbeat(
  caller: Caller,
  credential: string,
  input: z.infer<typeof heartbeatRequest>,
): Promise<z.infer<typeof heartbeatResponse>> {
  const id = caller.runtimeId as string
  return transaction(async (tx) => {
    const [before] = await tx
      .select({ wasSilent: sql<boolean>`not ${isHeard}` })
      .from(runtimes)
      .where(eq(runtimes.id, id))
    const [row] = await tx
      .update(runtimes)
      .set({ bootId: input.boot_id, devices: input.devices, capacity: input.capacity, running: input.running, lastHeartbeatAt: sql`now()` })
      .where(and(eq(runtimes.id, id), eq(runtimes.credentialHash, sha256Of(credential)), isNull(runtimes.removedAt)))
      .returning({ isDraining: runtimes.isDraining, kind: runtimes.kind, now: sql<Date>`now()` })
    if (!row)
      throw new AppError('unauthorized', 'This runtime was removed, or another one has its name now. Enrol again with RUNTIME_TOKEN.')
    if (row.kind === 'inference') {
      await recordMetrics(tx, id, input.boot_id, input.metrics)
      await writeReplicas(tx, id, input.replicas)
    }
    if (before?.wasSilent) await announce(tx, 'runtime', everywhere, id)
    return { server_time: new Date(row.now).toISOString(), is_draining: row.isDraining }
  })
}

const statusOf = (row: typeof runtimes.$inferSelect): RuntimeView['status'] => {
  if (row.removedAt) return 'removed'
  const silentMs = Date.now() - (row.lastHeartbeatAt?.getTime() ?? 0)
  if (silentMs < runtimeSilentMs) return 'live'
  return silentMs < 120_000 ? 'silent' : 'lost'
}

export async function listRuntimes(): Promise<RuntimeView[]> {
  const rows = await db()
    .select()
    .from(runtimes)
    .where(isNull(runtimes.removedAt))
    .orderBy(asc(runtimes.kind), asc(runtimes.name))
    .limit(1000)
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    name: row.name,
    version: row.version,
    url: row.url,
    status: statusOf(row),
    devices: row.devices.map((device) => ({
      kind: device.kind,
      index: device.index,
      name: device.name,
      uuid: device.uuid ?? null,
      memoryBytes: device.memory_bytes ?? null,
      memoryUsedBytes: device.memory_used_bytes ?? null,
      load: device.load ?? null,
    })),
    capacity: row.capacity,
    running: row.running,
    isDraining: row.isDraining,
    lastHeartbeatAt: row.lastHeartbeatAt?.toISOString() ?? null,
  }))
}

/** A draining runtime finishes what it has and takes nothing new. */
export async function drainRuntime(caller: Caller, id: string, isDraining: boolean): Promise<void> {
  await transaction(async (tx) => {
    const isThere = and(eq(runtimes.id, id), isNull(runtimes.removedAt))
    const [before] = await tx.select({ isDraining: runtimes.isDraining }).from(runtimes).where(isThere).for('update')
    if (!before) throw new AppError('not_found', 'There is no such runtime.')
    await tx.update(runtimes).set({ isDraining }).where(isThere)
    await recordAudit(tx, caller, {
      action: 'runtime.drain',
      targetType: 'runtime',
      targetId: id,
      before: { isDraining: before.isDraining },
      after: { isDraining },
      projectId: null,
    })
    await announce(tx, 'runtime', everywhere, id)
  })
}

/** Revokes a runtime's credential; its jobs go to others when their leases end. */
export async function removeRuntime(caller: Caller, id: string): Promise<void> {
  await transaction(async (tx) => {
    const [row] = await tx
      .update(runtimes)
      .set({ removedAt: sql`now()` })
      .where(and(eq(runtimes.id, id), isNull(runtimes.removedAt)))
      .returning()
    if (!row) throw new AppError('not_found', 'There is no such runtime.')
    await writeReplicas(tx, id, [])
    await recordAudit(tx, caller, {
      action: 'runtime.remove',
      targetType: 'runtime',
      targetId: id,
      before: { kind: row.kind, name: row.name },
      projectId: null,
    })
    await announce(tx, 'runtime', everywhere, id)
  })
  forgetIdentities()
}
