/** From a request's headers to its caller, the same for every door. */
import type { IncomingMessage } from 'node:http'
import { addressOf } from './address.ts'
import { noteCaller } from './accessLog.ts'
import { cookieOf } from './cookies.ts'
import { env } from './env.ts'
import { AppError, toAppError } from './errors.ts'
import { bearerOf, correlationIdOf, headerOf, setAnswerHeaders } from './http.ts'
import { type Caller, identify } from './services/access.ts'
import { admitCall, noteWrongCredential } from './services/limits.ts'
import { readSession } from './session.ts'

export type HeaderSource = Pick<IncomingMessage, 'headers'> & { method?: string | undefined; socket?: IncomingMessage['socket'] }
export type IdentityOptions = { ignoreBearer?: boolean; ignoreSession?: boolean }

/** With the time between two looks, no stream outlives its credential by more than 5 s. */
const lookAgainMaxAgeMs = 1_000

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS', undefined])

/** What a browser says of the page that a request comes from. What is no browser says nothing. */
function siteOf({ headers }: HeaderSource): 'ours' | 'other' | undefined {
  const { origin, host, 'sec-fetch-site': site } = headers
  if (site === 'same-origin' || site === 'none') return 'ours'
  if (origin === undefined) return site === undefined ? undefined : 'other'
  return URL.canParse(origin) && new URL(origin).host === host ? 'ours' : 'other'
}

/**
 * A browser sends its cookie whoever made the page, so a change by session must come from a page of ours.
 * @throws AppError forbidden for a request from another site.
 */
function refuseOtherSites(req: HeaderSource): void {
  if (safeMethods.has(req.method) || siteOf(req) === 'ours') return
  throw new AppError('forbidden', 'A browser session can change things only from a page of this site. Use an API key instead.')
}

/** A form of another site could sign somebody in as somebody else, or out. @throws AppError forbidden */
export function refuseForeignForm(req: HeaderSource): void {
  if (safeMethods.has(req.method) || siteOf(req) !== 'other') return
  throw new AppError('forbidden', 'Pages take forms of this site alone. Sign in on the page itself.')
}

/**
 * Who sent a request. A header that names a project must name one that is there; the cookie that the pages keep may be older
 * than its project, and then stands for the default one.
 */
export async function callerOf(req: HeaderSource, options: IdentityOptions = {}): Promise<Caller> {
  const caller = await findCaller(req, options).catch((error) => {
    if (toAppError(error).code === 'unauthorized') noteWrongCredential(addressOf(req))
    throw error
  })
  noteCaller(caller)
  await countCall(req, caller)
  return caller
}

/** Counts a call against its caller's limits, and tells them of the tightest. @throws AppError too_many_requests */
async function countCall(req: HeaderSource, caller: Caller): Promise<void> {
  setAnswerHeaders(req as IncomingMessage, await admitCall(caller))
}

/** For what a request holds beside its first call, which `callerOf` has counted: each is a call of its own. */
export function countFurther(req: HeaderSource, caller: Caller): () => Promise<void> {
  let isFirst = true
  return async () => {
    if (!isFirst) await countCall(req, caller)
    isFirst = false
  }
}

/** Who an open stream's request is from by now. It is no call of its own, and counts against no limit. */
export const lookAgain = (req: HeaderSource): Promise<Caller> => findCaller(req, {}, lookAgainMaxAgeMs)

async function findCaller(req: HeaderSource, options: IdentityOptions, maxAgeMs?: number): Promise<Caller> {
  const bearer = options.ignoreBearer ? undefined : bearerOf(req as IncomingMessage)
  const session = bearer === undefined && !options.ignoreSession ? await readSession(req.headers.cookie, env().NEXTAUTH_SECRET) : undefined
  if (session) refuseOtherSites(req)
  const who = { bearer, session, correlationId: correlationIdOf(req as IncomingMessage), address: addressOf(req), maxAgeMs }
  const named = headerOf(req as IncomingMessage, 'x-neuroweaver-project')
  if (named) return identify({ ...who, project: named })
  const kept = session ? cookieOf(req.headers.cookie, 'nw_project') : undefined
  if (!kept) return identify(who)
  return identify({ ...who, project: kept }).catch((error) => {
    if (toAppError(error).code !== 'not_found') throw error
    return identify(who)
  })
}
