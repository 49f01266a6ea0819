/** A refusal that the caller reads as `{"error": message}` with this HTTP status. */
export class InferError extends Error {
  readonly status: number
  /** Seconds for the Retry-After header. */
  readonly retryAfterS: number | undefined
  readonly headers: Record<string, string>
  constructor(status: number, message: string, retryAfterS?: number, headers: Record<string, string> = {}) {
    super(message)
    this.status = status
    this.retryAfterS = retryAfterS
    this.headers = headers
  }
}

export type FailureCode = 'parity' | 'load' | 'memory' | 'crash' | 'download' | 'unsupported' | 'resource_unavailable'

/** Why a version cannot be served; the message is a sentence for the people who deployed it. */
export class LoadFailure extends Error {
  readonly code: FailureCode
  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
