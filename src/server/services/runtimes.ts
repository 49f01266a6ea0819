import { randomBytes, timingSafeEqual } from 'node:crypto'
import { and, asc, eq, isNotNull, isNull, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { RuntimeView } from '#src/contracts/access.ts'
import {
  type enrolRequest,
  type enrolResponse,
  type heartbeatRequest,
  type heartbeatResponse,
  isOlderVersion,
  type joinInfo,
  type joinQuery,
  minimumRuntimeVersion,
  protocolVersion,
} from '#src/contracts/runtime.ts'
import { heartbeatMs } from '#src/contracts/training.ts'
import { db, type Tx, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { runtimes } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import { type Caller, identify, sha256Of } from './access.ts'
import { forgetIdentities } from './identities.ts'
import { announce, recordAudit } from './audit.ts'
import { writeReplicas } from './deployments/desired.ts'
import { recordMetrics } from './deployments/metrics.ts'
import { programVersion } from './system.ts'

const nowhere = '00000000-0000-0000-0000-000000000000'

const whereTheTokenIs =
  'The runtime token is in the file runtime-token in the data folder of the machine that runs web, ' +
  'or in /secrets/runtime.token of the container "web".'

/**
 * @throws AppError unauthorized for a token that is not RUNTIME_TOKEN; forbidden for one that is good for something else.
 */
export async function checkRuntimeToken(token: string | undefined, expected: string, caller: Caller): Promise<void> {
  if (timingSafeEqual(sha256Of(token ?? ''), sha256Of(expected))) return
  if (token === undefined)
    throw new AppError('unauthorized', `A runtime joins with the runtime token as its Bearer token. ${whereTheTokenIs}`)
  const other = await identify({ bearer: token, correlationId: caller.correlationId, address: caller.address }).catch(() => undefined)
  if (other && other.kind !== 'anonymous')
    throw new AppError(
      'forbidden',
      `This is ${other.kind === 'runtime' ? "another runtime's credential" : 'the key of a person or a program'}, which lets no runtime join. ${whereTheTokenIs}`,
    )
  throw new AppError('unauthorized', `This is not the runtime token of this installation. ${whereTheTokenIs}`)
}

const isLive = sql<boolean>`coalesce(${runtimes.lastHeartbeatAt} > now() - interval '15 seconds', false)`

/** What whoever wants to join should know first. They have shown RUNTIME_TOKEN. */
export async function describeJoining({ kind, name }: z.infer<typeof joinQuery>): Promise<z.infer<typeof joinInfo>> {
  const [row] = await db()
    .select({ isLive })
    .from(runtimes)
    .where(and(eq(runtimes.kind, kind), eq(runtimes.name, name), isNull(runtimes.removedAt)))
  return { version: programVersion, protocol: protocolVersion, minimum_version: minimumRuntimeVersion, is_live: row?.isLive ?? false }
}

/** @throws AppError conflict for a protocol or a version that this program does not work with. */
function checkFitness({ protocol, version }: z.infer<typeof enrolRequest>): void {
  const remedy = 'Stop it and join again with the command that Settings → Runtimes shows, or pull the image of that version.'
  if (isOlderVersion(version, minimumRuntimeVersion))
    throw new AppError('conflict', `This runtime is version ${version}; ${minimumRuntimeVersion} or newer is needed. ${remedy}`)
  if (protocol !== protocolVersion)
    throw new AppError(
      'conflict',
      `This runtime speaks protocol ${protocol}; this server, version ${programVersion}, speaks ${protocolVersion}. ${remedy}`,
    )
}

/**
 * Gives a runtime a credential of its own, which can be revoked alone; the same kind and name again replaces it.
 * Whoever calls has checked RUNTIME_TOKEN.
 * @throws AppError conflict for a runtime that does not fit; forbidden for one that was removed and has not been started anew.
 */
export async function enrolRuntime(caller: Caller, input: z.infer<typeof enrolRequest>): Promise<z.infer<typeof enrolResponse>> {
  checkFitness(input)
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
    await refuseRemoved(tx, input)
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

/** A process that was removed still knows RUNTIME_TOKEN: it stays out until somebody starts it anew. */
async function refuseRemoved(tx: Tx, { kind, name, boot_id }: z.infer<typeof enrolRequest>): Promise<void> {
  const isSame = and(eq(runtimes.kind, kind), eq(runtimes.name, name), eq(runtimes.bootId, boot_id))
  const [removed] = await tx
    .select({ id: runtimes.id })
    .from(runtimes)
    .where(and(isSame, isNotNull(runtimes.removedAt)))
  if (removed) throw new AppError('forbidden', 'This runtime was removed by an admin. Start it again if it should join once more.')
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
