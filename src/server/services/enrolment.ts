/** How runtimes join: who may, under which name, and when a name is another one's to have. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { and, desc, eq, isNull, or, sql } from 'drizzle-orm'
import type { z } from 'zod'
import {
  type enrolRequest,
  type enrolResponse,
  isOlderVersion,
  type joinInfo,
  type joinQuery,
  minimumRuntimeVersion,
  protocolVersion,
  runtimeSilentMs,
} from '#src/contracts/runtime.ts'
import { heartbeatMs } from '#src/contracts/training.ts'
import { db, type Queryable, transaction } from '#src/server/db/client.ts'
import { newId } from '#src/server/db/ids.ts'
import { auditEvents, runtimes } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import { type Caller, identify, sha256Of } from './access.ts'
import { announce, everywhere, recordAudit } from './audit.ts'
import { forgetIdentities } from './identities.ts'
import { programVersion } from './system.ts'

const whereTheTokenIs =
  'The runtime token is in the file runtime.token in the data folder of the machine that runs web, ' +
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

/** By the database's clock, which is the same one for whoever asks. */
export const isHeard = sql<boolean>`coalesce(${runtimes.lastHeartbeatAt} > now() - make_interval(secs => ${runtimeSilentMs / 1000}), false)`

type Name = Pick<z.infer<typeof enrolRequest>, 'kind' | 'name'>
type Proof = { previous_credential_sha256: string | null; boot_id?: string }

const hasName = ({ kind, name }: Name) => and(eq(runtimes.kind, kind), eq(runtimes.name, name))

/** The registered runtime is the one that asks: it knows the last credential, or is the very process whose answer was lost. */
const isSame = ({ previous_credential_sha256, boot_id }: Proof) =>
  or(
    previous_credential_sha256 === null ? undefined : eq(runtimes.credentialHash, Buffer.from(previous_credential_sha256, 'hex')),
    boot_id === undefined ? undefined : eq(runtimes.bootId, boot_id),
  ) ?? sql`false`

/** Who has the name, for somebody else who wants it: in words, and for how many seconds at least. */
async function describeHolder(tx: Queryable, asked: Name): Promise<{ reason: string; seconds: number } | undefined> {
  const [row] = await tx
    .select({
      id: runtimes.id,
      createdAt: runtimes.createdAt,
      silent: sql<number>`coalesce(extract(epoch from now() - ${runtimes.lastHeartbeatAt}), 0)::float`,
    })
    .from(runtimes)
    .where(and(hasName(asked), isNull(runtimes.removedAt)))
  if (!row) return undefined
  const [joined] = await tx
    .select({ at: auditEvents.at, address: auditEvents.address })
    .from(auditEvents)
    .where(and(eq(auditEvents.targetId, row.id), eq(auditEvents.action, 'runtime.enrol')))
    .orderBy(desc(auditEvents.at), desc(auditEvents.id))
    .limit(1)
  const from = joined?.address ? ` from ${joined.address}` : ''
  const since = (joined?.at ?? row.createdAt).toISOString()
  const limit = runtimeSilentMs / 1000
  return {
    reason:
      `The name "${asked.name}" is taken by another ${asked.kind} runtime, which joined${from} at ${since} and was heard of ` +
      `${Math.max(0, Math.round(row.silent))} s ago. Give this one a name of its own (NEUROWEAVER_RUNTIME_NAME, or --name of ` +
      `"neuroweaver runtime join"), or stop the other. If the other one was this one, before its data was lost, this one takes its ` +
      `place by itself within ${limit} s.`,
    seconds: Math.min(limit, Math.max(1, Math.ceil(limit - row.silent))),
  }
}

/** What whoever wants to join should know first. They have shown RUNTIME_TOKEN. */
export async function describeJoining(asked: z.infer<typeof joinQuery>): Promise<z.infer<typeof joinInfo>> {
  const [row] = await db()
    .select({ isLive: isHeard, isSame: sql<boolean>`${isSame(asked)}` })
    .from(runtimes)
    .where(and(hasName(asked), isNull(runtimes.removedAt)))
  const holder = row?.isLive && !row.isSame ? await describeHolder(db(), asked) : undefined
  return {
    version: programVersion,
    protocol: protocolVersion,
    minimum_version: minimumRuntimeVersion,
    is_live: row?.isLive ?? false,
    name_taken: holder?.reason ?? null,
  }
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
 * Gives a runtime a credential of its own, which can be revoked alone. One that has the name already gets another one at once; somebody
 * else only when the name's runtime was removed or has been silent: two of one name would otherwise take it from each other for ever.
 * Whoever calls has checked RUNTIME_TOKEN.
 * @throws AppError conflict for a runtime that does not fit, and on `name` while another one has that; forbidden for one that was removed
 * and has not been started anew.
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
    // Whoever removes a machine drains it first; it comes back to work.
    isDraining: sql<boolean>`${runtimes.isDraining} and ${runtimes.removedAt} is null`,
    removedAt: null,
  }
  const id = await transaction(async (tx) => {
    // One statement decides: of two that ask at once, the second sees what the first has made of the row.
    const [row] = await tx
      .insert(runtimes)
      .values({ id: newId(), kind: input.kind, name: input.name, ...values, isDraining: false })
      .onConflictDoUpdate({ target: [runtimes.kind, runtimes.name], set: values, setWhere: mayHave(input) })
      .returning({ id: runtimes.id })
    if (!row) throw await refusal(tx, input)
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
    await announce(tx, 'runtime', everywhere, row.id)
    return row.id
  })
  forgetIdentities()
  return { runtime_id: id, credential, heartbeat_ms: heartbeatMs }
}

/** A process that was removed still knows RUNTIME_TOKEN: it stays out until somebody starts it anew. */
const mayHave = (input: z.infer<typeof enrolRequest>) =>
  sql`case when ${runtimes.removedAt} is null then not ${isHeard} or ${isSame(input)} else ${runtimes.bootId} is distinct from ${input.boot_id} end`

async function refusal(tx: Queryable, input: z.infer<typeof enrolRequest>): Promise<AppError> {
  const holder = await describeHolder(tx, input)
  if (!holder) return new AppError('forbidden', 'This runtime was removed by an admin. Start it again if it should join once more.')
  return new AppError('conflict', holder.reason, {
    details: [{ path: 'name', message: 'is taken' }],
    retryAfterSeconds: holder.seconds,
  })
}
