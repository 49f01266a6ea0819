/** How much a caller may ask: limits of keys, and those that an admin sets for everybody. Held to at the door, before any work. */
import { eq } from 'drizzle-orm'
import type { z } from 'zod'
import { type InstallationLimits, installationLimits } from '#src/contracts/limits.ts'
import { countAgainst, limitHeaders } from '#src/contracts/rate.ts'
import type { introspectResponse } from '#src/contracts/runtime.ts'
import { db, transaction } from '#src/server/db/client.ts'
import { installationSettings } from '#src/server/db/schema.ts'
import { AppError } from '#src/server/errors.ts'
import type { Caller } from './access.ts'
import { recordAudit } from './audit.ts'
import { senderOf, takeToken } from './rateLimits.ts'

const settingKey = 'limits'
const cacheMs = 2_000
let cached: { limits: InstallationLimits; until: number } | undefined

export async function readLimits(): Promise<InstallationLimits> {
  const [row] = await db().select().from(installationSettings).where(eq(installationSettings.key, settingKey))
  return installationLimits.parse(row?.value ?? {})
}

async function currentLimits(): Promise<InstallationLimits> {
  if (cached && cached.until > Date.now()) return cached.limits
  // Whoever asks while the database is away is refused by what comes next, in words that fit.
  const limits = await readLimits().catch(() => cached?.limits ?? installationLimits.parse({}))
  cached = { limits, until: Date.now() + cacheMs }
  return limits
}

export async function setLimits(caller: Caller, value: InstallationLimits): Promise<InstallationLimits> {
  await transaction(async (tx) => {
    const [before] = await tx.select().from(installationSettings).where(eq(installationSettings.key, settingKey)).for('update')
    const set = { value, updatedBy: caller.userId, updatedAt: new Date() }
    await tx
      .insert(installationSettings)
      .values({ key: settingKey, ...set })
      .onConflictDoUpdate({ target: installationSettings.key, set })
    await recordAudit(tx, caller, {
      action: 'installation.limits',
      targetType: 'installation',
      targetId: settingKey,
      before: (before?.value ?? {}) as Record<string, unknown>,
      after: value,
      projectId: null,
    })
  })
  cached = undefined
  return value
}

type Counting = Pick<Caller, 'userId' | 'apiKeyId' | 'rateLimitPerMinute' | 'project'>
type CallLimit = z.infer<typeof introspectResponse>['limits'][number]

/** What the calls of somebody count against where a runtime takes them, which knows no addresses that tell anything. */
export const limitsOfCalls = async (of: Counting): Promise<CallLimit[]> =>
  countedOf(of, await currentLimits()).flatMap(({ name, subject, perMinute }) =>
    perMinute ? [{ name, subject, calls_per_minute: perMinute }] : [],
  )

type Counted<Name> = { name: Name; subject: string; perMinute: number | null | undefined }

function countedOf(caller: Counting, limits: InstallationLimits): Counted<CallLimit['name']>[] {
  return [
    { name: 'user', subject: `u:${caller.userId}`, perMinute: caller.userId ? limits.perUser : null },
    { name: 'key', subject: `k:${caller.apiKeyId}`, perMinute: caller.apiKeyId ? (caller.rateLimitPerMinute ?? limits.perKey) : null },
    { name: 'project', subject: `p:${caller.project.id}`, perMinute: caller.project.name ? limits.perProject : null },
  ]
}

/**
 * Counts a call against every limit that it falls under. Runtimes are not limited: they are the installation's own.
 * @returns headers that tell the caller of the tightest one.
 * @throws AppError too_many_requests, with the same headers.
 */
export async function admitCall(caller: Caller): Promise<Record<string, string>> {
  if (caller.kind === 'runtime') return {}
  const limits = await currentLimits()
  const byAddress = { name: 'address', subject: `a:${senderOf(caller.address)}`, perMinute: limits.perAddress }
  const set = [byAddress, ...countedOf(caller, limits)].flatMap((each) => (each.perMinute ? [{ ...each, perMinute: each.perMinute }] : []))
  const told = countAgainst(set, ({ subject, perMinute }) => takeToken(subject, { perMinute }))
  const headers = limitHeaders(told)
  if (told?.verdict.retryAfterSeconds === undefined) return headers
  const { name, perMinute, verdict } = told
  const message = `This ${name} may make ${perMinute} calls a minute. Try again in ${verdict.retryAfterSeconds} s.`
  throw new AppError('too_many_requests', message, { retryAfterSeconds: verdict.retryAfterSeconds, headers })
}

/** Wrong credentials from one address: enough for a program that was set up wrongly, too few to guess anything. */
const wrongPerMinute = 300

/** Counts a credential that opened nothing. @throws AppError too_many_requests */
export function noteWrongCredential(address: string | null): void {
  const { retryAfterSeconds } = takeToken(`wrong:${senderOf(address)}`, { perMinute: wrongPerMinute })
  if (retryAfterSeconds !== undefined)
    throw new AppError('too_many_requests', `Too many wrong credentials from this address. Try again in ${retryAfterSeconds} s.`, {
      retryAfterSeconds,
    })
}

const streamsPerSubject = 100
const streams = new Map<string, number>()
/** Of all callers together: what the streams of many take in memory and in work is known up to here. */
const streamsOfAll = 10_000
let openStreams = 0

/**
 * Holds a place for one open stream. @returns a function that gives it back.
 * @throws AppError too_many_requests when somebody has as many open as one may.
 */
export function openStream(caller: Caller): () => void {
  if (openStreams >= streamsOfAll)
    throw new AppError('unavailable', `There are ${openStreams} event streams open, which is as many as there may be. Try again later.`, {
      retryAfterSeconds: 15,
    })
  const subject = caller.userId ?? caller.address ?? ''
  const count = streams.get(subject) ?? 0
  if (count >= streamsPerSubject)
    throw new AppError('too_many_requests', `You have ${count} event streams open, which is as many as one may have. Close some.`, {
      retryAfterSeconds: 5,
    })
  streams.set(subject, count + 1)
  openStreams += 1
  let isOpen = true
  return () => {
    if (!isOpen) return
    isOpen = false
    openStreams -= 1
    const left = (streams.get(subject) ?? 1) - 1
    if (left > 0) streams.set(subject, left)
    else streams.delete(subject)
  }
}
