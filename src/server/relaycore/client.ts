/** RelayCore's own HTTP: where each kind of message goes. Its address comes from the settings and is trusted. */
import { z } from 'zod'
import { traced, traceHeaders } from '#src/telemetry/tracing.ts'
import { env } from '../env.ts'

export type Kind = 'provider' | 'register' | 'remove' | 'performance' | 'status'
export type Outcome =
  | { is: 'delivered' }
  /** Answered that it knows no such model, as one does that came back with an empty memory. */
  | { is: 'unknown'; reason: string }
  /** Answered with a refusal that no repetition mends. */
  | { is: 'refused'; reason: string }
  /** Answered, but it may go better later. */
  | { is: 'failed'; reason: string }
  /** Not answered. */
  | { is: 'down'; reason: string }

const maxReason = 500
/** Not the message's fault: a missing right, a limit, or a time-out on the way. */
const mayMend = new Set([401, 403, 408, 425, 429])

const paths: Record<Kind, (modelId: string) => [method: string, path: string]> = {
  provider: () => ['POST', '/api/v1/providers/register'],
  register: () => ['POST', '/api/v1/models/register'],
  remove: (id) => ['DELETE', `/api/v1/models/${id}`],
  performance: (id) => ['PUT', `/api/v1/models/${id}/performance`],
  status: (id) => ['POST', `/api/v1/models/${id}/status`],
}

const call = (method: string, path: string, body: unknown, correlationId: string): Promise<Response> =>
  traced(`${method} RelayCore`, { kind: 'client', attributes: { 'url.path': path, 'neuroweaver.correlation_id': correlationId } }, () =>
    send(method, path, body, correlationId),
  )

async function send(method: string, path: string, body: unknown, correlationId: string): Promise<Response> {
  const { RELAYCORE_URL: url = '', RELAYCORE_API_KEY: key } = env()
  return fetch(`${url.replace(/\/$/, '')}${path}`, {
    method,
    headers: {
      accept: 'application/json',
      'x-correlation-id': correlationId,
      ...traceHeaders(),
      ...(key ? { authorization: `Bearer ${key}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: 'error',
    signal: AbortSignal.timeout(env().RELAYCORE_TIMEOUT_MS),
  })
}

const sayWhy = (error: unknown) => {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${env().RELAYCORE_TIMEOUT_MS / 1000} s`
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return (cause instanceof Error ? cause.message : String(cause)).slice(0, maxReason)
}

/** Delivers one message. Never throws: what went wrong is its outcome. */
export async function deliver(kind: Kind, modelId: string, payload: Record<string, unknown>, correlationId: string): Promise<Outcome> {
  const [method, path] = paths[kind](modelId)
  try {
    const response = await call(method, path, method === 'DELETE' ? undefined : payload, correlationId)
    const text = (await response.text()).slice(0, maxReason)
    if (response.ok || (kind === 'remove' && response.status === 404)) return { is: 'delivered' }
    const reason = `${response.status}: ${text}`
    if (response.status === 404 && (kind === 'performance' || kind === 'status')) return { is: 'unknown', reason }
    return response.status < 500 && !mayMend.has(response.status) ? { is: 'refused', reason } : { is: 'failed', reason }
  } catch (error) {
    return { is: 'down', reason: sayWhy(error) }
  }
}

/** Whether it answers. @returns why not, or undefined. */
export async function probe(correlationId: string): Promise<string | undefined> {
  try {
    const response = await call('GET', '/health', undefined, correlationId)
    await response.body?.cancel()
    return response.ok ? undefined : `GET /health answers ${response.status}`
  } catch (error) {
    return sayWhy(error)
  }
}

const analyticsPath = (modelId: string) => `/api/v1/models/${modelId}/analytics`

/** False only when RelayCore answers that it has no such model, as one does that came back with an empty memory. */
export async function knows(modelId: string, correlationId: string): Promise<boolean> {
  try {
    const response = await call('GET', analyticsPath(modelId), undefined, correlationId)
    await response.body?.cancel()
    return response.status !== 404
  } catch {
    return true
  }
}

/** What it routed to a model, in its own shape. @throws Error when it does not answer. */
export async function readAnalytics(modelId: string, correlationId: string): Promise<unknown> {
  const response = await call('GET', analyticsPath(modelId), undefined, correlationId)
  if (!response.ok) throw new Error(`GET ${analyticsPath(modelId)} answers ${response.status}`)
  return z.json().parse(await response.json())
}

/** This installation as a provider of models. */
export const providerPayload = (version: string, capabilities: string[], specializations: string[]) => ({
  service_name: 'neuroweaver',
  service_type: 'model_provider',
  version,
  endpoint: env().webUrl,
  capabilities,
  specializations,
  health_check_endpoint: '/health',
  registration_timestamp: new Date().toISOString(),
})
