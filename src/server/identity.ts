/** From a request's headers to its caller, the same for every door. */
import type { IncomingMessage } from 'node:http'
import { env } from './env.ts'
import { AppError } from './errors.ts'
import { bearerOf, correlationIdOf } from './http.ts'
import { type Caller, identify } from './services/access.ts'
import { readSession } from './session.ts'

export type HeaderSource = Pick<IncomingMessage, 'headers'> & { method?: string | undefined; socket?: IncomingMessage['socket'] }
export type IdentityOptions = { ignoreBearer?: boolean; ignoreSession?: boolean }

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS', undefined])

/** The project that a request names: by header, or by the cookie that the pages keep. */
function projectOf(req: HeaderSource): string | undefined {
  const header = req.headers['x-neuroweaver-project']
  if (typeof header === 'string' && header !== '') return header
  const cookie = /(?:^|;\s*)nw_project=([^;]+)/.exec(req.headers.cookie ?? '')?.[1]
  return cookie ? decodeURIComponent(cookie) : undefined
}

/**
 * A browser sends its cookie whoever made the page, so a change by session must come from a page of ours.
 * @throws AppError forbidden for a request from another site.
 */
function refuseOtherSites(req: HeaderSource): void {
  if (safeMethods.has(req.method)) return
  const site = req.headers['sec-fetch-site']
  if (site === 'same-origin' || site === 'none') return
  const { origin, host } = req.headers
  const isSame = origin !== undefined && URL.canParse(origin) && new URL(origin).host === host
  if (!isSame) throw new AppError('forbidden', 'A browser session can change things only from a page of this site. Use an API key instead.')
}

export async function callerOf(req: HeaderSource, options: IdentityOptions = {}): Promise<Caller> {
  const bearer = options.ignoreBearer ? undefined : bearerOf(req as IncomingMessage)
  const session = bearer === undefined && !options.ignoreSession ? await readSession(req.headers.cookie, env().NEXTAUTH_SECRET) : undefined
  if (session) refuseOtherSites(req)
  const correlationId = correlationIdOf(req as IncomingMessage)
  return identify({ bearer, session, project: projectOf(req), correlationId, address: req.socket?.remoteAddress ?? null })
}
