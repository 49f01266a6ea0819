import { randomBytes, timingSafeEqual } from 'node:crypto'
import { and, asc, eq, isNull, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { RuntimeView } from '#src/contracts/access.ts'
import {
  type enrolRequest,
  type enrolResponse,
  type heartbeatRequest,
  type heartbeatResponse,
  protocolVersion,
} from '#src/contracts/runtime.ts'
import { heartbeatMs } from '#src/contracts/training.ts'
import { db, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { runtimes } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import { type Caller, sha256Of } from './access.ts'
import { forgetIdentities } from './identities.ts'
import { announce, recordAudit } from './audit.ts'
import { writeReplicas } from './deployments/desired.ts'
import { recordMetrics } from './deployments/metrics.ts'

const nowhere = '00000000-0000-0000-0000-000000000000'

/** @throws AppError unauthorized for a token that is not RUNTIME_TOKEN. */
export function checkRuntimeToken(token: string | undefined, expected: string): void {
  if (timingSafeEqual(sha256Of(token ?? ''), sha256Of(expected))) return
  throw new AppError(
    'unauthorized',
    'RUNTIME_TOKEN is not the one of this installation. Copy it from the machine that runs web (file runtime-token in its data folder).',
  )
}

/**
 * Gives a runtime a credential of its own, which can be revoked alone; the same kind and name again replaces it.
 * Whoever calls has checked RUNTIME_TOKEN.
 * @throws AppError conflict for a protocol that this program does not speak.
 */
export async function enrolRuntime(caller: Caller, input: z.infer<typeof enrolRequest>): Promise<z.infer<typeof enrolResponse>> {
  if (input.protocol !== protocolVersion) {
    throw new AppError(
      'conflict',
      `This runtime speaks protocol ${input.protocol}; ${protocolVersion} is needed. Install the runtime of this server's version.`,
    )
  }
  const credential = `nwr_${randomBytes(32).toString('base64url')}`
  const values = {
    version: input.version,
    url: input.url,
    internalUrl: input.internal_url,
    credentialHash: sha256Of(credential),
    bootId: input.boot_id,
    devices: input.devices,
    capacity: input.capacity,
    lastHeartbeatAt: sql`now()`,
    removedAt: null,
  }
  const id = await transaction(async (tx) => {
    const [row] = await tx
      .insert(runtimes)
      .values({ id: newId(), kind: input.kind, name: input.name, ...values })
      .onConflictDoUpdate({ target: [runtimes.kind, runtimes.name], set: values })
      .returning({ id: runtimes.id })
    if (!row) throw new AppError('internal', 'The runtime was not enrolled.')
    // Nobody is known before it is enrolled: the runtime itself is who acts.
    await recordAudit(
      tx,
      { ...caller, runtimeId: row.id },
      {
        action: 'runtime.enrol',
        targetType: 'runtime',
        targetId: row.id,
        after: { kind: input.kind, name: input.name },
        projectId: null,
      },
    )
    await announce(tx, 'runtime', nowhere, row.id)
    return row.id
  })
  forgetIdentities()
  return { runtime_id: id, credential, heartbeat_ms: heartbeatMs }
}

/** Takes a heartbeat with all that travels on it, in one transaction. */
export async function recordHeartbeat(caller: Caller, input: z.infer<typeof heartbeatRequest>): Promise<z.infer<typeof heartbeatResponse>> {
  const id = caller.runtimeId as string
  return transaction(async (tx) => {
    const [before] = await tx
      .select({ wasSilent: sql<boolean>`coalesce(${runtimes.lastHeartbeatAt} < now() - interval '15 seconds', true)` })
      .from(runtimes)
      .where(eq(runtimes.id, id))
    const [row] = await tx
      .update(runtimes)
      .set({ bootId: input.boot_id, devices: input.devices, capacity: input.capacity, running: input.running, lastHeartbeatAt: sql`now()` })
      .where(and(eq(runtimes.id, id), isNull(runtimes.removedAt)))
      .returning({ isDraining: runtimes.isDraining, kind: runtimes.kind, now: sql<Date>`now()` })
    if (!row) throw new AppError('unauthorized', 'This runtime was removed. Enrol again with RUNTIME_TOKEN.')
    if (row.kind === 'inference') {
      await recordMetrics(tx, id, input.boot_id, input.metrics)
      await writeReplicas(tx, id, input.replicas)
    }
    if (before?.wasSilent) await announce(tx, 'runtime', nowhere, id)
    return { server_time: new Date(row.now).toISOString(), is_draining: row.isDraining }
  })
}

const statusOf = (row: typeof runtimes.$inferSelect): RuntimeView['status'] => {
  if (row.removedAt) return 'removed'
  const silentMs = Date.now() - (row.lastHeartbeatAt?.getTime() ?? 0)
  if (silentMs < 15_000) return 'live'
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
    await announce(tx, 'runtime', nowhere, id)
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
    await announce(tx, 'runtime', nowhere, id)
  })
  forgetIdentities()
}
