import type { Action } from '#src/contracts/access.ts'
import type { ErrorCode } from '#src/contracts/errors.ts'
import { initTRPC, TRPCError } from '@trpc/server'
import type { Rule } from '#src/server/services/access.ts'
import { authorize, type Caller } from '#src/server/services/access.ts'
import { once } from '#src/server/services/idempotency.ts'
import { openStream } from '#src/server/services/limits.ts'
import { actionsOf } from '#src/server/services/actions.ts'
import { AppError, toAppError } from '#src/server/errors.ts'
import { createLog } from '#src/server/log.ts'

/**
 * `refusal` is why the credentials that were shown are no good; a procedure that is open does not mind.
 * `lookAgain` finds out who is asking by now. `count` is told of each procedure of a batch, and throws for one too many.
 */
export type Context = {
  caller: Caller
  refusal?: AppError
  count: () => Promise<void>
  lookAgain: () => Promise<Caller>
  /** Of a mutation that is to be made once, however often it is sent. */
  idempotencyKey?: string
}
/** `actions` where they are not those of the router. */
type Meta = { rule: Rule; actions?: readonly Action[] }

const log = createLog('trpc')

const codes = {
  bad_request: 'BAD_REQUEST',
  unauthorized: 'UNAUTHORIZED',
  forbidden: 'FORBIDDEN',
  not_found: 'NOT_FOUND',
  method_not_allowed: 'METHOD_NOT_SUPPORTED',
  conflict: 'CONFLICT',
  gone: 'NOT_FOUND',
  payload_too_large: 'PAYLOAD_TOO_LARGE',
  unsupported_media_type: 'UNSUPPORTED_MEDIA_TYPE',
  misdirected: 'BAD_REQUEST',
  unprocessable: 'UNPROCESSABLE_CONTENT',
  too_many_requests: 'TOO_MANY_REQUESTS',
  internal: 'INTERNAL_SERVER_ERROR',
  bad_gateway: 'BAD_GATEWAY',
  unavailable: 'SERVICE_UNAVAILABLE',
  gateway_timeout: 'GATEWAY_TIMEOUT',
  insufficient_storage: 'SERVICE_UNAVAILABLE',
} as const

/** What tRPC itself refuses, before a procedure is asked. */
const refusals: Partial<Record<TRPCError['code'], AppError>> = {
  BAD_REQUEST: new AppError('bad_request', 'The request is not one that can be read.'),
  PARSE_ERROR: new AppError('bad_request', 'The input is not valid JSON.'),
  METHOD_NOT_SUPPORTED: new AppError('method_not_allowed', 'Queries take GET, mutations take POST.'),
  PAYLOAD_TOO_LARGE: new AppError('payload_too_large', 'The body is too large.'),
  UNSUPPORTED_MEDIA_TYPE: new AppError('unsupported_media_type', 'Send the body as JSON, with "Content-Type: application/json".'),
}

/** The AppError behind a tRPC error: its cause, or what its own code says. */
export function appErrorOf(error: TRPCError): AppError {
  const app = toAppError(error.cause ?? error)
  return app.code === 'internal' ? (refusals[error.code] ?? app) : app
}

/** A ping costs the server as much as a small call, for each page that is open anywhere. */
export const streamTimes = { pingMs: 10_000, reconnectAfterMs: 25_000 }

export const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    errorFormatter({ shape, error, ctx }) {
      const isOurs = error.code !== 'NOT_FOUND' || error.cause !== undefined
      const app = isOurs ? appErrorOf(error) : undefined
      return {
        ...shape,
        message: app?.message ?? 'There is no such procedure.',
        data: {
          code: app?.code ?? 'not_found',
          httpStatus: app?.status ?? 404,
          details: app?.details ?? [],
          correlationId: ctx?.caller.correlationId ?? null,
        },
      }
    },
  })

/** `next()` never rejects: the result says whether it went well, and what was thrown is translated here for every procedure. */
const guarded = t.procedure.use(async ({ ctx, meta, next, path, type, getRawInput }) => {
  if (!meta) throw new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: `${path} has no rule` })
  try {
    if (ctx.refusal && (meta.rule !== 'open' || ctx.refusal.code === 'too_many_requests')) throw ctx.refusal
    await ctx.count()
    authorize(ctx.caller, meta.rule, meta.actions ?? actionsOf(path.split('.', 1)[0] as string, type === 'mutation'))
  } catch (error) {
    throw translate(error)
  }
  const isOnce = ctx.idempotencyKey !== undefined && type === 'mutation'
  const result = isOnce ? await onceOnly(ctx, path, await getRawInput(), next) : await next()
  if (result.ok && type === 'subscription')
    return {
      ...result,
      data: whileAllowed(result.data as AsyncIterable<unknown>, holdStream(ctx.caller), async () =>
        authorize(await ctx.lookAgain(), meta.rule),
      ),
    }
  if (result.ok) return result
  const app = appErrorOf(result.error)
  if (app.code === 'internal') log.error('a procedure failed', { error: result.error.cause ?? result.error, data: { path } })
  throw translate(app)
})

/** @throws TRPCError when the caller has too many streams open. */
function holdStream(caller: Caller): () => void {
  try {
    return openStream(caller)
  } catch (error) {
    throw translate(error)
  }
}

type Next = { ok: boolean }

/** Runs a mutation once for its key; what the first call gave is given again. */
async function onceOnly<R extends Next>(ctx: Context, path: string, input: unknown, next: () => Promise<R>): Promise<R> {
  let result: R | undefined
  try {
    const of = { caller: ctx.caller, route: `trpc ${path}`, key: ctx.idempotencyKey as string, request: input ?? null }
    const kept = await once(of, async () => {
      result = await next()
      if (!result.ok) throw (result as unknown as { error: Error }).error
      return { status: 200, body: (result as unknown as { data: unknown }).data }
    })
    if (result) return result
    return { ok: true, data: kept.body, marker: 'middlewareMarker' } as unknown as R
  } catch (error) {
    if (result) return result
    throw translate(error)
  }
}

const lookAgainMs = 4_000
const final = new Set<ErrorCode>(['unauthorized', 'forbidden', 'not_found'])

/** A stream outlives keys, sessions and rights: it ends with a refusal when its caller may no longer ask for it. */
async function* whileAllowed(stream: AsyncIterable<unknown>, release: () => void, look: () => Promise<void>): AsyncGenerator<unknown> {
  const source = stream[Symbol.asyncIterator]()
  let refusal: TRPCError | undefined
  let wake = () => {}
  const timer = setInterval(() => {
    look().catch((error) => {
      if (final.has(toAppError(error).code)) refusal = translate(error)
      wake()
    })
  }, lookAgainMs)
  try {
    while (true) {
      const woken = new Promise<undefined>((resolve) => {
        wake = () => refusal && resolve(undefined)
      })
      if (refusal) throw refusal
      const step = await Promise.race([source.next(), woken])
      if (refusal) throw refusal
      if (!step || step.done) return
      yield step.value
    }
  } finally {
    clearInterval(timer)
    release()
    // It may be waiting for what comes next, and ends when the connection does.
    void source.return?.()
  }
}

/** An error with tRPC's own code, by which clients tell what is worth another try. */
export function translate(error: unknown): TRPCError {
  const app = toAppError(error)
  return new TRPCError({ code: codes[app.code], message: app.message, cause: app })
}

/** A procedure that asks `rule` of its caller. There is no other way to make one. */
export const procedure = (rule: Rule, actions?: readonly Action[]) => guarded.meta({ rule, ...(actions ? { actions } : {}) })
export const { router, createCallerFactory } = t
