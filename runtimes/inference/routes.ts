import type { IncomingMessage, ServerResponse } from 'node:http'
import { nameSpan, traced } from '#src/telemetry/tracing.ts'
import { InferError } from './errors.ts'
import { addHeaders, correlationIdOf, sendError, sendJson } from './http.ts'
import { asRefusal, findDeployment, type InferContext, infer } from './infer.ts'
import { log, requestScope } from './log.ts'
import type { Deployment } from './registry.ts'

export const serverVersion = '0.1.0'

export type RouteContext = InferContext & { isReady: () => boolean }

type Segments = readonly string[]

/** Takes every request of the Open Inference Protocol v2, and `/metrics`. */
export function handleRequest(context: RouteContext, request: IncomingMessage, response: ServerResponse): void {
  const correlationId = correlationIdOf(request)
  // Whoever reads the header again must not make another one.
  request.headers['x-correlation-id'] = correlationId
  response.setHeader('x-correlation-id', correlationId)
  const attributes = { 'http.request.method': request.method ?? '', 'neuroweaver.correlation_id': correlationId }
  const work = () =>
    traced(String(request.method), { kind: 'server', from: request.headers, attributes }, async (span) => {
      await answer(context, request, response)
      span?.setAttribute('http.response.status_code', response.statusCode)
    })
  requestScope.run({ correlationId }, () => {
    noteRequest(request, response, correlationId)
    work().catch((error) => sendError(request, response, asRefusal(error, correlationId)))
  })
}

/** One line for each request, when its answer has gone out or its caller has. Queries are left out: people put secrets there. */
function noteRequest(request: IncomingMessage, response: ServerResponse, correlationId: string): void {
  const startedAt = performance.now()
  const path = (request.url ?? '/').split('?', 1)[0]?.slice(0, 300) ?? '/'
  const isRoutine = path === '/metrics' || path.startsWith('/v2/health')
  response.once('close', () =>
    log(isRoutine ? 'debug' : 'info', 'server', `${request.method} ${path}`, {
      correlationId,
      statusCode: response.statusCode,
      duration: performance.now() - startedAt,
    }),
  )
}

async function answer(context: RouteContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // RFC 9112, 3.2: a proxy in front may have looked at the other one.
  if ((request.headersDistinct.host?.length ?? 0) > 1) throw new InferError(400, 'a request has one Host header: send it once')
  const segments = segmentsOf(request.url ?? '/')
  const [root, collection, name, ...rest] = segments
  if (root === 'metrics' && segments.length === 1) return sendMetrics(context, request, response)
  if (root !== 'v2') throw notFound()
  if (segments.length === 1) return sendServer(request, response)
  if (collection === 'health' && segments.length === 3) return sendHealth(context, request, response, name as string)
  if (collection !== 'models' || !name) throw notFound()
  return answerModel(context, request, response, name, rest)
}

/** Routes below `/v2/models/NAME`: metadata, `ready`, `infer`, each also below `/versions/V`. */
async function answerModel(
  context: RouteContext,
  request: IncomingMessage,
  response: ServerResponse,
  name: string,
  rest: Segments,
): Promise<void> {
  const isVersioned = rest[0] === 'versions' && rest.length >= 2
  const version = isVersioned ? rest[1] : undefined
  const verbs = isVersioned ? rest.slice(2) : rest
  if (verbs.length > 1) throw notFound()
  if (verbs[0] === 'infer') {
    requireMethod(request, response, ['POST'])
    nameSpan('POST /v2/models/{name}/infer', '/v2/models/{name}/infer')
    return infer(context, request, response, name, version)
  }
  if (verbs.length === 1 && verbs[0] !== 'ready') throw notFound()
  requireMethod(request, response, ['GET', 'HEAD'])
  addHeaders(response, await context.authoriser.authorise(request.headers.authorization, name))
  const deployment = findDeployment(context.registry, name)
  if (verbs[0] === 'ready') return sendReady(response, deployment, name, version)
  sendJson(response, 200, JSON.stringify(metadataOf(deployment, name, version)))
}

function sendReady(response: ServerResponse, deployment: Deployment, name: string, version: string | undefined): void {
  deployment.choose(version)
  sendJson(response, 200, JSON.stringify({ name, ready: true }))
}

/** The signature does not depend on whether a replica is up: every target of a deployment has the same. */
function metadataOf(deployment: Deployment, name: string, version: string | undefined) {
  const targets = deployment.all()
  const target = version === undefined ? targets[0] : targets.find((candidate) => String(candidate.desired.version) === version)
  if (!target) throw new InferError(404, `"${name.slice(0, 100)}" has no version "${String(version).slice(0, 40)}" here`)
  const { inputs, outputs } = target.desired.signature
  const versions = [...new Set(targets.map((candidate) => String(candidate.desired.version)))]
  return { name, versions, platform: 'onnxruntime_onnx', inputs, outputs }
}

function sendServer(request: IncomingMessage, response: ServerResponse): void {
  requireMethod(request, response, ['GET', 'HEAD'])
  sendJson(response, 200, JSON.stringify({ name: 'neuroweaver', version: serverVersion, extensions: [] }))
}

function sendHealth(context: RouteContext, request: IncomingMessage, response: ServerResponse, kind: string): void {
  if (kind !== 'live' && kind !== 'ready') throw notFound()
  requireMethod(request, response, ['GET', 'HEAD'])
  if (kind === 'live') return sendJson(response, 200, '{"live":true}')
  const isReady = context.isReady()
  sendJson(response, isReady ? 200 : 503, JSON.stringify({ ready: isReady }), isReady ? {} : { 'retry-after': '1' })
}

/** Any known token may read the figures of the process; those of a deployment only who may call it. */
async function sendMetrics(context: RouteContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  requireMethod(request, response, ['GET', 'HEAD'])
  const names = context.registry.names
  const visible = new Set<string>()
  for (const [index, name] of (names.length > 0 ? names : ['none']).entries()) {
    const verdict = await context.authoriser.verdict(request.headers.authorization, name)
    if (verdict.status === 401) throw new InferError(401, 'the token is unknown or expired: sign in again or use another API key')
    // However many deployments there are, it is one call.
    if (index === 0) addHeaders(response, context.authoriser.count(verdict))
    if (verdict.status === 200) visible.add(name)
  }
  const text = await context.metrics.exposition((deployment) => visible.has(deployment))
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text)
}

const notFound = () => new InferError(404, 'there is nothing at this address')

function requireMethod(request: IncomingMessage, response: ServerResponse, allowed: readonly string[]): void {
  if (allowed.includes(request.method ?? '')) return
  response.setHeader('allow', allowed.join(', '))
  throw new InferError(405, `use ${allowed[0]} here`)
}

/** Decoded path segments, without any normalising: a name such as ".." stays a name that nothing has. */
function segmentsOf(url: string): string[] {
  const path = url.split('?', 1)[0] as string
  const parts = path.replace(/^\//, '').replace(/\/$/, '').split('/')
  try {
    return parts.map((part) => decodeURIComponent(part))
  } catch {
    throw new InferError(400, 'the address is not well-formed')
  }
}
