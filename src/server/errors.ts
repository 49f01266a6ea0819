import { ZodError } from 'zod'
import { type ErrorCode, errorStatuses } from '#src/contracts/errors.ts'
import './issueText.ts'

export type ErrorDetail = { path: string; message: string }

/**
 * A refusal or a failure. `message` and `details` may be read by any client; `cause` goes to the log alone.
 */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetail[] | undefined
  readonly retryAfterSeconds: number | undefined
  /** Headers that go with the answer. */
  readonly headers: Record<string, string>

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: ErrorDetail[]; retryAfterSeconds?: number; headers?: Record<string, string> } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.details = options.details
    this.retryAfterSeconds = options.retryAfterSeconds
    this.headers = options.headers ?? {}
  }

  get status(): number {
    return errorStatuses[this.code]
  }
}

/** Names of Postgres conditions that mean "try again", by SQLSTATE class or code. */
const databaseAway = /^(08|57P0|53300)/
/** Values that Postgres could not read as the type of their column. */
const malformed = new Set(['22P02', '22P05', '22003', '22007', '22008', '22009', '22021'])
/** A row that is referred to is gone, or is there already: another request was faster. Also a deadlock that came at every try. */
const outrun = new Set(['23503', '23505', '40001', '40P01'])
const systemAway = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND'])
/** What the driver says, without a code, of a connection that is lost or hangs. */
const connectionLost = /Connection terminated|timeout exceeded when trying to connect|is not queryable|Query read timeout/

/** What somebody is told of any thrown value, as an error of its own without the cause. */
export const plainly = (error: unknown) => new Error(toAppError(error).message)

function codesOf(error: unknown): string[] {
  const codes: string[] = []
  for (let current = error; current instanceof Error; current = current.cause) {
    const code = (current as { code?: unknown }).code
    if (typeof code === 'string') codes.push(code)
    if (connectionLost.test(current.message)) codes.push('ECONNRESET')
  }
  return codes
}

/** What a client is told of any thrown value: its own words for an AppError, a fixed sentence for all else. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (error instanceof ZodError) {
    const details = error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }))
    const first = details[0]
    const message = first ? `${first.path || 'body'}: ${first.message}` : 'The request is not valid.'
    return new AppError('bad_request', message, { details, cause: error })
  }
  const codes = codesOf(error)
  if (codes.some((code) => databaseAway.test(code) || systemAway.has(code))) {
    return new AppError('unavailable', 'The database is not reachable. Try again in a few seconds.', { cause: error, retryAfterSeconds: 2 })
  }
  if (codes.some((code) => outrun.has(code))) {
    return new AppError('conflict', 'Something that this needs was changed or deleted at the same moment. Look at it and try again.', {
      cause: error,
    })
  }
  if (codes.some((code) => malformed.has(code))) {
    return new AppError('bad_request', 'A value has the wrong form for its field.', { cause: error })
  }
  if (codes.includes('57014'))
    return new AppError('unavailable', 'The query took too long. Narrow it and try again.', { cause: error, retryAfterSeconds: 5 })
  if (codes.includes('ENOSPC') || codes.includes('53100')) {
    return new AppError('insufficient_storage', 'The disk is full. Free space and try again; nothing acknowledged was lost.', {
      cause: error,
    })
  }
  return new AppError('internal', 'Something went wrong on our side. Quote the correlation id when you report it.', { cause: error })
}
