/** The web process: one HTTP server that hands each request to its door. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import next from 'next'
import { addressOf, refuseOtherHosts } from './address.ts'
import { noteRequest } from './accessLog.ts'
import { standIn } from './awayPage.ts'
import { openBridge } from './bridge.ts'
import { createWebServer, limitConnections, refuseNonRequests } from './connections.ts'
import { connect, disconnect } from './db/client.ts'
import { startListener, stopListener } from './db/listen.ts'
import { handleDist, isDist } from './dist.ts'
import { env } from './env.ts'
import { AppError, plainly, toAppError } from './errors.ts'
import { handleHealth } from './health.ts'
import { correlationIdOf, idleMs, noteAnswer, refuseUnreadable, sendError, takeAddress } from './http.ts'
import { callerOf, countFurther, type HeaderSource, lookAgain, refuseForeignForm } from './identity.ts'
import { startQueues, stopQueues } from './jobs/queues.ts'
import { createLog, flushLogs, requestScope, watchProcess } from './log.ts'
import { handleMetrics } from './metrics.ts'
import { setPagePolicy, setSecurityHeaders } from './policy.ts'
import { passThrough } from './passThrough.ts'
import { handleRest } from './rest/handle.ts'
import { handleRuntime } from './runtime/routes.ts'
import { authorize, isSessionOpen, visitor } from './services/access.ts'
import { ensureBootstrapKey } from './services/apiKeys.ts'
import { flushFigures } from './services/external/figures.ts'
import { ensureDefaultProject } from './services/projects.ts'
import { endSession } from './services/sessions.ts'
import { ensureAdmin, needsFirstAdmin, type Sender, signIn, signInWithProfile, signInWithToken } from './services/users.ts'
import { openStores } from './storage/index.ts'
import { mask } from '#src/telemetry/mask.ts'
import { startTracing, stopTracing, traced } from '#src/telemetry/tracing.ts'
import { takeBody } from './trpc/body.ts'
import type { Context } from './trpc/init.ts'
import { appRouter, createCaller } from './trpc/root.ts'
import { answerSubscription, subscriptionOf } from './trpc/subscription.ts'
import { ownTurn } from './turns.ts'
import { closeUploads, handleUpload } from './uploads/tus.ts'

const log = createLog('web')
const settings = env()

type Door = (req: IncomingMessage, res: ServerResponse, url: URL) => Promise<void>

/** A wrong credential is refused by each procedure in tRPC's own words, so that every client can read why. */
async function contextOf(req: HeaderSource): Promise<Context> {
  const again = { lookAgain: () => lookAgain(req) }
  try {
    const idempotencyKey = req.headers['idempotency-key']
    const caller = await callerOf(req)
    return { ...again, caller, count: countFurther(req, caller), ...(typeof idempotencyKey === 'string' ? { idempotencyKey } : {}) }
  } catch (error) {
    const caller = visitor(String(req.headers['x-correlation-id']), addressOf(req))
    return { ...again, caller, count: countFurther(req, caller), refusal: toAppError(error) }
  }
}

const trpcHandler = createHTTPHandler({
  router: appRouter,
  basePath: '/api/trpc/',
  maxBatchSize: 100,
  createContext: ({ req }) => contextOf(req),
  responseMeta({ errors }) {
    const late = errors.map(({ cause }) => cause).find((cause) => cause instanceof AppError && cause.retryAfterSeconds !== undefined)
    return late instanceof AppError ? { headers: { ...late.headers, 'retry-after': String(late.retryAfterSeconds) } } : {}
  },
})

const trpcMethods = ['GET', 'POST']
const isForStream = (req: IncomingMessage) => req.headers.accept?.includes('text/event-stream') ?? false
const isJson = (req: IncomingMessage) => (req.headers['content-type'] ?? '').startsWith('application/json')

const trpcDoor: Door = async (req, res, url) => {
  if (!trpcMethods.includes(req.method ?? '')) {
    res.setHeader('allow', trpcMethods.join(', '))
    throw new AppError('method_not_allowed', 'Queries take GET, mutations take POST.')
  }
  // tRPC refuses another type before it asks who sends it, and a stranger or another site is not to learn even that.
  if (req.method === 'POST' && !isJson(req)) authorize(await callerOf(req), 'signed-in')
  const subscription = subscriptionOf(req, url)
  if (subscription) return answerSubscription(subscription, await contextOf(req), req, res)
  if (req.method === 'POST' && !(await takeBody(req, res))) return
  await trpcHandler(req, res)
}

const runtimeDoor: Door = async (req, res, url) => {
  // Enrolment shows RUNTIME_TOKEN, which is nobody's key.
  const isEnrolling = url.pathname === '/api/runtime/v1/enrol'
  const caller = await callerOf(req, { ignoreBearer: isEnrolling, ignoreSession: true })
  await handleRuntime({ caller, req, res }, url.pathname.slice('/api/runtime/v1'.length), authorize)
}

const uploadDoor: Door = async (req, res) => handleUpload(req, res, await callerOf(req))

const restDoor: Door = async (req, res, url) => handleRest(req, res, url, (options) => callerOf(req, options))

/** `GET /models` is a page for a browser and the REST list for all else. */
const isRestModels = (req: IncomingMessage, url: URL) =>
  url.pathname === '/models' &&
  req.method === 'GET' &&
  (req.headers.authorization !== undefined || !(req.headers.accept ?? '').includes('text/html')) &&
  req.headers.rsc === undefined

/** What Next would serve besides the pages: no page has pictures for it to scale, and its last page of all is a 500. */
const besidePages = /^\/(_next\/image|_global-error)/

/** @throws AppError for what Next would answer with a fault of its own. */
function refuseNoPage({ method }: IncomingMessage, { pathname }: URL): void {
  if (besidePages.test(pathname)) throw new AppError('not_found', 'There is no such address.')
  if (method === 'TRACE') throw new AppError('method_not_allowed', 'No page takes TRACE.', { headers: { allow: 'GET, HEAD, POST' } })
}

const maxFormBytes = 64 * 1024

/** Pages take nothing but the sign-in form, from anybody, and would read a body of any length into memory. */
function refuseLargeForm(req: IncomingMessage): void {
  if (req.headers['transfer-encoding'] === undefined && Number(req.headers['content-length'] ?? 0) <= maxFormBytes) return
  throw new AppError('payload_too_large', `Pages take at most ${maxFormBytes} bytes, announced by Content-Length.`)
}

function doorOf(req: IncomingMessage, url: URL, pages: Door): Door {
  const { pathname } = url
  // The runtime reads the rest of the path by itself, and refuses it in the words of its own protocol.
  if (pathname === '/v2' || pathname.startsWith('/v2/')) return passThrough
  refuseUnreadable(pathname)
  if (pathname.startsWith('/api/trpc/')) return trpcDoor
  if (pathname === '/api/v1' || pathname.startsWith('/api/v1/')) return restDoor
  if (pathname === '/uploads' || pathname.startsWith('/uploads/')) return uploadDoor
  if (pathname.startsWith('/api/runtime/v1/')) return runtimeDoor
  if (pathname === '/health' || pathname === '/health/live' || pathname === '/health/ready') return handleHealth
  if (pathname === '/metrics') return handleMetrics
  if (isDist(pathname)) return handleDist
  if (isRestModels(req, url))
    return (request, response, address) => restDoor(request, response, new URL(`${address.origin}/api/v1/models${address.search}`))
  refuseNoPage(req, url)
  refuseLargeForm(req)
  refuseForeignForm(req)
  return async (request, response, address) => {
    if (!(await standIn(request, response))) await pages(request, response, address)
  }
}

/** The door's own span, of which all that it causes is a part. */
function traceRequest(req: IncomingMessage, res: ServerResponse, work: () => Promise<void>): Promise<void> {
  const path = mask(req.url?.split('?', 1)[0]?.slice(0, 300) ?? '/')
  // A path with ids in it is no name to group by; a procedure's is.
  const name = path.startsWith('/api/trpc/') ? `${req.method} ${path}` : String(req.method)
  const attributes = { 'http.request.method': req.method ?? '', 'url.path': path, 'neuroweaver.correlation_id': correlationIdOf(req) }
  return traced(name, { kind: 'server', from: req.headers, attributes }, async (span) => {
    try {
      await work()
      span?.setAttribute('http.response.status_code', res.statusCode)
    } catch (error) {
      span?.setAttribute('http.response.status_code', toAppError(error).status)
      throw error
    }
  })
}

function answer(pages: Door, admit: () => void) {
  return (req: IncomingMessage, res: ServerResponse) => {
    const correlationId = correlationIdOf(req)
    req.headers['x-correlation-id'] = correlationId
    res.setHeader('x-correlation-id', correlationId)
    noteAnswer(req, res)
    setSecurityHeaders(res)
    void requestScope.run({ correlationId }, async () => {
      noteRequest(req, res)
      try {
        admit()
        refuseOtherHosts(req)
        const url = takeAddress(req)
        if (isForStream(req)) await ownTurn()
        // Who has left in the meantime is not heard of again: a stream would be held open for nobody.
        if (res.destroyed) return
        await traceRequest(req, res, () => doorOf(req, url, pages)(req, res, url))
      } catch (error) {
        const refused = toAppError(error)
        if (refused.code === 'internal') log.error('a request failed', { error, data: { path: req.url?.slice(0, 500) } })
        if (refused.code === 'unavailable') log.warn('a request could not be served', { error: refused.cause ?? refused })
        sendError(res, refused, correlationId)
      }
    })
  }
}

function openPageBridge(): void {
  const call = createCaller
  openBridge({
    async query(path, input, headers) {
      const context = await contextOf({ headers } as HeaderSource)
      const found = path.split('.').reduce<unknown>((node, part) => (node as Record<string, unknown>)[part], call(context))
      return (found as (input: unknown) => Promise<unknown>)(input)
    },
    async identify(headers) {
      const caller = await callerOf({ headers } as HeaderSource).catch((error) => {
        if (toAppError(error).code === 'unauthorized') return undefined
        throw error
      })
      return caller?.kind === 'anonymous' ? undefined : caller
    },
    needsFirstAdmin,
    signIn: (email, password, headers) => signIn(email, password, senderOf(headers)).catch(noteFault),
    signInWithToken: (token, headers) => signInWithToken(token, senderOf(headers)).catch(noteFault),
    signInWithProfile: (claims, headers) =>
      signInWithProfile(claims, senderOf(headers)).catch((error) => {
        log.warn('a sign-in by the identity provider was refused', { error })
        return { refusal: toAppError(error).code === 'forbidden' ? 'AccountRefused' : 'OidcFailed' }
      }),
    endSession,
    isOpen: isSessionOpen,
    oidc: oidcSettings,
  })
}

/** next-auth writes the message of whatever is thrown into the address that it answers, so only words for the person may leave. */
function noteFault(error: unknown): never {
  if (toAppError(error).code === 'internal') log.error('a sign-in failed', { error })
  throw plainly(error)
}

/** Pages see no socket, so the address and the correlation id come in headers that web itself has set. */
function senderOf(headers: Record<string, string>): Sender {
  return {
    address: headers['x-neuroweaver-address'] ?? null,
    userAgent: headers['user-agent'],
    correlationId: headers['x-correlation-id'] ?? randomUUID(),
  }
}

function oidcSettings() {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret, OIDC_NAME: name, OIDC_SCOPES: scope } = settings
  return issuer && clientId && clientSecret ? { issuer, clientId, clientSecret, name, scope } : undefined
}

async function prepareInstallation(): Promise<void> {
  await ensureDefaultProject()
  if (settings.NEUROWEAVER_BOOTSTRAP_API_KEY) await ensureBootstrapKey(settings.NEUROWEAVER_BOOTSTRAP_API_KEY)
  const { NEUROWEAVER_ADMIN_EMAIL: email, NEUROWEAVER_ADMIN_PASSWORD: password } = settings
  if (email && password) await ensureAdmin({ email: email.toLowerCase(), name: 'Admin', password })
}

async function pagesDoor(isDev: boolean): Promise<Door> {
  if (process.env.NEUROWEAVER_NO_PAGES === '1') {
    return async () => {
      throw new AppError('not_found', 'This process serves no pages.')
    }
  }
  process.env.NEXTAUTH_URL = settings.webUrl
  const app = next({ dev: isDev, hostname: settings.HOST, port: settings.PORT })
  await app.prepare()
  const handle = app.getRequestHandler()
  return async (req, res) => {
    // Pages do not know their own address; the sign-in page leads back to it.
    req.headers['x-neuroweaver-path'] = req.url
    req.headers['x-neuroweaver-address'] = addressOf(req) ?? ''
    setPagePolicy(req, res, isDev)
    await handle(req, res)
  }
}

const stopGraceMs = 1_500

async function main(): Promise<void> {
  connect(settings.DATABASE_URL)
  openStores(settings)
  await Promise.all([startListener(settings.DATABASE_URL), startQueues(settings.DATABASE_URL, 'web'), prepareInstallation()])
  openPageBridge()
  const isDev = process.env.NEUROWEAVER_DEV === '1'
  const server = createWebServer(isDev)
  server.on('request', answer(await pagesDoor(isDev), limitConnections(server)))
  refuseNonRequests(server)
  server.requestTimeout = 0
  server.headersTimeout = 20_000
  // A connection on which nothing moves is given up; streams say something every few seconds.
  server.setTimeout(idleMs)
  server.keepAliveTimeout = 65_000
  // Node asks for 511: when very many come back at once the system would reset those that do not fit.
  server.listen({ port: settings.PORT, host: settings.HOST, backlog: 4096 }, () =>
    log.info('web is listening', { data: { url: settings.webUrl } }),
  )

  let isStopping = false
  const stop = async () => {
    if (isStopping) return
    isStopping = true
    server.close()
    server.closeIdleConnections()
    await closeUploads()
    await new Promise((resolve) => setTimeout(resolve, stopGraceMs))
    server.closeAllConnections()
    await flushFigures()
    await Promise.allSettled([stopListener(), stopQueues(), disconnect()])
    await Promise.all([flushLogs(1_000), stopTracing(1_000)])
    process.exit(0)
  }
  process.on('SIGTERM', () => void stop())
  process.on('SIGINT', () => void stop())
}

watchProcess(log)
await startTracing('web')
await main()
