export type ReadError = {
  message: string
  code: string | null
  hint: string
  details: { path: string; message: string }[]
  correlationId: string | null
}

const hints: Record<string, string> = {
  unauthorized: 'Sign in again.',
  forbidden: 'Ask somebody who manages this project to do it, or to give you the right.',
  not_found: 'It may have been deleted, or it is in another project.',
  conflict: 'Settle what it names first, then try again.',
  too_many_requests: 'Wait a few seconds, then try again.',
  internal: 'Try again. If it stays so, report it with the id below.',
  unavailable: 'Try again in a few seconds; nothing that was saved is lost.',
  insufficient_storage: 'Free space on the disk, then try again.',
}

/** What a person can use of anything that was thrown. */
export function readError(error: unknown): ReadError {
  const data = (error as { data?: { code?: string; details?: ReadError['details']; correlationId?: string } } | null)?.data
  const message = error instanceof Error ? error.message : String(error)
  if (!data && /fetch|network|load failed/i.test(message)) {
    return {
      message: 'The server does not answer.',
      code: null,
      hint: 'Check that NeuroWeaver is running and that you are online; this page keeps trying.',
      details: [],
      correlationId: null,
    }
  }
  const code = data?.code?.toLowerCase() ?? null
  return {
    // A toast has no room for more than this sentence, so the id that it speaks of stands in it.
    message: data?.correlationId ? message.replace('the correlation id', `the reference ${data.correlationId}`) : message,
    code,
    hint: hints[code ?? ''] ?? 'Change what is named above and try again.',
    details: data?.details ?? [],
    correlationId: data?.correlationId ?? null,
  }
}

/** The messages by field, for showing each beside its field. */
export const fieldErrorsOf = (error: unknown): Record<string, string> =>
  Object.fromEntries(
    readError(error)
      .details.filter(({ path }) => path !== '')
      .map(({ path, message }) => [path, message]),
  )

export const isNotFound = (error: unknown): boolean => readError(error).code === 'not_found'
