/** The REST door: finds the route, holds the caller to its rule, then reads what came and calls one service. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError } from '#src/server/errors.ts'
import { headerOf, sendJson } from '#src/server/http.ts'
import { type IdentityOptions, lookAgain } from '#src/server/identity.ts'
import { authorize, type Caller } from '#src/server/services/access.ts'
import { nameSpan } from '#src/telemetry/tracing.ts'
import { once } from '#src/server/services/idempotency.ts'
import { actionsOf } from '#src/server/services/actions.ts'
import { buildMatcher, type Match } from './match.ts'
import { listHeaders } from './paging.ts'
import { readBodyOf, readParams, readQuery } from './parse.ts'
import type { ListAnswer, Route } from './route.ts'
import { routes } from './routes.ts'

type Identify = (options?: IdentityOptions) => Promise<Caller>

const prefix = '/api/v1'
const match = buildMatcher(routes)
const withBody = new Set(['POST', 'PUT', 'PATCH'])
const noStore = { 'cache-control': 'no-store' }

function find(url: URL): Match {
  const found = match(url.pathname.slice(prefix.length))
  if (!found) throw new AppError('not_found', 'There is no such address. GET /api/v1/openapi.json lists those that there are.')
  return found
}

function methodsOf({ routes: byMethod }: Match): string {
  const methods = [...byMethod.keys()]
  return [...(byMethod.has('GET') ? ['HEAD'] : []), ...methods, 'OPTIONS'].join(', ')
}

async function answerOptions(res: ServerResponse, found: Match, identify: Identify): Promise<void> {
  authorize(await identify(), 'signed-in')
  res.writeHead(204, { allow: methodsOf(found) }).end()
}

/**
 * Answers one request below `/api/v1`.
 * @throws AppError for what is refused; the caller of this function sends it.
 */
export async function handleRest(req: IncomingMessage, res: ServerResponse, url: URL, identify: Identify): Promise<void> {
  const found = find(url)
  const method = req.method === 'HEAD' ? 'GET' : (req.method ?? 'GET')
  if (method === 'OPTIONS') return answerOptions(res, found, identify)
  const entry = found.routes.get(method)
  if (!entry) {
    res.setHeader('allow', methodsOf(found))
    throw new AppError('method_not_allowed', `This address takes ${methodsOf(found)}.`)
  }
  const { route, names } = entry
  nameSpan(`${method} ${prefix}${route.path}`, `${prefix}${route.path}`)
  const caller: Caller = { ...(await identify()), source: 'rest' }
  authorize(caller, route.rule, route.actions ?? actionsOf(route.tag, method !== 'GET'))
  const params = readParams(names, found.values)
  const query = url.search === '' && route.query === undefined ? {} : readQuery(route.query, url)
  const body = withBody.has(method) ? await readBodyOf(req, route.body) : {}
  const handle = () => route.handle({ caller, req, res, lookAgain: () => lookAgain(req), params, query, body } as never)
  const key = headerOf(req, 'idempotency-key')
  if (key === undefined || method !== 'POST' || route.produces) return send(req, res, url, route, await handle())
  const of = { caller, route: `POST ${url.pathname}`, key, request: body }
  const kept = await once(of, async () => ({ status: route.status ?? 200, body: await handle() }))
  if (kept.isReplay) res.setHeader('idempotent-replayed', 'true')
  send(req, res, url, route, kept.body)
}

function send(req: IncomingMessage, res: ServerResponse, url: URL, route: Route, answer: unknown): void {
  if (route.status === 204) return void res.writeHead(204).end()
  // A handler that has answered by itself gives nothing.
  if (answer === undefined) return
  if (!route.isList) return sendJson(res, route.status ?? 200, answer, noStore)
  const list = answer as ListAnswer
  sendJson(res, 200, list.items, listHeaders(req, url, list))
}
