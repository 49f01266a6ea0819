import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { noteSpan } from '#src/telemetry/tracing.ts'
import type { Authoriser } from './auth.ts'
import { InferError } from './errors.ts'
import type { TypedValue } from './frames.ts'
import { addHeaders, correlationIdOf, readBody, requireJson, sendError, sendJson } from './http.ts'
import { log } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Deployment, DeploymentRegistry } from './registry.ts'
import { type Answer, type Job, toInferError } from './replica-queue.ts'
import { type DecodedRequest, decodeRequest } from './request.ts'
import type { Target } from './target.ts'
import { encodeOutput } from './tensors.ts'

export type InferContext = { registry: DeploymentRegistry; authoriser: Authoriser; metrics: Metrics }

/** POST …/infer: checks, queues, answers, counts. */
export async function infer(
  context: InferContext,
  request: IncomingMessage,
  response: ServerResponse,
  name: string,
  version: string | undefined,
): Promise<void> {
  const startedAt = performance.now()
  const correlationId = correlationIdOf(request)
  let target: Target | undefined
  let answer: Answer | undefined
  let status = 200
  try {
    addHeaders(response, await context.authoriser.authorise(request.headers.authorization, name))
    requireJson(request)
    const deployment = findDeployment(context.registry, name)
    const body = await readBody(request)
    target = deployment.choose(version)
    const decoded = decodeFor(target, body)
    answer = await compute(target, decoded, request, response)
    noteSpans(answer, name, target)
    sendJson(response, 200, encodeAnswer(name, target, decoded, answer.outputs), headersOf(answer, correlationId))
  } catch (error) {
    const refusal = asRefusal(error, correlationId)
    status = refusal.status
    sendError(request, response, refusal, { 'x-correlation-id': correlationId })
  } finally {
    if (target && status !== 499) record(context.metrics, target, name, status, performance.now() - startedAt, answer)
  }
}

/** The queue and the replica tell only how long each took, which is told backwards from now. */
function noteSpans({ queueUs, computeUs }: Answer, name: string, target: Target): void {
  const endMs = performance.now()
  const startMs = endMs - computeUs / 1000
  const attributes = { 'neuroweaver.deployment': name, 'neuroweaver.version': String(target.desired.version) }
  noteSpan('queue', startMs - queueUs / 1000, startMs, attributes)
  noteSpan('replica', startMs, endMs, attributes)
}

export function findDeployment(registry: DeploymentRegistry, name: string): Deployment {
  const deployment = registry.find(name)
  if (!deployment) throw new InferError(404, `"${name.slice(0, 100)}" is not deployed on this runtime`)
  return deployment
}

function decodeFor(target: Target, body: string): DecodedRequest {
  const plan = target.plan
  if (!plan) throw new InferError(503, target.reason, 2)
  return decodeRequest(body, plan)
}

/** Mistakes of ours are logged whole and told as nothing but that. */
export function asRefusal(error: unknown, correlationId: string): InferError {
  if (error instanceof InferError) return error
  log('error', 'server', 'a request failed', {
    correlationId,
    statusCode: 500,
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  })
  return new InferError(500, 'internal error')
}

/** Computes one request; the caller may ask for less time than the deployment allows by `x-nw-timeout-ms`. */
function compute(target: Target, decoded: DecodedRequest, request: IncomingMessage, response: ServerResponse): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const enqueuedAt = performance.now()
    const job: Job = {
      inputs: decoded.inputs,
      outputs: decoded.outputs.map((spec) => spec.name),
      enqueuedAt,
      deadline: enqueuedAt + deadlineMs(request, target.timeoutMs),
      isCancelled: false,
      isAlone: false,
      resolve,
      reject: (error) => reject(toInferError(error)),
    }
    response.once('close', () => {
      job.isCancelled = true
    })
    target.dispatch(job)
  })
}

function deadlineMs(request: IncomingMessage, timeoutMs: number): number {
  const asked = request.headers['x-nw-timeout-ms']
  if (asked === undefined) return timeoutMs
  const parsed = Number(asked)
  if (!Number.isInteger(parsed) || parsed < 1)
    throw new InferError(400, 'x-nw-timeout-ms must be a whole number of milliseconds of 1 or more')
  return Math.min(parsed, timeoutMs)
}

function encodeAnswer(name: string, target: Target, { id, outputs }: DecodedRequest, values: readonly TypedValue[]): string {
  const encoded = outputs.map((spec, index) => encodeOutput(spec, values[index] as TypedValue))
  return `{"model_name":${JSON.stringify(name)},"model_version":"${target.desired.version}","id":${JSON.stringify(id ?? randomUUID())},"outputs":[${encoded.join(',')}]}`
}

const headersOf = (answer: Answer, correlationId: string): Record<string, string> => ({
  'x-nw-queue-us': answer.queueUs.toFixed(0),
  'x-nw-compute-us': answer.computeUs.toFixed(0),
  'x-correlation-id': correlationId,
})

function record(metrics: Metrics, target: Target, name: string, status: number, latencyMs: number, answer: Answer | undefined): void {
  const series = {
    deploymentId: target.deploymentId,
    versionId: target.desired.version_id,
    deployment: name,
    version: String(target.desired.version),
  }
  metrics.record(series, status, latencyMs, answer && answer.queueUs / 1000)
}
