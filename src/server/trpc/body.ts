/** The body of a mutation, read before tRPC would: it keeps each piece that comes, and tiny ones take hundreds of times their bytes. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { getErrorShape } from '@trpc/server'
import { limits } from '#src/contracts/common.ts'
import { toAppError } from '#src/server/errors.ts'
import { correlationIdOf, readBody, sendRefusal } from '#src/server/http.ts'
import { visitor } from '#src/server/services/access.ts'
import { type Context, translate } from './init.ts'
import { appRouter } from './root.ts'

/** Puts the body where tRPC's adapter looks for one. @returns false when it was refused, and answered in tRPC's own shape. */
export async function takeBody(req: IncomingMessage, res: ServerResponse): Promise<boolean> {
  try {
    Object.assign(req, { body: (await readBody(req, limits.jsonBodyBytes)).toString() })
    return true
  } catch (thrown) {
    const refusal = toAppError(thrown)
    const ctx = { caller: visitor(correlationIdOf(req), null) } as Context
    const of = {
      config: appRouter._def._config,
      ctx,
      error: translate(refusal),
      path: undefined,
      input: undefined,
      type: 'unknown' as const,
    }
    sendRefusal(res, refusal, { error: getErrorShape(of) })
    return false
  }
}
