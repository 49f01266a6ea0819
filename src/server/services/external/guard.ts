/** How much of an external server may be used, and when it is left alone: counted in this process, because web is one process. */
import type { External } from '#src/contracts/external.ts'
import { AppError } from '#src/server/errors.ts'
import { takeToken } from '../rateLimits.ts'
import { markState } from './state.ts'

const failuresToOpen = 5
/** Failures of requests one after another, by version. */
const failed = new Map<string, number>()

/** Only what speaks against the server counts: not a request that it refused, nor one that was one too many. */
const isAgainst = (error: AppError) => ['bad_gateway', 'gateway_timeout', 'unavailable'].includes(error.code)

/** After a few failures in a row nothing is sent there until a probe finds it well again. */
export async function noteOutcome(versionId: string, error?: AppError): Promise<void> {
  if (!error || !isAgainst(error)) return void failed.delete(versionId)
  const count = (failed.get(versionId) ?? 0) + 1
  if (count < failuresToOpen) return void failed.set(versionId, count)
  failed.delete(versionId)
  await markState(versionId, { state: 'failing', reason: `${count} requests in a row failed. ${error.message}`, failures: 1 })
}

/** Requests under way, by version. */
const running = new Map<string, number>()

/**
 * Takes a place within a version's limits for one request.
 * @returns gives the place back.
 * @throws AppError too_many_requests.
 */
export function takePlace(versionId: string, { maxConcurrent, requestsPerMinute }: External): () => void {
  const verdict = requestsPerMinute === null ? undefined : takeToken(`external:${versionId}`, { perMinute: requestsPerMinute })
  if (verdict?.retryAfterSeconds !== undefined)
    throw new AppError('too_many_requests', `This model may be asked ${requestsPerMinute} times a minute. Try again later.`, {
      retryAfterSeconds: verdict.retryAfterSeconds,
    })
  const count = running.get(versionId) ?? 0
  if (count >= maxConcurrent)
    throw new AppError('too_many_requests', `This model answers ${maxConcurrent} requests at a time, and is busy. Try again in a moment.`, {
      retryAfterSeconds: 1,
    })
  running.set(versionId, count + 1)
  return () => {
    const left = (running.get(versionId) ?? 1) - 1
    if (left > 0) running.set(versionId, left)
    else running.delete(versionId)
  }
}
